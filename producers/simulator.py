"""Chat communities that never were, for demos and for load: the sample community's story, and a model of any size.

Everything from here is labelled: ``source`` says ``simulated`` until the gateway puts its own source's name there, and
``extra.simulated`` is true for good.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from random import Random
from typing import Any, Final, NamedTuple

from producers.sample.planted import Planted
from producers.sample.script import STAFF, Book, Line, Person, book, parse_talk, telling
from producers.sample.stage import DAY, HOUR, HOURLY, MINUTE, SECOND, SHANGHAI_OFFSET, simulated
from producers.sample.story import tell

DEFAULT_SEED: Final = 7


def sample_community(end_ms: int, seed: int = DEFAULT_SEED) -> list[dict[str, Any]]:
    """Return the sample community's canonical events in order of time, the last at ``end_ms`` (ms since the epoch).

    Three groups, about 1,200 events: one that forms over five days, one that is steady and one that fades, the latter
    two with five weeks of history. The same arguments give the same events with the same ids.
    """
    return tell(end_ms, seed).events


def planted(end_ms: int, seed: int = DEFAULT_SEED) -> Planted:
    """Return what :func:`sample_community` with the same arguments holds on purpose, by id."""
    return tell(end_ms, seed).planted


class Model(NamedTuple):
    """A modelled community: how large, how lively, and how it treats its questions. Rates are a day."""

    end_ms: int
    days: float = 7
    groups: int = 3
    members: int = 60
    """In each group, at the start."""
    seed: int = DEFAULT_SEED
    messages_per_member: float = 0.8
    joins_per_member: float = 0.01
    leaves_per_member: float = 0.006
    gone_quiet_per_member: float = 0.004
    left_alone: float = 0.12
    """Share of talks that nobody joins: their first message, often a question, stays without an answer."""
    hello: float = 0.5
    """Share of newcomers who say hello."""
    welcomed: float = 0.8
    """Share of hellos that draw a welcome."""
    median_reply_seconds: float = 45.0


def simulate(model: Model) -> Iterator[dict[str, Any]]:
    """Yield the model's events in order of time, up to ``end_ms``; memory does not grow with the number of days."""
    groups = (_ModelledGroup(model, number).events() for number in range(model.groups))
    return heapq.merge(*groups, key=lambda event: (event["ts"], event["group_id"], event["id"]))


_BOOKS: Final = ("balcony", "runners", "market")
_ZIPF: Final = 1.1
_REPLY_SPREAD: Final = 0.9
"""Sigma of the log-normal delay of a reply: most come within a minute or two, some after a quarter of an hour."""
_NAMES_ZH: Final = ("小", "老", "阿", "大"), ("禾", "舟", "墨", "橘", "松", "雨", "北", "果", "麦", "石", "川", "宁")
_NAMES_EN: Final = (
    ("Al", "Be", "Cor", "Da", "El", "Fin", "Ho", "Jo", "Ka", "Lu"),
    ("ma", "ren", "vi", "do", "ley", "na", "ric"),
)


