"""A member's rhythm: five facts about their past, and the probability that they write nothing in the next 30 days.

Definition: as of a midnight UTC, of a person who wrote within the 28 days before, the probability that no message of theirs
comes in the 30 days after. It is a logistic model of five terms, all made of five facts, none of which needs text:

- ``silent``: hours since the hour of the last message;
- ``active``: days with a message among the last 28;
- ``usual``: days with a message, ever, each weighing half as much after :data:`HALF_LIFE` days;
- ``known``: days since the first message;
- ``observed``: days since the first event of the group, for nobody's past is known before it.

A group's members are judged by what they wrote in the group; over all groups of a platform the same facts are gathered by
the store, and the same model is applied there in SQL (``member_risk`` with the group ``*``). The weights are in
:mod:`streams.core.risk_model`; how good it is, and what else was tried, in ``docs/churn.md``.
"""

from __future__ import annotations

import math
from typing import Final

from streams.core.risk_model import ACTIVE, INTERCEPT, KNOWN, MISSED, SILENT, USUAL

HALF_LIFE: Final = 120.0
"""Days. 60 and 365 served as well as 120 (``docs/churn.md``)."""
FOREVER: Final[float] = 1 / (1 - math.pow(0.5, 1 / HALF_LIFE))
"""What ``usual`` comes to for somebody who has been there every day, ever."""
UNSEEN_DAYS: Final = 10
"""How much is known of somebody before the group was observed: as much as of so many days without a message. Between 7 and 14
the first month's risks come true as often as they say; without it they are too low by half."""
WINDOW_DAYS: Final = 28
MUCH_RARER: Final = 2.0
"""Silent, or rarer, by this factor against one's own rhythm is a reason."""
RHYTHM_DAYS: Final = 56
"""A rhythm to compare the last 28 days with takes as many before them."""
FEW_DAYS: Final = 2
SHORTLY_DAYS: Final = 15
"""Known for fewer days is a reason, if there is no other."""


def add_day(usual: float, gap: int) -> float:
    """Return ``usual`` as of a day with a message, from what it was as of the day with a message ``gap`` days before."""
    return faded(usual, gap) + 1.0


def faded(usual: float, days: int) -> float:
    """Return what is left of ``usual`` after so many days."""
    return usual * math.pow(0.5, days / HALF_LIFE)


def spread(days: int) -> float:
    """Return what ``usual`` comes to for somebody who was there on each of the last ``days``."""
    return (1 - math.pow(0.5, days / HALF_LIFE)) * FOREVER


def terms(
    silent: int, active: int, usual: float, known: int, observed: int
) -> tuple[float, float, float, float, float]:
    """Return what the model weighs (all facts as of a midnight; ``active``, ``known`` and ``observed`` at least 1)."""
    silent_days = silent / 24
    share = usual / spread(known)
    return (
        math.log1p(silent_days),
        math.log(active),
        math.log(usual / (spread(observed) + UNSEEN_DAYS) * FOREVER + 0.5),
        silent_days * share,  # days with a message that were missed, at the rate since they are known
        math.log1p(known),
    )


def probability(silent: int, active: int, usual: float, known: int, observed: int) -> float:
    """Return the probability of no message in the next 30 days."""
    x = terms(silent, active, usual, known, observed)
    odds = INTERCEPT + SILENT * x[0] + ACTIVE * x[1] + USUAL * x[2] + MISSED * x[3] + KNOWN * x[4]
    return 1 / (1 + math.exp(-odds))


def reasons(silent: int, active: int, usual: float, known: int) -> list[tuple[float, str]]:
    """Return what in the facts speaks for a risk, each with how much, in no order: empty if nothing does.

    Whole numbers, rounded half up, so that SQL says the same.
    """
    found: list[tuple[float, str]] = []
    gap = spread(known) / usual
    if silent >= 48 and silent >= MUCH_RARER * 24 * gap:  # noqa: PLR2004  # two days
        tenths = int(10 * gap + 0.5)
        days, every = silent // 24, f"{tenths // 10}.{tenths % 10}"
        text = f"沉默 {days} 天，平时每 {every} 天发言 · silent for {days} d, usually every {every} d"
        found.append((silent / 24 / gap, text))
    expected = WINDOW_DAYS / gap
    if known >= RHYTHM_DAYS and active * MUCH_RARER < expected:
        around = int(expected + 0.5)
        text = f"28 天内活跃 {active} 天，平时约 {around} 天 · active on {active} of 28 days, usually {around}"
        found.append((expected / active, text))
    elif active <= FEW_DAYS:
        found.append((1.0, f"28 天内只活跃 {active} 天 · active on {active} of 28 days only"))
    return found


def no_reason(active: int, known: int) -> str:
    """Return what to say where there is no reason: the plain fact."""
    if known < SHORTLY_DAYS:
        return f"才认识 {known} 天 · known for {known} d only"
    return f"28 天内活跃 {active} 天 · active on {active} of 28 days"
