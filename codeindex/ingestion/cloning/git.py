"""Runs git on what strangers wrote: with an environment of its own, with limits of memory and file
size, and only as long as its output is wanted."""

from __future__ import annotations

import os
import resource
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import IO

from django.conf import settings

WATCH_SECONDS = 0.5
PIECE = 1 << 16

KEPT_OUTPUT = 1 << 16
"""Bytes kept of what git and the remote write to standard error: the last ones."""

INHERITED = (
    "PATH", "TMPDIR", "LD_LIBRARY_PATH", "GIT_EXEC_PATH",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
)  # fmt: skip
"""What git inherits of the operator's environment: where programs and certificates are."""

# With the signal XFSZ ignored, git reports a file that is too large instead of being killed.
LIMITED = 'trap "" XFSZ; ulimit -c 0; ulimit -d "$1"; ulimit -f "$2"; shift 2; exec git "$@"'
PROXY_COMMAND = Path(__file__).with_name("proxy_command.py")

CREDENTIAL_HELPER = (
    '!give() { test "$1" = get && printf "username=%s\\npassword=%s\\n"'
    ' "$CODEINDEX_GIT_USER" "$CODEINDEX_GIT_PASSWORD"; }; give'
)

NO_INPUT = subprocess.DEVNULL

Watch = Callable[[float], None]
"""Called with the seconds since git last wrote something; raises to end git."""


class GitFailed(Exception):
    """git ended with `status`, negative for a signal. `output` is what git and ssh wrote to
    standard error, without the lines of the remote."""

    def __init__(self, status: int, stderr: bytes) -> None:
        if len(stderr) == KEPT_OUTPUT:  # its first line may be the end of a remote's
            stderr = stderr.partition(b"\n")[2]
        text = stderr.decode(errors="replace")
        lines = [line for line in text.splitlines() if not line.startswith("remote: ")]
        self.status = status
        self.output = "\n".join(lines)
        super().__init__(f"git ended with {status}")


def pieces(
    mirror: Path,
    *arguments: str,
    env: Mapping[str, str],
    watch: Watch,
    stdin: IO[bytes] | int = NO_INPUT,
    pass_fds: Sequence[int] = (),
) -> Generator[bytes, None, None]:
    """git's output, piece by piece. git ends, with every process that it started, when the iterator
    is closed or `watch` raises. Raises `GitFailed`."""
    git = subprocess.Popen(
        ["/bin/sh", "-c", LIMITED, "sh", *_limits(), *arguments],
        cwd=mirror,
        env=dict(env),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
        pass_fds=pass_fds,
    )
    try:
        stderr = yield from _stream(git, watch)
        os.waitid(os.P_PID, git.pid, os.WEXITED | os.WNOWAIT)
    finally:
        _end(git)
    if git.returncode:
        raise GitFailed(git.returncode, stderr)


def environment(home: Path, mirror: Path) -> dict[str, str]:
    """git's environment without a remote: of the operator's, only where programs and certificates
    are."""
    return {key: os.environ[key] for key in INHERITED if key in os.environ} | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "LC_ALL": "C",
        "GIT_DIR": str(mirror),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(Path(__file__).with_name("gitconfig")),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_NO_LAZY_FETCH": "1",
    }


def for_http(origin: str, proxy: str, password: str, credential: str) -> dict[str, str]:
    """Additions to the environment for a clone from `origin` (scheme, host and port) through the
    proxy. A helper gives the credential to that origin alone: a header would follow redirects."""
    config = {"http.proxy": f"socks5h://git:{password}@{proxy}"}
    env = {}
    if credential:
        config[f"credential.{origin}.helper"] = CREDENTIAL_HELPER
        env["CODEINDEX_GIT_USER"], _, env["CODEINDEX_GIT_PASSWORD"] = credential.partition(":")
    env["GIT_CONFIG_COUNT"] = str(len(config))
    for number, (key, value) in enumerate(config.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env


def for_ssh(home: Path, proxy: str, password: str, key: Path | None) -> dict[str, str]:
    """Additions to the environment for a clone over ssh through the proxy, with the deploy key if
    there is one."""
    known = settings.CODEINDEX_SSH_KNOWN_HOSTS
    options = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes" if known else "accept-new",
        "UserKnownHostsFile": _quoted(known or home / "known_hosts"),
        "UpdateHostKeys": "no",
        "IdentityAgent": "none",
        "IdentitiesOnly": "yes",
        "IdentityFile": _quoted(key) if key else "none",
        "GSSAPIAuthentication": "no",
        "HostbasedAuthentication": "no",
        "ControlPath": "none",
        "ClearAllForwardings": "yes",
        "ServerAliveInterval": "15",
        "ProxyCommand": f"{_own_python()} %h %p",
    }
    command = ["ssh", "-F", "/dev/null", *(f"-o{name}={value}" for name, value in options.items())]
    return {
        "GIT_SSH_COMMAND": shlex.join(command),
        "GIT_SSH_VARIANT": "ssh",
        "CODEINDEX_PROXY": f"{password}@{proxy}",
    }


def _own_python() -> str:
    return shlex.join([sys.executable, "-I", "-S", str(PROXY_COMMAND)]).replace("%", "%%")


def _quoted(path: Path) -> str:
    return '"{}"'.format(str(path).replace("%", "%%"))


def _limits() -> tuple[str, str]:
    """The limits of memory in KiB and of a file's size in blocks of 512 bytes, for sh's ulimit."""
    memory = _allowed(resource.RLIMIT_DATA, settings.CODEINDEX_CLONE_MEMORY)
    file = _allowed(resource.RLIMIT_FSIZE, settings.CODEINDEX_CLONE_BYTES)
    return str(memory >> 10), str((file >> 9) + 1)


def _allowed(kind: int, wanted: int) -> int:
    _, hard = resource.getrlimit(kind)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard - 512)


def _stream(git: subprocess.Popen[bytes], watch: Watch) -> Generator[bytes, None, bytes]:
    """Pieces of git's output; returns the end of what it wrote to standard error."""
    stderr = b""
    wrote = looked = time.monotonic()
    with selectors.DefaultSelector() as waiting:
        for stream in _outputs(git):
            waiting.register(stream, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select(WATCH_SECONDS):
                piece = os.read(key.fd, PIECE)
                if not piece:
                    waiting.unregister(key.fileobj)
                elif key.fileobj is git.stderr:
                    stderr = (stderr + piece)[-KEPT_OUTPUT:]
                else:
                    yield piece
                    wrote = time.monotonic()
            now = time.monotonic()
            if now - looked >= WATCH_SECONDS:
                looked = now
                watch(now - wrote)
    return stderr


def _end(git: subprocess.Popen[bytes]) -> None:
    """Kill git's process group: a helper may outlive git. The group's id is ours until `wait`."""
    os.killpg(git.pid, signal.SIGKILL)
    git.wait()
    for stream in _outputs(git):
        stream.close()


def _outputs(git: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert git.stdout
    assert git.stderr
    return git.stdout, git.stderr
