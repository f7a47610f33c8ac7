"""Where a notice may be sent: which addresses are somebody else's server on the internet, and which are inside. Pure.

The rule is about addresses, not names: whatever a name says, what it resolves to is judged, all of it, and the judged
address is the one that is connected to (:mod:`sinks.notify.outbound`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from yarl import URL

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_URL: Final = 2048
_SCHEMES: Final = frozenset({"http", "https"})
_BAD_IN_URL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\\\s]")
_NAME: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.ASCII)


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


_PRIVATE: Final = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",  # carrier-grade NAT; some clouds keep their metadata at 100.100.100.200
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
)
"""Inside, but a server can stand there: what ``allow_private`` may open by a name."""

_REFUSED: Final = (
    *_PRIVATE,
    *_networks(
        "0.0.0.0/8",  # this host
        "168.63.129.16/32",  # Azure's own agent, on a public address
        "169.254.0.0/16",  # link-local; the clouds' metadata
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # Teredo, ORCHID, benchmarks and other assignments
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    ),
)
"""The special-purpose registries of IANA (RFC 6890 and its updates), and what clouds keep elsewhere."""

_GLOBAL_IPV6: Final = IPv6Network("2000::/3")
"""All other IPv6 is local, multicast, unassigned or holds an IPv4 address (mapped ``::ffff:0:0/96``, NAT64 ``64:ff9b::/96``)."""


class Forbidden(NamedTuple):
    """A target that is never connected to as things are configured; ``why`` names it without path, query or secret."""

    why: str


class Target(NamedTuple):
    """A URL that may be tried, and the host in it, as it is asked of the resolver."""

    url: URL
    host: str
    port: int


class Allowed(NamedTuple):
    """What ``allow_private`` opens: networks as they are, and names for whatever private address they resolve to."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()


def allowed(entries: Iterable[str]) -> Allowed | Forbidden:
    """Read ``allow_private``: addresses, networks (``10.0.0.0/8``) and host names (``alertmanager``)."""
    networks, names = [], set()
    for entry in entries:
        text = entry.strip().lower()
        try:
            networks.append(ip_network(text))
        except ValueError:
            name = text.rstrip(".")
            if "/" in name or not _NAME.fullmatch(name) or name.replace(".", "").isdecimal():
                return Forbidden(f"{entry!r} is no address, no network such as 10.0.0.0/8, and no host name")
            names.add(name)
    return Allowed(tuple(networks), frozenset(names))


def target(url: str) -> Target | Forbidden:
    """Read a URL as it will be sent, so that nobody is judged by one reading and connected to by another."""
    if len(url) > MAX_URL or _BAD_IN_URL.search(url):
        return Forbidden(f"the URL holds spaces, backslashes or control characters, or more than {MAX_URL} characters")
    try:
        parsed, other = URL(url), urlsplit(url)
        host, port, by_another = parsed.raw_host, parsed.port, other.hostname
    except (ValueError, UnicodeError):
        return Forbidden("the URL can't be read")
    if parsed.scheme not in _SCHEMES:
        return Forbidden(f"only http and https are spoken, not {parsed.scheme or 'a URL without either'}")
    if "@" in other.netloc or parsed.user is not None or parsed.password is not None:
        return Forbidden("a user or password in the URL is not taken")
    if not host or not port or (other.netloc.isascii() and by_another != host) or "%" in host:
        return Forbidden("the URL names no host and port, or not clearly")
    return Target(parsed, host, port)


def judge(host: str, addresses: Sequence[str], opened: Allowed) -> list[Address] | Forbidden:
    """Return the addresses of ``host`` if every one of them may be connected to."""
    if not addresses:
        return Forbidden(f"{host} has no address")
    by_name = host.lower().rstrip(".") in opened.names
    found = []
    for text in addresses:
        try:
            address = ip_address(text)
        except ValueError:
            return Forbidden(f"{host} resolves to something that is no address")
        if not _may(address, opened.networks, by_name=by_name):
            shown = "" if str(address) == host else f" ({address})"
            return Forbidden(
                f"{host}{shown} is not on the public internet; if it is meant, add it to notify.allow_private"
            )
        found.append(address)
    return found


def inside(host: str, opened: Allowed) -> bool:
    """Return whether a host, as it stands in a URL, is one that ``allow_private`` names."""
    try:
        return _in(ip_address(host), opened.networks)
    except ValueError:
        return host.lower().rstrip(".") in opened.names


def _may(address: Address, networks: Sequence[Network], *, by_name: bool) -> bool:
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    if _in(address, networks):
        return True
    if by_name and _in(address, _PRIVATE):
        return True
    if address.version == 6 and address not in _GLOBAL_IPV6:  # noqa: PLR2004  # the protocol's version
        return False
    return not _in(address, _REFUSED)


def _in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
