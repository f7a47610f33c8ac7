"""What the sources let us see of a group, and what would lie if it were computed all the same.

A source says with each event what it can see: everything (``full``), only the messages that mention its robot or staff
(``mentions``), only who joins and leaves (``membership``). A group is seen as its fullest source of today and yesterday
sees it, so an archive beside a robot counts, and an import from before the robot came does not.

=================================  ======  ==================  ============
signal                             full    mentions            membership
=================================  ======  ==================  ============
counts of ``activity``             right   of what was seen    joins, leaves
ratios, times, key people, faces   right   null                null
questions                          right   as seen             none
alert ``unanswered``               right   mentions of staff¹  never
risk, roles, layers, newcomers     right   null, never         null, never
stage, health, fading, dormant     right   empty, never        empty, never
false activity, flood, quarrel …   right   never               never
invited crowd, talk after the end  right   never               never
leave burst, advertising           right   of what was seen    of what was seen
=================================  ======  ==================  ============

¹ Where a message of staff has been seen at all: else their answers aren't seen either, and every alert would be wrong.
What is open when a group turns out to be seen in part only expires with that reason, if it would lie from then on.
"""

from __future__ import annotations

from typing import Final

from huoqun.events import Coverage
from streams.core.alerts import close_alert
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.state import DAY_MS
from streams.core.tables import ALERTS

FULL: Final = 0
MENTIONS: Final = 1
MEMBERSHIP: Final = 2
NAMES: Final[tuple[Coverage, ...]] = ("full", "mentions", "membership")
NEEDS_ALL: Final = frozenset(
    {
        "newcomer_at_risk",
        "member_at_risk",
        "group_fading",
        "group_dormant",
        "false_activity",
        "flood",
        "quarrel",
        "silence_after_broadcast",
        "invited_crowd",
        "shouting_into_void",
    }
)
"""Alerts that say something of what was not said: only who sees everything may raise them."""


def is_full(h: History) -> bool:
    """Whether everything that is said in the group is seen."""
    return h.life.coverage == FULL


def alarms(h: History, kind: str) -> bool:
    """Whether a question of this kind that nobody seems to answer may be alarmed."""
    seen = h.life.coverage
    return seen == FULL or (seen == MENTIONS and kind == "mention" and _staff_is_heard(h))


def _staff_is_heard(h: History) -> bool:
    """Whether any message of staff has been seen: where none ever was, neither would be their answers."""
    return any(person.is_staff and person.messages > 0 and not person.is_bot for person in h.people)


def name_of(h: History) -> Coverage:
    """Return what is seen of the group, by its name."""
    return NAMES[h.life.coverage]


def on_event(h: History, event: Arrival) -> None:
    """Note what the event's source can see."""
    day = event.ts // DAY_MS
    life = h.life
    if event.coverage == "full":
        if life.full_day != day or life.coverage != FULL:
            life = h.change_life()
            life.full_day, life.coverage = day, FULL
        return
    if event.coverage == "mentions" and life.mentions_day != day:
        life = h.change_life()
        life.mentions_day = day
    if life.full_day >= day - 1:
        now = FULL
    elif life.mentions_day >= day - 1:
        now = MENTIONS
    else:
        now = MEMBERSHIP
    if now != life.coverage:
        life = h.change_life()
        before, life.coverage = life.coverage, now
        if now > before:
            _expire(h, event.ts)


def _expire(h: History, at: int) -> None:
    """Expire what would lie from now on."""
    mentions = h.life.coverage == MENTIONS
    for key, alert in list(h.tables[ALERTS].items()):
        if alert.state != "open":
            continue
        if alert.kind == "unanswered":
            asked = h.questions.get(alert.subject_event_id)
            lies = not mentions or asked is None or asked.kind != "mention"
        else:
            lies = alert.kind in NEEDS_ALL
        if lies:
            close_alert(
                h, key, at=at, state="expired", reason="现在只能看到部分消息 · only a part of the messages is seen now"
            )
