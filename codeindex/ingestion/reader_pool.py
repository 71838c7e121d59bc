"""A pool of processes that read files (`reader_process`). Each can be killed: a file that makes one
hang, crash or need too much memory is skipped, and all others are read.

multiprocessing, and libraries on top of it, do not work here: a Celery worker's process may not
have such children, and they would load the worker's main program, and Django with it.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import IO, Any

import psutil
from django.conf import settings

from codeindex.ingestion import reader_process
from codeindex.ingestion.reader_process import ParsedFile
from codeindex.leases import Lease
from codeindex.local_services.processes import lifeline

MAX_ATTEMPTS = 3
"""How often a file is tried: its reader may have been killed for another reason."""

CLOCK_FACTOR = 10
"""By the clock a file may take this many times its limit of CPU time: the machine may be busy."""

MEMORY_SHARE = 0.7
"""A reader that died after using this share of its memory limit is taken to have run out of it."""

POLL_SECONDS = 0.25
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR", "CODEINDEX_HOME")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file to read; `name` is for the log. One that is wanted `of_any_origin` is read even if it
    is generated or minified."""

    name: str
    language: str
    content: bytes
    of_any_origin: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits for one file: seconds of CPU time, and bytes of memory."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class _Attempt:
    number: int
    file: FileContent
    failures: int = 0


class _ReaderDied(Exception):
    """A reader died before it had read its file; the message is the reason to skip the file."""


def limits() -> Limits:
    """The limits in the settings."""
    return Limits(settings.CODEINDEX_READ_SECONDS, settings.CODEINDEX_READ_BYTES)


def read(
    files: Iterable[FileContent], lease: Lease | None, within: Limits | None = None
) -> list[ParsedFile | str]:
    """Each file's text and definitions, or the reason to skip it, in the files' order. Raises
    `LostLease` soon after the lease is lost, if there is one, and leaves no reader at work."""
    pool = _Pool(within or limits(), settings.CODEINDEX_READERS, lease)
    try:
        answers = dict(pool.read(_Attempt(number, file) for number, file in enumerate(files)))
    finally:
        pool.kill_all()
    return [answers[number] for number in range(len(answers))]


class _Pool:
    """The readers at work for one caller."""

    def __init__(self, limits: Limits, most: int, lease: Lease | None) -> None:
        self._limits, self._most, self._lease = limits, most, lease
        self._attempts: dict[_Reader, _Attempt] = {}
        self._retries: deque[_Attempt] = deque()

    def read(self, attempts: Iterable[_Attempt]) -> Iterator[tuple[int, ParsedFile | str]]:
        """The answers with the numbers of their files, as they arrive."""
        new = iter(attempts)
        while True:
            while len(self._attempts) < self._most and (attempt := self._next(new)):
                yield from self._begin(attempt)
            if not self._attempts and not self._retries:
                return
            for reader in self._readable():
                yield from self._finish(reader)
            for reader in [each for each in self._attempts if each.is_overdue(self._limits)]:
                attempt = self._attempts.pop(reader)
                reader.end()
                logger.warning("%s took too long to read", attempt.file.name)
                yield attempt.number, f"took longer than {self._limits.seconds:g} s to read"
            if self._lease:
                self._lease.check()

    def kill_all(self) -> None:
        """Kill the readers that are still at work."""
        for reader in self._attempts:
            reader.end()
        self._attempts.clear()

    def _next(self, new: Iterator[_Attempt]) -> _Attempt | None:
        return self._retries.popleft() if self._retries else next(new, None)

    def _readable(self) -> list[_Reader]:
        """The readers that have answered, at the latest after `POLL_SECONDS`."""
        with selectors.DefaultSelector() as selector:
            for reader in self._attempts:
                selector.register(reader, selectors.EVENT_READ)
            return [key.fileobj for key, _ in selector.select(POLL_SECONDS)]  # type: ignore[misc]

    def _begin(self, attempt: _Attempt) -> Iterator[tuple[int, ParsedFile | str]]:
        reader = _take_idle(self._limits)
        self._attempts[reader] = attempt
        try:
            reader.give(attempt.file)
        except _ReaderDied as reason:
            yield from self._fail(reader, str(reason))

    def _finish(self, reader: _Reader) -> Iterator[tuple[int, ParsedFile | str]]:
        try:
            answer = reader.answer()
        except _ReaderDied as reason:
            yield from self._fail(reader, str(reason))
        else:
            yield self._attempts.pop(reader).number, answer
            _idle_readers.append(reader)
            if self._lease:
                self._lease.progress()

    def _fail(self, reader: _Reader, reason: str) -> Iterator[tuple[int, ParsedFile | str]]:
        """A reader died: retry its file, or skip it."""
        attempt = self._attempts.pop(reader)
        attempt = replace(attempt, failures=attempt.failures + 1)
        logger.warning(
            "%s: %s (%d of %d times)", attempt.file.name, reason, attempt.failures, MAX_ATTEMPTS
        )
        if attempt.failures < MAX_ATTEMPTS:
            self._retries.append(attempt)
        else:
            yield attempt.number, reason


