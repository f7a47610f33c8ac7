"""What speaks for and against a question's having been answered, as far as it has been seen."""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import mypyc_attr

MOST_TOLD: Final = 4
_OLDER: Final = 25
"""So long is what releases before 2026-11-23 saved: the last four were not looked at."""


@mypyc_attr(acyclic=True)
class Evidence:
    """What has happened to a question since it was asked. Never changed, but replaced: see :class:`streams.core.changes.Weighed`.

    A *candidate* is a message of another person that may answer it, with a probability that it does. Those that are not the
    best one change nothing here, but the question's ``doubt``.
    """

    __slots__ = (
        "after",
        "after_asked",
        "after_ms",
        "after_named",
        "after_thanks",
        "again_ms",
        "asked_again",
        "before",
        "before_asked",
        "best",
        "best_among",
        "best_at",
        "best_between",
        "best_by",
        "best_by_staff",
        "best_directed",
        "best_event",
        "best_told",
        "first_asks",
        "first_between",
        "first_length",
        "first_ms",
        "first_thanks",
        "judged",
        "moved_on",
        "repeated",
        "said",
        "told",
        "warmest",
    )

    def __init__(self) -> None:
        self.best: float = 0.0
        """The greatest probability of a candidate to be the first answer; whose that is say the next five."""
        self.best_event: str = ""
        self.best_by: str = ""
        self.best_at: int = 0
        self.best_by_staff: bool = False
        self.best_directed: bool = False
        """It is addressed to the asker."""
        self.best_among: bool = False
        """It came when people of the group were addressed by name."""
        self.best_between: int = -1
        """Messages between the question and it; -1: not known."""
        self.best_told: bool = False
        """The asker had addressed its author since the question."""
        self.said: int = 0
        """The asker's further messages."""
        self.asked_again: int = 0
        """Those of them that ask something …"""
        self.again_ms: int = -1
        """… the first of these so long after the question; -1: there is none …"""
        self.moved_on: int = 0
        """… and those that address somebody."""
        self.told: tuple[str, ...] = ()
        """Whom they address, the first :data:`MOST_TOLD`."""
        self.warmest: int = 0
        """The warmest of them: see :func:`streams.core.answer_features.warmth`."""
        self.repeated: int = 0
        """The greatest share of words in common of one that asks, in fifths, rounded up."""
        self.before: int = 0
        """The asker's further messages, and those that ask, when the best candidate came."""
        self.before_asked: int = 0
        self.after: int = 0
        """The asker's messages since the best candidate."""
        self.after_ms: int = 0
        """From the best candidate to the asker's next message."""
        self.after_thanks: int = 0
        """The warmest of them."""
        self.after_asked: bool = False
        """They asked something since; and the next: they addressed the best candidate's author."""
        self.after_named: bool = False
        self.first_ms: int = -1
        """From the question to the asker's next message; -1: there is none. What it was like say the next four."""
        self.first_between: int = 0
        self.first_thanks: int = 0
        self.first_asks: bool = False
        self.first_length: int = 0
        self.judged: bool = False
        """The question has been judged by just this, and again whenever its doubt came into another class. Not saved."""

    def copy(self) -> Evidence:
        """Return a copy, to be changed and put in its place."""
        new = Evidence()
        new.best, new.best_event, new.best_by = self.best, self.best_event, self.best_by
        new.best_at, new.best_by_staff, new.best_directed = self.best_at, self.best_by_staff, self.best_directed
        new.best_among, new.best_between, new.best_told = self.best_among, self.best_between, self.best_told
        new.said, new.asked_again, new.moved_on = self.said, self.asked_again, self.moved_on
        new.again_ms = self.again_ms
        new.told, new.warmest, new.repeated = self.told, self.warmest, self.repeated
        new.before, new.before_asked = self.before, self.before_asked
        new.after, new.after_ms, new.after_thanks = self.after, self.after_ms, self.after_thanks
        new.after_asked, new.after_named = self.after_asked, self.after_named
        new.first_ms, new.first_between, new.first_thanks = self.first_ms, self.first_between, self.first_thanks
        new.first_asks, new.first_length = self.first_asks, self.first_length
        return new

    def row(self, doubt: float) -> list[Any]:
        """Return it as it is saved, with the question's ``doubt``."""
        if self is NOTHING:
            return []
        return [
            doubt,
            self.best,
            self.best_event,
            self.best_by,
            self.best_at,
            self.best_by_staff,
            self.said,
            self.asked_again,
            self.moved_on,
            self.repeated,
            self.before,
            self.before_asked,
            self.after,
            self.after_ms,
            self.after_thanks,
            self.after_asked,
            self.after_named,
            self.first_ms,
            self.first_between,
            self.first_thanks,
            self.first_asks,
            self.first_length,
            self.best_directed,
            self.told,
            self.warmest,
            self.best_between,
            self.best_told,
            self.again_ms,
            self.best_among,
        ]


NOTHING: Final = Evidence()
"""Nothing has happened yet."""


def doubt_from(row: list[Any]) -> float:
    """Return the doubt that :meth:`Evidence.row` saved."""
    doubt: float = row[0] if row else 0.0
    return doubt


def evidence_from(row: list[Any]) -> Evidence:
    """Return what :meth:`Evidence.row` saved, but for the doubt."""
    if not row:
        return NOTHING
    new = Evidence()
    new.best, new.best_event, new.best_by = row[1], row[2], row[3]
    new.best_at, new.best_by_staff = row[4], row[5]
    new.said, new.asked_again, new.moved_on, new.repeated = row[6], row[7], row[8], row[9]
    new.before, new.before_asked = row[10], row[11]
    new.after, new.after_ms, new.after_thanks = row[12], row[13], row[14]
    new.after_asked, new.after_named = row[15], row[16]
    new.first_ms, new.first_between, new.first_thanks = row[17], row[18], row[19]
    new.first_asks, new.first_length = row[20], row[21]
    new.best_directed, new.told, new.warmest = row[22], tuple(row[23]), row[24]
    if len(row) > _OLDER:
        new.best_between, new.best_told, new.again_ms, new.best_among = row[25], row[26], row[27], row[28]
    return new
