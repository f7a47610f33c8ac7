"""How a group hangs together, counted plainly from a list of events: what the streaming core must come to as well.

Nothing here is incremental: each midnight looks at all messages again. Names in texts are none, groups are small.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from huoqun.events import Event
from streams.core.reactions import disagrees
from streams.core.wording import wants_answer

MINUTE, DAY = 60_000, 86_400_000
HALF_HOUR = 30 * MINUTE


@dataclass
class Message:
    event: Event
    author: str
    ts: int
    root: str = ""
    critical: bool = False
    responders: list[str] = field(default_factory=list)

    @property
    def day(self) -> int:
        return self.ts // DAY


class Plain:
    """All that a group's events say, midnight by midnight."""

    def __init__(self, events: Sequence[Event], staff: set[str]) -> None:
        self.staff = staff
        self.first_day = events[0].ts // DAY
        self.said: dict[str, Message] = {}
        self.pairs: dict[int, set[tuple[str, str]]] = defaultdict(set)
        self.valued: Counter[int] = Counter()
        self.deeds: list[tuple[int, str, str]] = []
        self.reacted: dict[str, int] = {}
        self.joined: dict[str, int] = {}
        self.gone: set[str] = set()
        self.known: list[str] = []
        self.layers: dict[str, str] = {}
        self.roles: dict[str, str] = {}
        self.rows: dict[int, dict[str, Any]] = {}
        today = self.first_day
        for event in events:
            while today < event.ts // DAY:
                today += 1
                self.rows[today * DAY] = self.midnight(today)
            self.take(event)
        self.last = today

    def take(self, event: Event) -> None:
        user, day = event.user_id, event.ts // DAY
        new = user not in self.known
        if new:
            self.known.append(user)
        if event.type == "leave":
            self.gone.add(user)
            return
        if event.type == "join" and (user in self.gone or new):
            self.joined[user] = event.ts
        self.gone.discard(user)
        if event.type == "reaction":
            self.reacted[user] = day
            target = self.said.get(event.reply_to)
            if target is not None and target.author != user and event.ts - target.ts <= HALF_HOUR:
                self.respond(target, user, event.ts)
        elif event.type == "message":
            self.message(event)

    def message(self, event: Event) -> None:
        user, ts = event.user_id, event.ts
        linked = bool(event.mentions or event.reply_to)
        targets: list[Message] = []
        if event.reply_to in self.said:
            targets.append(self.said[event.reply_to])
        for named in sorted(set(event.mentions)):
            theirs = [m for m in self.said.values() if m.author == named]
            if theirs and theirs[-1].event.id != event.reply_to:
                targets.append(theirs[-1])
        targets = [m for m in targets if ts - m.ts <= HALF_HOUR]
        if not linked and self.said:
            before = list(self.said.values())[-1]
            if ts - before.ts <= 2 * MINUTE:
                targets.append(before)
        for target in targets:
            if target.author != user:
                self.reply(target, user, ts, linked=linked)
        mine = Message(event, user, ts)
        asks = wants_answer(event.text) or (user not in self.staff and bool(self.staff & set(event.mentions)))
        first = targets[0] if targets else None
        if first is None:
            mine.root = "" if linked else event.id
        elif asks and not linked and first.author != user:
            mine.root = event.id
        else:
            mine.root = first.root
        if first is not None and first.author != user:
            mine.critical = (linked and asks) or disagrees(event.text)
        self.said[event.id] = mine

    def reply(self, target: Message, user: str, ts: int, *, linked: bool) -> None:
        whom = target.author
        if target.critical and not getattr(target, "replied", False):
            self.deeds.append((ts // DAY, target.author, "critique"))
        target.replied = True  # type: ignore[attr-defined]
        self.respond(target, user, ts)
        root = self.said.get(target.root)
        if root is not None and root is not target and root.author != user and ts - root.ts <= HALF_HOUR:
            self.respond(root, user, ts)
            if not linked:
                whom = root.author
        self.pairs[ts // DAY].add((user, whom))

    def respond(self, target: Message, user: str, ts: int) -> None:
        if user in target.responders or len(target.responders) >= 3:
            return
        target.responders.append(user)
        if len(target.responders) == 3:
            if target.author in self.staff or self.layers.get(target.author) in ("core", "leader"):
                self.valued[ts // DAY] += 1
            if target.root == target.event.id:
                self.deeds.append((ts // DAY, target.author, "start"))

    def by_members(self, first: int, last: int) -> Counter[str]:
        """Members' messages of the days from ``first`` to before ``last``."""
        return Counter(m.author for m in self.said.values() if first <= m.day < last and m.author not in self.staff)

    def midnight(self, today: int) -> dict[str, Any]:
        week, two = self.by_members(today - 7, today), self.by_members(today - 14, today - 7)
        ever = self.by_members(0, today - 7)
        row: dict[str, Any] = dict.fromkeys(("same_faces", "new_faces", "value_cadence"))
        if today - self.first_day >= 14 and week:
            row["same_faces"] = sum(u in two for u in week) / len(week)
            row["new_faces"] = sum(n for u, n in week.items() if u not in ever) / sum(week.values())
        if today - self.first_day >= 7:
            row["value_cadence"] = sum(n for d, n in self.valued.items() if d >= today - 7) / 7
        month = [(d, a, b) for d, found in self.pairs.items() for a, b in found if d >= today - 28]
        recent = {(a, b) for d, a, b in month if d >= today - 7}
        before = {(a, b) for d, a, b in month if d < today - 7}
        both = {(a, b) for _, a, b in month}
        either = {frozenset(p) for p in recent}
        row["mesh_index"] = sum(not p & self.staff for p in either) / len(either) if either else None
        row["reciprocity"] = sum((b, a) in recent for a, b in recent) / len(recent) if recent else None
        exchanged = {frozenset(p) for p in both if p[::-1] in both and not set(p) & self.staff}
        row["pairs"] = len(exchanged)
        row["new_pairs"] = len(exchanged - {frozenset(p) for p in before if p[::-1] in before})
        self.cast(today, week)
        return row

    def cast(self, today: int, week: Counter[str]) -> None:
        """Give everybody a role and a layer."""
        deeds = Counter((who, what) for d, who, what in self.deeds if d >= today - 28)
        totals = Counter(what for d, _, what in self.deeds if d >= today - 28)
        spoke = Counter(m.author for m in self.said.values() if today - 28 <= m.day < today)
        left = math.ceil(0.8 * sum(week.values()))
        key: set[str] = set()
        for user in sorted(week, key=lambda u: (-week[u], self.known.index(u))):
            if left > 0:
                key.add(user)
                left -= week[user]
        for user in self.known:
            starts, critiques = deeds[user, "start"], deeds[user, "critique"]
            thinks = starts / totals["start"] if starts >= 2 and starts * 10 >= totals["start"] else 0.0
            doubts = critiques / totals["critique"] if critiques >= 3 and critiques * 20 >= totals["critique"] else 0.0
            if thinks or doubts:
                role = "critic" if doubts > thinks else "thinker"
            elif spoke[user] >= 4:
                role = ""
            elif spoke[user] or self.reacted.get(user, -99) >= today - 28:
                role = "onlooker"
            else:
                new = user in self.joined and today * DAY - self.joined[user] < 7 * DAY
                role = "" if new else "silent"
            layer = "leader" if user in self.staff or role == "thinker" else "core" if user in key else "ordinary"
            here = user not in self.gone
            self.roles[user], self.layers[user] = (role, layer) if here else ("", "")
