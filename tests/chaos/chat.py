"""Talk of made-up groups, one event after the other, by a seed: people ask, answer or don't, join, leave and react."""

from __future__ import annotations

import random
from typing import Any

from tests.unit.core.strategies import TEXTS

Raw = dict[str, Any]

QUESTIONS = ("有人知道番茄叶子发黄怎么回事吗", "does anyone know how to moor a boat in the rain?", "请问几点开始？")
PEOPLE = 14
PLAIN = ("早上好", "good morning", "今天番茄又红了三个", "yes, the same here", "谢谢，周末我也去看看", "haha")


class Group:
    """One group. What is said follows from the seed; when, from who asks."""

    def __init__(self, seed: int, number: int) -> None:
        self.id = f"g{number:03}"
        self.said = 0
        self._chance = random.Random(f"{seed}/{number}")
        self._asked: list[tuple[str, str]] = []
        self._last_ts = 0

    def next(self, ts: int) -> Raw:
        """Return what is said at ``ts`` (ms), or a little later: time does not stand still in a group."""
        chance = self._chance
        user = f"u{chance.randrange(PEOPLE)}"
        dice = chance.random()
        if dice < 0.15:
            raw = self._raw(ts, "message", user, text=chance.choice(QUESTIONS))
            self._asked = [*self._asked[-5:], (raw["id"], user)]
            return raw
        if dice < 0.22 and self._asked:
            question, asker = self._asked.pop(chance.randrange(len(self._asked)))
            answerer = next(u for u in (user, "u0", "u1") if u != asker)
            return self._raw(ts, "message", answerer, text="浇水太多了，少浇一点就好", reply_to=question)
        if dice < 0.88:
            return self._raw(ts, "message", user, text=chance.choice(TEXTS))
        kind = chance.choice(("join", "leave", "leave", "reaction", "delete", "member_count"))
        if kind == "member_count":
            return self._raw(ts, kind, "", count=chance.randrange(30))
        if kind in ("reaction", "delete") and self._asked:
            return self._raw(ts, kind, user, reply_to=chance.choice(self._asked)[0])
        return self._raw(ts, kind if kind in ("join", "leave") else "message", user)

    def last(self, ts: int) -> Raw:
        """Return what ends it: software says something that answers nobody."""
        return self._raw(ts, "message", "robot", text="good night", is_bot=True)

    def _raw(self, ts: int, kind: str, user: str, **more: Any) -> Raw:
        self.said += 1
        self._last_ts = max(ts, self._last_ts + 1)
        raw = {"id": f"{self.id}-{self.said}", "type": kind, "ts": self._last_ts, "platform": "qq", "group_id": self.id}
        return raw | ({"user_id": user, "user_name": user} if user else {}) | more


class Settled(Group):
    """A group in which nothing changes: the same people talk for ever, and seldom does anything want somebody."""

    APART_MS = 20_000
    """What comes in one post was said so far apart."""

    def __init__(self, seed: int, number: int) -> None:
        super().__init__(seed, number)
        self._waiting: tuple[str, str] | None = None

    def next(self, ts: int) -> Raw:
        """Return what is said at ``ts`` (ms): a question is answered by what is said next."""
        chance = self._chance
        ts = max(ts, self._last_ts + self.APART_MS)
        if self._waiting is not None:
            (question, asker), self._waiting = self._waiting, None
            answerer = "u0" if asker != "u0" else "u1"
            return self._raw(ts, "message", answerer, text="浇水太多了，少浇一点就好", reply_to=question)
        dice = chance.random()
        if dice < 0.001:
            return super().next(ts)
        user = f"u{chance.randrange(PEOPLE)}"
        raw = self._raw(ts, "message", user, text=chance.choice(QUESTIONS if dice < 0.003 else PLAIN))
        if dice < 0.003:
            self._waiting = raw["id"], user
        return raw
