"""The processes that read files (`reader`). Each can be killed: a file that makes one hang, crash
or need too much memory is skipped, and everything else is read.

Neither multiprocessing nor a library on top of it would do: a Celery worker's process may have no
children by it, and these would load the worker's main program, and Django with it.
"""

from __future__ import annotations

import logging
import os
import pickle
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import IO, Any

import psutil
from django.conf import settings

from codeindex.ingestion import reader
from codeindex.ingestion.reader import Read
from codeindex.leases import Lease
from codeindex.local_services.processes import lifeline

TRIES = 3
"""How often a file is taken up: what killed its reader may have been another's fault."""

PATIENCE = 10
"""How many times its limit of processor time a file may take of the clock's: a machine may be busy,
but not for ever."""

NEARLY_ALL = 0.7
"""Of its limit; a reader that had so much memory and died is taken to have died of that."""

POLL_SECONDS = 0.25
_KNOWN = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "CODEINDEX_HOME")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class File:
    """What is read. `name` is for our log."""

    name: str
    language: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one file: seconds of processor time, and bytes of memory."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class _Task:
    number: int
    file: File
    tries: int = 0


class _Died(Exception):
    """A reader ended before it had read its file; the message is the reason to skip that."""


def limits() -> Limits:
    """Those that the settings say."""
    return Limits(settings.CODEINDEX_READ_SECONDS, settings.CODEINDEX_READ_BYTES)


def read(files: Iterable[File], lease: Lease, within: Limits | None = None) -> list[Read | str]:
    """What was found in each of the files, or why it is skipped, in their order. Raises `LostLease`
    soon after the lease is lost; then no reader is left at work."""
    crew = _Crew(within or limits(), settings.CODEINDEX_READERS, lease)
    try:
        found = dict(crew.read(_Task(number, file) for number, file in enumerate(files)))
    finally:
        crew.dismiss()
    return [found[number] for number in range(len(found))]


class _Crew:
    """The readers that are at work for one caller."""

    def __init__(self, limits: Limits, most: int, lease: Lease) -> None:
        self._limits, self._most, self._lease = limits, most, lease
        self._tasks: dict[_Reader, _Task] = {}
        self._again: deque[_Task] = deque()

    def read(self, tasks: Iterable[_Task]) -> Iterator[tuple[int, Read | str]]:
        """The answers by the numbers of their tasks, as they come."""
        new = iter(tasks)
        while True:
            while len(self._tasks) < self._most and (task := self._next(new)):
                yield from self._begin(task)
            if not self._tasks and not self._again:
                return
            for reader_ in self._waited():
                yield from self._finish(reader_)
            for reader_ in [each for each in self._tasks if each.is_overdue(self._limits)]:
                task = self._tasks.pop(reader_)
                reader_.end()
                logger.warning("%s took too long to read", task.file.name)
                yield task.number, f"took longer than {self._limits.seconds:g} s to read"
            self._lease.check()

    def dismiss(self) -> None:
        """Kills the readers that are still at work."""
        for reader_ in self._tasks:
            reader_.end()
        self._tasks.clear()

    def _next(self, new: Iterator[_Task]) -> _Task | None:
        return self._again.popleft() if self._again else next(new, None)

    def _waited(self) -> list[_Reader]:
        """Those that have something to say, at once or after a while."""
        with selectors.DefaultSelector() as selector:
            for reader_ in self._tasks:
                selector.register(reader_, selectors.EVENT_READ)
            return [key.fileobj for key, _ in selector.select(POLL_SECONDS)]  # type: ignore[misc]

    def _begin(self, task: _Task) -> Iterator[tuple[int, Read | str]]:
        reader_ = _idle(self._limits)
        self._tasks[reader_] = task
        try:
            reader_.give(task.file)
        except _Died as reason:
            yield from self._fail(reader_, str(reason))

    def _finish(self, reader_: _Reader) -> Iterator[tuple[int, Read | str]]:
        try:
            answer = reader_.answer()
        except _Died as reason:
            yield from self._fail(reader_, str(reason))
        else:
            yield self._tasks.pop(reader_).number, answer
            _resting.append(reader_)
            self._lease.progress()

    def _fail(self, reader_: _Reader, reason: str) -> Iterator[tuple[int, Read | str]]:
        """A reader died: its file is tried again, or skipped."""
        task = self._tasks.pop(reader_)
        task = replace(task, tries=task.tries + 1)
        logger.warning("%s: %s (%d of %d times)", task.file.name, reason, task.tries, TRIES)
        if task.tries < TRIES:
            self._again.append(task)
        else:
            yield task.number, reason


