"""The stage of a simulated group: what is said and done on it becomes canonical events."""

from __future__ import annotations

from bisect import insort
from random import Random
from typing import Any, Final

from producers.sample.script import STAFF, Book, Line, Person, telling

SECOND: Final = 1000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
SHANGHAI_OFFSET: Final = 8 * HOUR
"""China keeps one time zone and no summer time."""

SOURCE: Final = "simulated"

HOURLY: Final = (8, 3, 1, 1, 1, 2, 5, 18, 28, 26, 28, 30, 45, 32, 18, 18, 22, 28, 36, 55, 75, 78, 50, 22)
"""How much is said in each local hour of a day, relatively: a small peak at lunch, a large one in the evening."""


def local_midnight(at: int) -> int:
    """Return the start of the local day (Asia/Shanghai) that holds ``at``."""
    return (at + SHANGHAI_OFFSET) // DAY * DAY - SHANGHAI_OFFSET


def simulated(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with the label that every simulated event carries, without the fields that say nothing."""
    kept = {name: value for name, value in event.items() if value not in ("", [], None, False)}
    return {**kept, "source": SOURCE, "extra": {"simulated": True}}


class Calendar:
    """When the stage is taken, so that scenes do not run into each other."""

    def __init__(self) -> None:
        self._taken: list[tuple[int, int]] = []

    def take(self, start: int, length: int) -> int:
        """Take ``length`` ms from the first free moment at or after ``start``; return that moment."""
        for begun, ended in self._taken:
            if ended <= start:
                continue
            if start + length <= begun:
                break
            start = ended
        insort(self._taken, (start, start + length))
        return start

    def is_free(self, start: int, length: int) -> bool:
        """Tell whether nothing is on for ``length`` ms from ``start``."""
        return all(ended <= start or start + length <= begun for begun, ended in self._taken)


class Stage:
    """One group's events, in the making. ``tag`` makes the ids unique to one telling of the story."""

    def __init__(self, book: Book, rng: Random, tag: str) -> None:
        self.book = book
        self.rng = rng
        self.calendar = Calendar()
        self.events: list[dict[str, Any]] = []
        self.staff = {book.people.owner.user_id, book.people.admin.user_id}
        self.tag = tag
        self._names: dict[str, str] = {}

    def do(self, at: int, kind: str, who: Person | None, **fields: Any) -> str:
        """Add one event of any kind; return its id."""
        number = len(self.events) + 1
        event_id = f"{self.book.group_id}-{self.tag}-{number:04d}"
        user = (
            {}
            if who is None
            else {
                "user_id": who.user_id,
                "user_name": who.name,
                "is_staff": who.user_id in self.staff,
                "is_bot": who == self.book.people.bot,
            }
        )
        self.events.append(
            simulated(
                {
                    "id": event_id,
                    "type": kind,
                    "ts": at,
                    "platform": self.book.platform,
                    "group_id": self.book.group_id,
                    "group_name": self.book.name,
                    **user,
                    **fields,
                }
            )
        )
        return event_id

    def say(self, at: int, who: Person, text: str, *, reply_to: str = "", at_whom: Person | None = None) -> str:
        """Add a message; ``at_whom`` is mentioned, in the text and by id."""
        if at_whom is not None:
            text = f"@{at_whom.name} {text}"
        mentions = [] if at_whom is None else [at_whom.user_id]
        return self.do(at, "message", who, text=text, reply_to=reply_to, mentions=mentions)

    def react(self, at: int, who: Person, target: str, emoji: str) -> None:
        """Add a reaction to a message."""
        self.do(at, "reaction", who, text=emoji, reply_to=target)

    def talk(self, at: int, lines: list[Line], cast: dict[str, Person]) -> int:
        """Play a talk from ``at``; return when it ended. Lines follow each other within 12 to 75 s."""
        said: list[str] = []
        for line in telling(lines, self.book.fill, self.rng):
            who = cast[line.speaker]
            target = said[line.replies_to - 1] if line.replies_to is not None else ""
            whom = cast[line.mentions] if line.mentions else None
            said.append(self.say(at, who, line.text, reply_to=target, at_whom=whom))
            if self.rng.random() < 0.08:  # noqa: PLR2004  # one message in twelve gets a heart
                fan = cast[self.rng.choice(sorted(cast))]
                if fan != who:
                    self.react(
                        at + self.rng.randint(5, 50) * SECOND, fan, said[-1], self.rng.choice(("👍", "❤️", "😂", "🌱"))
                    )
            at += self.rng.randint(12_000, 75_000)
        return at

    def cast(self, lines: list[Line], present: list[Person], english: list[Person]) -> dict[str, Person] | None:
        """Choose who plays the talk: those first in ``present`` talk most. ``None``: not enough people are there."""
        letters = sorted({line.speaker for line in lines} | {line.mentions for line in lines if line.mentions})
        chosen: dict[str, Person] = {}
        people = self.book.people
        for letter in letters:
            if letter == STAFF:
                chosen[letter] = self.rng.choice((people.owner, people.owner, people.admin))
                continue
            pool = [p for p in (english if letter == "e" else present) if p not in chosen.values()]
            if not pool:
                return None
            weights = [1 / (rank + 1.5) for rank in range(len(pool))]
            chosen[letter] = self.rng.choices(pool, weights)[0]
        return chosen

    def finished(self, end: int) -> list[dict[str, Any]]:
        """Return the events up to ``end``, in order of time, after making sure that no two in the group share an id."""
        return sorted((e for e in self.events if e["ts"] <= end), key=lambda e: (e["ts"], e["id"]))


def rhythm_times(rng: Random, start: int, end: int, a_day: float) -> list[int]:
    """Return about ``a_day`` moments a day between ``start`` and ``end``, where people of this time zone are awake."""
    times: list[int] = []
    midnight = local_midnight(start)
    total = sum(HOURLY)
    while midnight < end:
        for hour, weight in enumerate(HOURLY):
            expected = a_day * weight / total
            count = int(expected) + (rng.random() < expected % 1)
            times += [midnight + hour * HOUR + rng.randrange(HOUR) for _ in range(count)]
        midnight += DAY
    return sorted(t for t in times if start <= t < end)
