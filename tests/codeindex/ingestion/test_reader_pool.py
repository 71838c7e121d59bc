"""Files are read in processes that hang, crash and run out of memory on their own account."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from codeindex.ingestion import reader_pool, reader_process
from codeindex.ingestion.reader_pool import FileContent, Limits
from codeindex.leases import Lease, LostLease

MEBIBYTE = 1024 * 1024
SOUND = FileContent("sound.py", "python", b"def sound():\n    return 1\n")
# Takes all the processor time that parsing may take, and up to 1 GiB
HEAVY = FileContent("heavy.py", "python", b"a\\\n" * 300_000)
AMPLE = Limits(seconds=30, memory=4096 * MEBIBYTE)


@pytest.fixture(autouse=True)
def one_new_reader(settings) -> None:
    settings.CODEINDEX_READERS = 1
    while reader_pool._idle_readers:
        reader_pool._idle_readers.pop().end()


def names(answer: reader_process.ParsedFile | str) -> list[str]:
    assert not isinstance(answer, str), answer
    return [definition.name for definition in answer[2]]


def processes() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children():
        with suppress(psutil.Error):  # it has just ended
            if reader_process.__file__ in process.cmdline():
                found.append(process)
    return found


class Watched(Lease):
    """A lease of work during which something happens to the readers at work."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def check(self) -> None:
        super().check()
        # To start takes less; the heavy file takes two seconds
        busy = [process for process in processes() if process.cpu_times().user > 1]
        if self.times and busy:
            self.times -= 1
            for process in busy:
                process.send_signal(signal.SIGKILL)


def test_answers_come_in_the_order_of_the_files() -> None:
    files = [
        FileContent(f"{number}.py", "python", f"def f{number}(): return 1\n".encode())
        for number in range(30)
    ]
    files[7] = FileContent("binary.py", "python", b"\0")
    answers = reader_pool.read(iter(files), Lease())
    assert answers.pop(7) == "binary"
    assert [names(answer)[0] for answer in answers] == [f"f{n}" for n in range(30) if n != 7]


def test_a_file_that_takes_too_long_costs_that_file() -> None:
    within = Limits(seconds=0.2, memory=1024 * MEBIBYTE)
    first, slow, last = reader_pool.read([SOUND, HEAVY, SOUND], Lease(), within)
    assert slow == "took longer than 0.2 s to read"
    assert names(first) == names(last) == ["sound"]


def test_a_file_that_needs_too_much_memory_costs_that_file() -> None:
    within = Limits(seconds=30, memory=224 * MEBIBYTE)
    first, large, last = reader_pool.read([SOUND, HEAVY, SOUND], Lease(), within)
    assert large == "needed more than 224 MiB to read"
    assert names(first) == names(last) == ["sound"]


def test_a_reader_that_somebody_killed_is_replaced_and_its_file_read_again() -> None:
    slow, last = reader_pool.read([HEAVY, SOUND], Watched(times=1), AMPLE)
    _, is_broken, blocks, *_ = slow
    assert is_broken  # it takes too long to parse, and is read as text
    assert {block.kind for block in blocks} == {"block"}
    assert names(last) == ["sound"]


def test_a_file_whose_readers_all_die_is_taken_up_three_times() -> None:
    lease = Watched(times=10)
    deadly, last = reader_pool.read([HEAVY, SOUND], lease, AMPLE)
    assert deadly == "crashed the process that read it"
    assert lease.times == 10 - reader_pool.MAX_ATTEMPTS
    assert names(last) == ["sound"]


def test_the_memory_of_the_process_that_started_a_reader_is_not_the_readers() -> None:
    ballast = bytearray(b"x") * (1536 * MEBIBYTE)
    within = Limits(seconds=30, memory=2048 * MEBIBYTE)
    killed, _ = reader_pool.read([HEAVY, SOUND], Watched(times=3), within)
    assert killed == "crashed the process that read it"
    del ballast


def test_reading_ends_with_the_lease_and_leaves_no_reader_at_work() -> None:
    lease = Lease()
    lease.lose()
    began = time.monotonic()
    with pytest.raises(LostLease):
        reader_pool.read([HEAVY, HEAVY], lease)
    assert time.monotonic() - began < 5
    assert not [process for process in processes() if process.cpu_times().user > 1]


def test_each_file_that_is_read_is_progress() -> None:
    lease = Lease()
    time.sleep(0.1)
    idle = lease.idle_seconds()
    reader_pool.read([SOUND], lease)
    time.sleep(0.001)
    assert lease.idle_seconds() < idle


def test_a_reader_knows_no_secret_and_loads_nothing_but_the_library(monkeypatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hidden")
    reader_pool.read([SOUND], Lease())
    (process,) = [
        each for each in processes() if each.pid == reader_pool._idle_readers[-1]._process.pid
    ]
    assert "SECRET_KEY" not in process.environ()
    loaded = Path(f"/proc/{process.pid}/maps").read_text()
    assert "tree_sitter" in loaded
    assert "torch" not in loaded
    assert "psycopg" not in loaded


def test_a_reader_is_kept_when_the_thread_that_read_with_it_has_ended() -> None:
    with ThreadPoolExecutor(1) as thread:
        thread.submit(reader_pool.read, [SOUND], Lease()).result()
    kept = {each.pid for each in processes()}
    time.sleep(0.1)
    reader_pool.read([SOUND], Lease())
    assert {each.pid for each in processes()} == kept


def test_readers_end_with_the_process_that_started_them() -> None:
    child = os.fork()
    if not child:
        reader_pool.read([SOUND], Lease())
        os.kill(os.getpid(), signal.SIGSTOP)
    while psutil.Process(child).status() != psutil.STATUS_STOPPED:
        time.sleep(0.05)
    (own,) = psutil.Process(child).children()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    own.wait(5)