_idle_readers: list[_Reader] = []
"""Readers without work, kept because starting one takes longer than reading a file."""


def _take_idle(limits: Limits) -> _Reader:
    """A reader without work, started if there is none."""
    with suppress(IndexError):  # another thread may take the last one
        while idle := _idle_readers.pop():
            if idle.is_fit(limits):
                return idle
            idle.end()
    return _Reader(limits)


class _Reader:
    """A process that reads one file at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._owner = os.getpid()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        starting = _starter(self._owner).submit(_start, limits.memory, self._stderr)
        self._process = starting.result()
        self._began, self._used = 0.0, 0.0
        self._first_peak = 0

    def is_fit(self, limits: Limits) -> bool:
        """Whether this process may use it with these limits."""
        alive = self._owner == os.getpid() and self._process.poll() is None
        return alive and self._limits.memory == limits.memory

    def fileno(self) -> int:
        return self._output.fileno()

    def give(self, file: FileContent) -> None:
        """Send it a file, once it is ready, so that its start does not count as the file's time.
        Raises `_ReaderDied`."""
        assert self._process.stdin
        try:
            if not self._first_peak:
                ready: reader_process.Ready = _AnswerUnpickler(self._output).load()
                self._first_peak = ready * 1024
            self._began, self._used = time.monotonic(), self._processor_time()
            request = (file.content, file.language, file.of_any_origin)
            pickle.dump(request, self._process.stdin)
            self._process.stdin.flush()
        except (OSError, EOFError, pickle.UnpicklingError):
            raise self._death() from None

    def answer(self) -> ParsedFile | str:
        """Wait for its whole answer. Raises `_ReaderDied`."""
        try:
            answer: ParsedFile | str = _AnswerUnpickler(self._output).load()
        except (EOFError, pickle.UnpicklingError):
            raise self._death() from None
        return answer

    def is_overdue(self, limits: Limits) -> bool:
        waited = time.monotonic() - self._began
        return waited > limits.seconds and (
            waited > limits.seconds * CLOCK_FACTOR
            or self._processor_time() - self._used > limits.seconds
        )

    def end(self) -> int:
        """Kill it, if it is alive; returns its peak memory in bytes, 0 if unknown."""
        if self._owner != os.getpid() or self._process.returncode is not None:
            return 0
        os.kill(self._process.pid, signal.SIGKILL)  # Popen's kill would reap it without its usage
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
        return float(times.user + times.system)

    def _death(self) -> _ReaderDied:
        peak = self.end()
        self._stderr.seek(0)
        output = self._stderr.read()[-2_000:].decode(errors="replace").strip()
        logger.warning("A reader ended with status %s: %s", self._process.returncode, output)
        memory = self._limits.memory
        # Linux counts the memory of the process that started it as its own
        has_grown = peak > self._first_peak
        if "MemoryError" in output or (has_grown and peak > memory * MEMORY_SHARE):
            return _ReaderDied(f"needed more than {memory >> 20} MiB to read")
        return _ReaderDied("crashed the process that read it")


class _AnswerUnpickler(pickle.Unpickler):
    """Reads a reader's answer. It can hold nothing but definitions and names, even if a file has
    taken the reader over."""

    def find_class(self, module: str, name: str) -> Any:
        if module != "embeddings.types" or name not in {"Definition", "Kind", "NamesUsed"}:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of an answer")
        return super().find_class(module, name)


@cache
def _starter(process: int) -> ThreadPoolExecutor:
    """A thread of this process that lives as long as the process. The kernel ends a reader with the
    thread that started it, and the thread of an index run ends with the run."""
    return ThreadPoolExecutor(1, "starting readers")


def _start(memory: int, stderr: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a reader's process. It dies with this one, and inherits none of its secrets."""
    own = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return subprocess.Popen(
        [
            *(sys.executable, "-I", "-S", lifeline.__file__, str(int(signal.SIGKILL))),
            *(sys.executable, "-P", reader_process.__file__, str(memory)),
        ],
        env=own
        | {"PYTHONPATH": str(settings.BASE_DIR), lifeline.PARENT_VARIABLE: str(os.getpid())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
    )
