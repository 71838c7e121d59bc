"""Programs of others that a test starts on loopback, as a user who is not root."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from codeindex.local_services.processes import accounts
from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.processes.children import child_command
from codeindex.local_services.state import State

START_SECONDS = 30.0


def program(*names: str) -> str:
    """The path of the first of them that is installed; skips the test if none is."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    pytest.skip(f"{' or '.join(names)} is not installed")


def account() -> Account | None:
    """Who runs them: None for the current user."""
    return accounts.service_account(State(Path(os.devnull)))


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of the account's, whose path others may enter and is short enough for sockets."""
    made = Path(tempfile.mkdtemp(prefix="topology-"))
    made.chmod(0o755)
    give(made)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def give(*paths: Path) -> None:
    """Make them the account's."""
    if owner := account():
        for path in paths:
            os.chown(path, owner.uid, owner.gid)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def run(command: Sequence[str | Path], **environment: str) -> str:
    """Run a program to its end; its output."""
    done = subprocess.run(
        child_command(list(command), account=account(), death_signal=signal.SIGKILL),
        capture_output=True,
        text=True,
        cwd="/",
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    log: Path,
    environment: Mapping[str, str] | None = None,
    *,
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends; it listens on `port` when the block begins."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            child_command(list(command), account=account(), death_signal=signal.SIGKILL),
            stdout=file,
            stderr=file,
            cwd="/",
            env=os.environ | dict(environment or {}),
        )
    try:
        await_port(process, port, log)
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8", errors="replace")
            time.sleep(0.1)
        else:
            return
