"""What may drive people out of a group, as far as it is remembered: leaves, advertising, floods, quarrels, broadcasts.

It changes rarely, so it is one object that is replaced (see :class:`streams.core.state.Life`). Bounded: every tuple has its
most entries stated where it is filled; all together some kilobytes in a group with trouble, 400 bytes in one without.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import mypyc_attr

Cause = tuple[int, str, str, int, int]
"""Something that may have driven people away: (time in ms, who, event, a figure, until when it went on)."""
Pasted = tuple[int, str, str, int, int, int, tuple[str, ...]]
"""A text that strangers send: (fingerprint, whose alert it belongs to, first event, time of the last, how often, whether it
sells by itself, by whom)."""
Insult = tuple[int, str, str, str]
"""A hostile message: (time, by whom, to whom, event)."""
Call = tuple[int, str, str, tuple[str, ...]]
"""A broadcast that may still draw responses: (time, event, by whom, who has responded)."""

NO_PASTED: Final[tuple[Pasted, ...]] = ()
NO_INSULTS: Final[tuple[Insult, ...]] = ()
NO_CALLS: Final[tuple[Call, ...]] = ()


@mypyc_attr(acyclic=True)
class Troubles:
    """All of it, for one group. Times are ms."""

    __slots__ = (
        "ad",
        "announcement",
        "bot_before",
        "bot_count",
        "bot_minute",
        "bot_peak",
        "bot_usual",
        "burst",
        "burst_back",
        "burst_first",
        "burst_from",
        "burst_last",
        "calls",
        "drawn",
        "flood",
        "flood_alone",
        "flood_cause",
        "flood_from",
        "flood_limit",
        "gone",
        "hour",
        "hour_leaves",
        "hours",
        "insults",
        "leaves",
        "left",
        "pasted",
        "quarrel",
        "quarrel_cause",
        "quarrel_last",
        "quarrel_people",
        "returns",
        "silence",
        "silence_usual",
        "squares",
        "step",
        "total",
        "usual_peak",
    )

    def __init__(self, step: int) -> None:  # noqa: PLR0915  # one a field
        self.step: int = step
        self.ad: Cause | None = None
        """The last message that advertised, and so on: what a leave burst may come from."""
        self.announcement: Cause | None = None
        self.flood_cause: Cause | None = None
        self.quarrel_cause: Cause | None = None
        # leaving
        self.left: tuple[int, ...] = ()
        """When people left of their own accord, within the last hour."""
        self.gone: tuple[str, ...] = ()
        """Who they were, in the same order."""
        self.hour: int = -1
        """The hour that is being counted (hours since 1970), and the leaves in it."""
        self.hour_leaves: int = 0
        self.hours: float = 0.0
        """Hours observed, fading with age; then the leaves in them, and the squares of the leaves of each."""
        self.total: float = 0.0
        self.squares: float = 0.0
        self.leaves: int = 0
        """Leaves of people's own accord, and how many who had left came back; both are halved now and then."""
        self.returns: int = 0
        self.burst: str = ""
        """The burst that goes on: the event of its first leave; then when it began, its last leave, who left, who came back."""
        self.burst_first: int = 0
        self.burst_last: int = 0
        self.burst_from: tuple[str, ...] = ()
        self.burst_back: int = 0
        # advertising
        self.pasted: tuple[Pasted, ...] = NO_PASTED
        # floods
        self.flood: str = ""
        """The flood that goes on: the event that raised it; the place of who floods alone (-1: several,
        -2: bots), the number of the
        message with which it began (bots: how many they have sent), the rate at which it was, in messages of two minutes."""
        self.flood_alone: int = -1
        self.flood_from: int = 0
        self.flood_limit: int = 0
        self.usual_peak: int = 0
        """Member messages in the busiest five minutes of a usual day."""
        self.bot_minute: int = -1
        """The ten minutes in which a bot spoke last, the bots' messages in them and in those before, the most of today, and
        the most of a usual day."""
        self.bot_count: int = 0
        self.bot_before: int = 0
        self.bot_peak: int = 0
        self.bot_usual: int = 0
        # quarrels
        self.insults: tuple[Insult, ...] = NO_INSULTS
        self.quarrel: str = ""
        """The quarrel that goes on: the event that raised it; its last hostile message; who takes part."""
        self.quarrel_last: int = 0
        self.quarrel_people: tuple[str, ...] = ()
        # broadcasts
        self.calls: tuple[Call, ...] = NO_CALLS
        self.drawn: bytes = b""
        """What the last broadcasts drew, a byte each, oldest first."""
        self.silence: str = ""
        """The broadcast that raised the alert that goes on, and what they used to draw."""
        self.silence_usual: float = 0.0

    def copy(self, step: int) -> Troubles:
        """Return a copy for ``step`` to change."""
        new = Troubles(step)
        new.ad, new.announcement = self.ad, self.announcement
        new.flood_cause, new.quarrel_cause = self.flood_cause, self.quarrel_cause
        new.left, new.gone, new.hour, new.hour_leaves = self.left, self.gone, self.hour, self.hour_leaves
        new.hours, new.total, new.squares = self.hours, self.total, self.squares
        new.leaves, new.returns = self.leaves, self.returns
        new.burst, new.burst_first, new.burst_last = self.burst, self.burst_first, self.burst_last
        new.burst_from, new.burst_back = self.burst_from, self.burst_back
        new.pasted = self.pasted
        new.flood, new.flood_alone = self.flood, self.flood_alone
        new.flood_from, new.flood_limit, new.usual_peak = self.flood_from, self.flood_limit, self.usual_peak
        new.bot_minute, new.bot_count, new.bot_before = self.bot_minute, self.bot_count, self.bot_before
        new.bot_peak, new.bot_usual = self.bot_peak, self.bot_usual
        new.insults, new.quarrel = self.insults, self.quarrel
        new.quarrel_last, new.quarrel_people = self.quarrel_last, self.quarrel_people
        new.calls, new.drawn, new.silence, new.silence_usual = self.calls, self.drawn, self.silence, self.silence_usual
        return new

    def row(self) -> list[Any]:
        """Return all of it as plain values, to be saved."""
        return [
            [self.ad, self.announcement, self.flood_cause, self.quarrel_cause],
            [self.left, self.gone, self.hour, self.hour_leaves, self.hours, self.total, self.squares],
            [
                self.burst,
                self.burst_first,
                self.burst_last,
                self.burst_from,
                self.burst_back,
                self.leaves,
                self.returns,
            ],
            self.pasted,
            [self.flood, self.flood_alone, self.flood_from, self.flood_limit, self.usual_peak],
            [self.bot_minute, self.bot_count, self.bot_before, self.bot_peak, self.bot_usual],
            [self.insults, self.quarrel, self.quarrel_last, self.quarrel_people],
            [self.calls, self.drawn, self.silence, self.silence_usual],
        ]


