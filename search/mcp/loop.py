"""The event loop of the SDK, in a thread of its own, and the exchange between it and the threads of
requests.

The SDK is asynchronous, and Django is not. What a tool does is therefore handed back to the thread
that waits for the answer: the web server bounds the number of these threads, each has its own
database connection, and an error there is handled as in any other request."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

Resource = TypeVar("Resource")
Result = TypeVar("Result")


class Loop(Generic[Resource]):
    """An event loop that the first request of each process starts, since a forked process has none
    of its parent's threads. It keeps a resource open, such as an SDK's task group. Its thread ends
    with the process."""

    def __init__(self, open_resource: Callable[[], AbstractAsyncContextManager[Resource]]) -> None:
        self._open = open_resource
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._lock = Lock()
        self._started: Future[tuple[asyncio.AbstractEventLoop, Resource]] | None = None

    def running(self) -> tuple[asyncio.AbstractEventLoop, Resource]:
        """The loop and its resource."""
        with self._lock:
            if self._started is None:
                self._started = Future()
                keep = self._keep(self._started)
                Thread(target=asyncio.run, args=[keep], name="mcp", daemon=True).start()
        return self._started.result()

    async def _keep(self, started: Future[tuple[asyncio.AbstractEventLoop, Resource]]) -> None:
        try:
            async with self._open() as resource:
                started.set_result((asyncio.get_running_loop(), resource))
                await asyncio.Event().wait()
        except Exception as error:
            started.set_exception(error)


class Exchange:
    """What one thread and the event loop do for each other until a coroutine has ended."""

    def __init__(self) -> None:
        self._handed: SimpleQueue[_Work | None] = SimpleQueue()

    async def hand_over(self, function: Callable[[], Result]) -> Result:
        """Has the waiting thread call a function; for the event loop."""
        work = _Work(function)
        self._handed.put(work)
        result: Result = await asyncio.wrap_future(work.result)
        return result

    def serve(
        self,
        coroutine: Coroutine[Any, Any, Result],
        loop: asyncio.AbstractEventLoop,
        seconds: float | None = None,
    ) -> Result:
        """Runs a coroutine in the event loop, and meanwhile calls here what it hands over. An error
        in that cancels the coroutine, and is raised. Raises `queue.Empty` if the loop does not
        respond for so many seconds."""
        ended = asyncio.run_coroutine_threadsafe(coroutine, loop)
        ended.add_done_callback(lambda _: self._handed.put(None))
        try:
            while (work := self._handed.get(timeout=seconds)) is not None:
                work.do()
        except BaseException:
            ended.cancel()
            raise
        return ended.result()


class _Work:
    def __init__(self, function: Callable[[], Any]) -> None:
        self._function = function
        self.result: Future[Any] = Future()

    def do(self) -> None:
        """Calls the function, unless nobody waits for it any more."""
        if self.result.set_running_or_notify_cancel():
            self.result.set_result(self._function())
