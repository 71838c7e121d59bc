"""Which IP addresses a clone may reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV4_IN_LAST_32_BITS = tuple(
    map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)
"""Prefixes whose last 32 bits are an IPv4 address: compatible, mapped, translated, NAT64."""

LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
"""RFC 8215. The translator's operator chooses the position of the IPv4 address (RFC 6052)."""

ISATAP = 0x0000_5EFE
"""The upper half of an interface identifier that ends with an IPv4 address; bit 25 may be set."""


def refuses(refused: Iterable[Network], address: Address) -> bool:
    """Whether `address`, or an IPv4 address that it leads to, lies in one of the networks."""
    reached = {address, *embedded_ipv4(address)}
    return any(each in network for network in refused for each in reached)


def embedded_ipv4(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 address leads to through a translator or a tunnel."""
    if not isinstance(address, ipaddress.IPv6Address):
        return
    bits = int(address)
    if any(address in network for network in IPV4_IN_LAST_32_BITS) or _is_isatap(bits):
        yield _ipv4(bits)
    if address in LOCAL_NAT64:
        yield from _in_local_nat64(bits)
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo


def _is_isatap(bits: int) -> bool:
    return (bits >> 32) & 0xFDFF_FFFF == ISATAP


def _in_local_nat64(bits: int) -> Iterator[ipaddress.IPv4Address]:
    """For prefixes of 48, 56, 64 and 96 bits. Bits 64 to 71 do not belong to the IPv4 address."""
    without_gap = (bits >> 64) << 56 | bits & (1 << 56) - 1
    for prefix in (48, 56, 64):
        yield _ipv4(without_gap >> (120 - prefix - 32))
    yield _ipv4(bits)


def _ipv4(bits: int) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(bits & 0xFFFF_FFFF)