def troubles_from(row: list[Any]) -> Troubles:
    """Return what :meth:`Troubles.row` was made of."""
    t = Troubles(0)
    causes = [None if cause is None else (cause[0], cause[1], cause[2], cause[3], cause[4]) for cause in row[0]]
    t.ad, t.announcement, t.flood_cause, t.quarrel_cause = causes[0], causes[1], causes[2], causes[3]
    left = row[1]
    t.left, t.gone, t.hour, t.hour_leaves = tuple(left[0]), tuple(left[1]), left[2], left[3]
    t.hours, t.total, t.squares = left[4], left[5], left[6]
    burst = row[2]
    t.burst, t.burst_first, t.burst_last = burst[0], burst[1], burst[2]
    t.burst_from, t.burst_back, t.leaves, t.returns = tuple(burst[3]), burst[4], burst[5], burst[6]
    t.pasted = tuple([(p[0], p[1], p[2], p[3], p[4], p[5], tuple(p[6])) for p in row[3]])
    flood = row[4]
    t.flood, t.flood_alone, t.flood_from, t.flood_limit, t.usual_peak = flood[0], flood[1], flood[2], flood[3], flood[4]
    bots = row[5]
    t.bot_minute, t.bot_count, t.bot_before, t.bot_peak, t.bot_usual = bots[0], bots[1], bots[2], bots[3], bots[4]
    quarrel = row[6]
    t.insults = tuple([(i[0], i[1], i[2], i[3]) for i in quarrel[0]])
    t.quarrel, t.quarrel_last, t.quarrel_people = quarrel[1], quarrel[2], tuple(quarrel[3])
    broadcasts = row[7]
    t.calls = tuple([(c[0], c[1], c[2], tuple(c[3])) for c in broadcasts[0]])
    t.drawn, t.silence, t.silence_usual = broadcasts[1], broadcasts[2], broadcasts[3]
    return t
