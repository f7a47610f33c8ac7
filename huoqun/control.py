"""Records among the events that carry no event: time, and the life of the log itself."""

from __future__ import annotations

from typing import Final

import msgspec


class Tick(msgspec.Struct, tag_field="control", tag="tick", frozen=True, gc=False):
    """The ticker's clock at ``now`` (ms), written into every partition so that silence is seen."""

    now: int


class Generation(msgspec.Struct, tag_field="control", tag="generation", frozen=True, gc=False):
    """The first record of a partition that was created anew: versions of a later generation replace earlier ones.

    ``number`` is the creation time in whole seconds since the epoch. A log without it is generation 0.
    """

    number: int


class Erase(msgspec.Struct, tag_field="control", tag="erase", frozen=True, gc=False):
    """Everybody who keeps something of these people lets go of it; what happened up to ``at`` (ms) never comes back.

    It goes into every partition of the events, and on into the results behind what was computed before it. It names the
    people, and is gone with the log's retention, like what it is about.
    """

    id: str
    at: int
    platform: str
    users: tuple[str, ...]
    """Ids of one person: the platform's own, and the pseudonym."""
    groups: tuple[str, ...] = ()
    """Only in these; empty: everywhere on the platform."""


ERASE_KEY: Final = b"huoqun.erase"
"""The key of the records that ask for it."""

PREFIX: Final = b'{"control":'
"""Every control record starts with this, and no event does (an event's first field is its id)."""

VERSION_SHIFT: Final = 32


def version_of(generation: int, offset: int) -> int:
    """Return the version of what was computed at ``offset`` of the events log: it only ever rises for a group."""
    return (generation << VERSION_SHIFT) + offset