class _ModelledGroup:
    """One group of the model, an hour at a time."""

    def __init__(self, model: Model, number: int) -> None:
        self._model = model
        self._rng = Random(f"{model.seed}/{number}")  # noqa: S311  # a model, no secret
        self._book: Book = book(_BOOKS[number % len(_BOOKS)])
        self._talks = [parse_talk(t) for t in self._book.talks.general]
        self._group_id = f"sim-{model.seed}-{number}"
        self._id_start = f"{self._group_id}-{model.end_ms // SECOND:x}"
        self._liveliness = self._rng.lognormvariate(0, 0.5)
        self._fade_days = self._rng.choice((math.inf, math.inf, max(model.days / 2, 1)))
        self._due: list[tuple[int, int, dict[str, Any]]] = []
        self._count = 0
        self._people = 0
        self._talkers: list[Person] = []
        self._quiet: list[Person] = []
        self._staff = [self._newcomer(), self._newcomer()]
        self._talkers = [self._newcomer() for _ in range(max(model.members - len(self._staff), 0))]

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the group's events in order of time."""
        model, rng = self._model, self._rng
        start = model.end_ms - round(model.days * DAY)
        self._plan(start, "member_count", None, count=len(self._staff) + len(self._talkers))
        total = sum(HOURLY)
        hour = start
        while hour < model.end_ms:
            share = HOURLY[(hour + SHANGHAI_OFFSET) // HOUR % 24] / total
            present = len(self._talkers) + len(self._quiet)
            fading = math.exp(-(hour - start) / DAY / self._fade_days)
            messages = model.messages_per_member * present * self._liveliness * fading * share
            lines = sum(map(len, self._talks)) / len(self._talks)
            for _ in range(poisson(rng, messages / lines)):
                self._talk(hour + rng.randrange(HOUR))
            for _ in range(poisson(rng, model.joins_per_member * present * share)):
                self._join(hour + rng.randrange(HOUR))
            for _ in range(poisson(rng, model.leaves_per_member * present * share)):
                self._leave(hour + rng.randrange(HOUR))
            for _ in range(poisson(rng, model.gone_quiet_per_member * present * share)):
                if self._talkers:
                    self._quiet.append(self._talkers.pop(rng.randrange(len(self._talkers))))
            hour += HOUR
            while self._due and self._due[0][0] < min(hour, model.end_ms + 1):
                yield heapq.heappop(self._due)[2]
        while self._due and self._due[0][0] <= model.end_ms:
            yield heapq.heappop(self._due)[2]

    def _talk(self, at: int) -> None:
        lines = self._rng.choice(self._talks)
        cast = self._cast(lines)
        if cast is None:
            return
        told = telling(lines, self._book.fill, self._rng)
        if self._rng.random() < self._model.left_alone:
            told = told[:1]
        said: list[str] = []
        for line in told:
            text, mentions = line.text, []
            if line.mentions:
                whom = cast[line.mentions]
                text, mentions = f"@{whom.name} {text}", [whom.user_id]
            target = said[line.replies_to - 1] if line.replies_to is not None else ""
            said.append(self._plan(at, "message", cast[line.speaker], text=text, mentions=mentions, reply_to=target))
            at += self._delay()

    def _cast(self, lines: list[Line]) -> dict[str, Person] | None:
        letters = sorted({line.speaker for line in lines} | {line.mentions for line in lines if line.mentions})
        if len(self._talkers) < len(letters):
            return None
        cast: dict[str, Person] = {}
        for letter in letters:
            if letter == STAFF:
                cast[letter] = self._rng.choice(self._staff)
                continue
            who = self._talkers[self._rank()]
            while who in cast.values():
                who = self._talkers[self._rng.randrange(len(self._talkers))]
            cast[letter] = who
        return cast

    def _rank(self) -> int:
        """Draw a member by Zipf's law (continuous approximation): the first of the list say most."""
        bound = len(self._talkers) + 1
        power = 1 - _ZIPF
        return min(int((1 + self._rng.random() * (bound**power - 1)) ** (1 / power)) - 1, len(self._talkers) - 1)

    def _join(self, at: int) -> None:
        rng = self._rng
        who = self._newcomer()
        inviter = rng.choice(self._talkers) if self._talkers and rng.random() < 0.5 else self._staff[0]  # noqa: PLR2004  # half are brought by members
        self._plan(at, "join", who, inviter_id=inviter.user_id)
        if rng.random() >= self._model.hello or "hello" not in self._book.lines:
            self._quiet.append(who)
            return
        at += MINUTE + self._delay()
        hello = self._plan(at, "message", who, text=self._book.line("hello", rng, name=who.name))
        if rng.random() < self._model.welcomed:
            welcome = self._book.line("welcome_staff", rng, name=who.name)
            self._plan(at + self._delay(), "message", rng.choice(self._staff), text=welcome, reply_to=hello)
        self._talkers.append(who)

    def _leave(self, at: int) -> None:
        people = self._quiet if self._quiet and self._rng.random() < 0.7 else self._talkers  # noqa: PLR2004  # mostly the silent go
        if people:
            who = people.pop(self._rng.randrange(len(people)))
            # After whatever this person still had to say in the talks already planned.
            self._plan(
                max([at, *(t + SECOND for t, _, e in self._due if e.get("user_id") == who.user_id)]),
                "leave",
                who,
                reason="left",
            )

    def _delay(self) -> int:
        return round(self._rng.lognormvariate(math.log(self._model.median_reply_seconds), _REPLY_SPREAD) * SECOND)

    def _newcomer(self) -> Person:
        self._people += 1
        first, last = _NAMES_EN if self._book.name.isascii() else _NAMES_ZH
        name = f"{self._rng.choice(first)}{self._rng.choice(last)}{self._people}"
        return Person(f"{self._group_id}-m{self._people}", name)

    def _plan(self, at: int, kind: str, who: Person | None, **fields: Any) -> str:
        self._count += 1
        event_id = f"{self._id_start}-{self._count}"
        user = {} if who is None else {"user_id": who.user_id, "user_name": who.name, "is_staff": who in self._staff}
        event = simulated(
            {
                "id": event_id,
                "type": kind,
                "ts": at,
                "platform": self._book.platform,
                "group_id": self._group_id,
                "group_name": f"{self._book.name} {self._group_id.rpartition('-')[2]}",
                **user,
                **fields,
            }
        )
        heapq.heappush(self._due, (at, self._count, event))
        return event_id


def poisson(rng: Random, mean: float) -> int:
    """Draw from a Poisson distribution; by the normal approximation where the mean is large."""
    if mean > 50:  # noqa: PLR2004  # the product below would underflow, and the difference is nothing here
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count
