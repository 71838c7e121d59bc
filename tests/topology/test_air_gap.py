"""What `make run` starts, in a network of its own: whatever leaves the machine is counted and goes
nowhere, and so is every name that is looked up."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.git import GitRepository
from tests.journeys.installation import ONE_OF_EACH, WITHOUT_LIMITS, Installation, until
from tests.topology import programs
from tests.topology.codeindexes import SHOP, Codeindex

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of Linux."""

OUT = "out"
NETWORK = (
    "link set lo up",
    f"tuntap add dev {OUT} mode tun",
    f"address add 192.0.2.1/24 dev {OUT}",
    f"link set {OUT} up",
    f"route add default dev {OUT}",
)
"""A default route to a device that nobody reads, which counts what it drops."""


@pytest.fixture
def alone() -> Iterator[None]:
    """This thread, and what it starts, are in a network with loopback and no way out."""
    ip = programs.program("ip")
    system = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    if system.unshare(NEW_NETWORK) != 0:
        os.close(before)
        pytest.skip(f"no network of its own: {os.strerror(ctypes.get_errno())}")
    try:
        for line in NETWORK:
            made = subprocess.run([ip, *line.split()], capture_output=True, text=True)
            if made.returncode != 0:
                pytest.skip(f"no network of its own: {made.stderr.strip()}")
        yield
    finally:
        system.setns(before, NEW_NETWORK)
        os.close(before)


def left() -> int:
    """How many packets have left the machine, and how many datagrams any program has sent: a server
    for names may be on loopback."""
    devices = Path("/proc/thread-self/net/dev").read_text(encoding="ascii")
    (columns,) = re.findall(rf"^ *{OUT}:(.*)$", devices, re.MULTILINE)
    _, packets, failed, dropped, *_ = map(int, columns.split()[8:])
    counts = Path("/proc/thread-self/net/snmp").read_text(encoding="ascii")
    names, values = (line.split()[1:] for line in counts.splitlines() if line.startswith("Udp:"))
    return packets + failed + dropped + int(dict(zip(names, values, strict=True))["OutDatagrams"])


def test_indexing_and_searching_call_nobody(alone: None, tmp_path: Path) -> None:
    repository = GitRepository.made(tmp_path / "shop")
    repository.commit(dict(SHOP))
    installation = Installation(tmp_path / "home", **WITHOUT_LIMITS, **ONE_OF_EACH)
    installation.start()
    try:
        commands = Codeindex(tmp_path / "home", {"PORT": str(installation.port)})
        assert "definitions in 2 files" in commands.command("index", str(repository.path))
        assert "parse_price" in commands.names("how is an amount of money parsed")
        browser = installation.browser()
        browser.submit("/account/login/", username="admin", password=installation.password)
        until(lambda: "parse_price" in browser.get("/", q="read an amount of money").text)
        for path in ("/repositories/", "/administration/", "/agents/", "/api/v1/docs"):
            assert browser.get(path).status == 200
        repository.commit({"tax.py": "def add_tax(price):\n    return price * 1.19\n"})
        commands.command("index", str(repository.path))
        until(lambda: "add_tax" in browser.get("/", q="add_tax").text)
        assert left() == 0
    finally:
        installation.interrupt()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anyone:
        anyone.sendto(b"?", ("203.0.113.5", 53))
    assert left() > 0