_resting: list[_Reader] = []
"""Readers without work. They are kept, since it takes longer to start one than to read a file."""


def _idle(limits: Limits) -> _Reader:
    """A reader without work, one that rested or a new one."""
    while _resting:
        rested = _resting.pop()
        if rested.is_fit(limits):
            return rested
        rested.end()
    return _Reader(limits)


class _Reader:
    """A process that reads one file at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._owner = os.getpid()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = _started(limits.memory, self._complaints)
        self._began, self._used = 0.0, 0.0
        self._is_ready = False

    def is_fit(self, limits: Limits) -> bool:
        """Whether it may be used by this process, with these limits."""
        alive = self._owner == os.getpid() and self._process.poll() is None
        return alive and self._limits.memory == limits.memory

    def fileno(self) -> int:
        return self._output.fileno()

    def give(self, file: File) -> None:
        """Has it read a file, once it is ready: what it takes to start is not the file's. Raises
        `_Died`."""
        assert self._process.stdin
        try:
            if not self._is_ready:
                self._is_ready = _Answer(self._output).load() == reader.READY
            self._began, self._used = time.monotonic(), self._processor_time()
            pickle.dump((file.content, file.language), self._process.stdin)
            self._process.stdin.flush()
        except (OSError, EOFError, pickle.UnpicklingError):
            raise self._death() from None

    def answer(self) -> Read | str:
        """What it found; waits until all of that has come. Raises `_Died`."""
        try:
            return _Answer(self._output).load()
        except (EOFError, pickle.UnpicklingError):
            raise self._death() from None

    def is_overdue(self, limits: Limits) -> bool:
        waited = time.monotonic() - self._began
        return waited > limits.seconds and (
            waited > limits.seconds * PATIENCE
            or self._processor_time() - self._used > limits.seconds
        )

    def end(self) -> int:
        """Kills it, if it still lives; how many bytes of memory it had at most, if known."""
        if self._owner != os.getpid() or self._process.returncode is not None:
            return 0
        os.kill(self._process.pid, signal.SIGKILL)  # Popen's own would reap it, and tell less
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        return usage.ru_maxrss * 1024

    @property
    def _output(self) -> IO[bytes]:
        assert self._process.stdout
        return self._process.stdout

    def _processor_time(self) -> float:
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return times.user + times.system

    def _death(self) -> _Died:
        needed = self.end()
        self._complaints.seek(0)
        said = self._complaints.read()[-2_000:].decode(errors="replace").strip()
        logger.warning("a reader ended with status %s: %s", self._process.returncode, said)
        memory = self._limits.memory
        if "MemoryError" in said or needed > memory * NEARLY_ALL:
            return _Died(f"needed more than {memory >> 20} MiB to read")
        return _Died("crashed the process that read it")


class _Answer(pickle.Unpickler):
    """What a reader sends. Nothing else than definitions can be in it, whatever took it over."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in {("embeddings.types", "Definition"), ("embeddings.types", "Kind")}:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of an answer")
        return super().find_class(module, name)


def _started(memory: int, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    """A reader's process. It dies with this one, and knows none of its secrets."""
    own = {name: os.environ[name] for name in _KNOWN if name in os.environ}
    return subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", lifeline.__file__, str(int(signal.SIGKILL))),
            *(sys.executable, "-P", reader.__file__, str(memory)),
        ],
        env=own
        | {"PYTHONPATH": str(settings.BASE_DIR), lifeline.PARENT_VARIABLE: str(os.getpid())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
    )
