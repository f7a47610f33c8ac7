"""What is accepted in a run: events of few people in few groups, shuffled, some too late, some twice, some poison.

In some runs somebody is erased in between, and does not come back.

When each was received is part of the chat, not of the schedule: so that what should be seen of it is the same in all schedules.
Ticks may be ahead of it, as they are of what waits in a gateway's spool.
"""

from __future__ import annotations

import copy
import random
from typing import Final

import msgspec

from huoqun.control import Erase
from huoqun.events import Event
from tests.unit.core.strategies import T0, TEXTS, USERS

LATENESS_MS: Final = 120_000
POISON: Final = (b"{bad", None, b"[]", b'{"id": 1}', b"\xff\xfe", b"")
GAPS: Final = (
    *(0, 1, 900, 5_000, 20_000, 30_000, 61_000, 90_000) * 2,
    200_000,
    300_000,
    700_000,
    4_000_000,
    40_000_000,
)
DEADLINES: Final = (300_000, 600_000)
TEMPTED: Final = 0.15
ERASED: Final = 0.6
TICKS_MS: Final = 300_000
"""So far ticks may be ahead of the last event when somebody is erased, and in the end …"""
END_MS: Final = 600_000
"""… and so much later everybody is told the time: more than any delay, so that all clocks come to the same."""
KINDS: Final = (*["message"] * 9, "join", "join", "leave", "leave", "member_count", "reaction", "delete", "conversion")

Item = Event | Erase | bytes | None


def chat(rng: random.Random, most: int, *, erasing: bool = False) -> list[Item]:
    """Return what the gateway accepts, in the order in which it does; ``erasing``: perhaps somebody is erased."""
    made: list[Event] = []
    ts = T0
    many = rng.randint(3, most)
    while len(made) < many:
        ts += rng.choice(GAPS)
        if rng.random() < TEMPTED:
            ts = _tempting(rng, ts, made)
        else:
            made.append(_event(rng, len(made), ts, made))
    bound = rng.choice((0, LATENESS_MS - 1, LATENESS_MS - 1, LATENESS_MS - 1, 3 * LATENESS_MS))
    order: list[Item] = sorted(made, key=lambda event: (event.ts + rng.uniform(0, bound), event.id))  # type: ignore[assignment]  # wider
    for _ in range(rng.choice((0, 0, 1, 3))):
        order.insert(rng.randrange(len(order) + 1), rng.choice(POISON))
    for _ in range(rng.choice((0, 1, 4))):
        at = rng.randrange(len(order))
        order.insert(rng.randrange(at, len(order)) + 1, copy.copy(order[at]))
    if erasing and rng.random() < ERASED:
        order.insert(rng.randrange(1, len(order) + 1), _erasing(rng))
    return _received(rng, order)


def _erasing(rng: random.Random) -> Erase:
    """Have somebody erased who is named in nobody's words."""
    user = rng.choice(("carol", "dave"))
    return Erase(id="erase", at=0, platform="qq", users=(user,), groups=rng.choice(((), (), ("1",))))


def _received(rng: random.Random, order: list[Item]) -> list[Item]:
    """Give everything the time when it is received.

    Nothing of who is erased comes after: what is from before, a group that does not know them takes for somebody new's; and what
    they do later may be taken out of others' rows, too, when a request is met again.
    """
    received, left, gone = T0, list[Item](), list[Erase]()
    for item in order:
        if isinstance(item, Event):
            if any(item.user_id in erase.users for erase in gone):
                continue
            received = item.received_at = max(received + 1, item.ts + rng.randrange(1_000))
        elif isinstance(item, Erase):
            received += TICKS_MS + END_MS
            item = msgspec.structs.replace(item, at=received)  # noqa: PLW2901  # the same, with its time
            gone.append(item)
        left.append(item)
    return left


def _tempting(rng: random.Random, ts: int, made: list[Event]) -> int:
    """Add a question, its answer shortly before the deadline, and something after it: who sees that first raises an alarm."""
    asked = _event(rng, len(made), ts, [])
    asked.type, asked.text, asked.user_id, asked.user_name = "message", "有人知道番茄叶子发黄怎么回事吗", "bob", "bob"
    asked.is_bot = asked.is_staff = False
    made.append(asked)
    ts += rng.choice(DEADLINES) - 5_000
    answer = _event(rng, len(made), ts, [])
    answer.type, answer.text, answer.user_id, answer.user_name = "message", "浇水太多了，少浇一点就好", "carol", "carol"
    answer.is_bot = answer.is_staff = False
    answer.reply_to, answer.group_id = asked.id, asked.group_id
    made.append(answer)
    later = _event(rng, len(made), ts + 6_000, [])
    later.group_id = asked.group_id
    made.append(later)
    return later.ts


def _event(rng: random.Random, number: int, ts: int, made: list[Event]) -> Event:
    user, kind = rng.choice(USERS), rng.choice(KINDS)
    reply = rng.choice(made[-6:]).id if made and rng.random() < 0.3 else ""
    return Event(
        id=f"e{number}",
        type=kind,  # type: ignore[arg-type]  # one of them
        ts=ts,
        platform="qq",
        group_id=str(rng.randint(1, 3)),
        user_id="" if kind == "member_count" else user,
        user_name="" if kind == "member_count" else user,
        text=rng.choice(TEXTS) if kind == "message" else "",
        reply_to=reply if kind in ("message", "reaction", "delete") else "",
        reason=rng.choice(("left", "kicked", None)) if kind == "leave" else None,
        mentions=rng.choice(([], [], ["bob"], ["staff1"])) if kind == "message" else [],
        inviter_id=rng.choice(USERS[:2]) if kind == "join" else "",
        is_bot=user == "robot",
        is_staff=user == "staff1",
        count=rng.randint(0, 9) if kind == "member_count" else None,
    )
