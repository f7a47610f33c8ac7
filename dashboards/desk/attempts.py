"""How often somebody may be wrong about a token (pure; times in ms).

A token has 16 characters or more, so guessing is hopeless where it is random; it need not be.
"""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict, deque
from typing import Final

MOST: Final = 10
"""Wrong tokens from one address within :data:`WITHIN_MS`."""
MOST_OF_ALL: Final = 200
"""The same, from all addresses together: whoever has many gets no further."""
WITHIN_MS: Final = 60_000
ADDRESSES: Final = 1_000
"""So many are remembered, those that were wrong last; all others count for the whole only."""

_PREFIX: Final = 64
"""Of an IPv6 address, what one customer gets."""


class Attempts:
    """Remembers when who was wrong."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, deque[int]] = OrderedDict()
        self._all: deque[int] = deque(maxlen=MOST_OF_ALL)

    def wait_seconds(self, peer: str, now: int) -> int:
        """Return how long ``peer`` has to wait before it may try; 0: not at all."""
        mine = self._of.get(_whose(peer), deque[int](maxlen=MOST))
        waits = (full[0] + WITHIN_MS - now for full in (mine, self._all) if len(full) == full.maxlen)
        return max(0, *(math.ceil(wait / 1000) for wait in waits), 0)

    def wrong(self, peer: str, now: int) -> None:
        """Remember that ``peer`` was wrong."""
        key = _whose(peer)
        self._of.setdefault(key, deque(maxlen=MOST)).append(now)
        self._of.move_to_end(key)
        if len(self._of) > ADDRESSES:
            self._of.popitem(last=False)
        self._all.append(now)


def _whose(peer: str) -> str:
    try:
        address = ipaddress.ip_address(peer.strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address), _PREFIX), strict=False))
    return str(address)
