"""What any simulated group needs: joining with a hello and a welcome, and talk that fills the days."""

from __future__ import annotations

from typing import Any

from producers.sample.script import Line, Person, parse_talk
from producers.sample.stage import DAY, HOUR, MINUTE, SECOND, Stage, local_midnight, rhythm_times, simulated

LONGEST_TALK: int = 7 * MINUTE
"""No talk in the dialogue files takes longer: five lines, with at most a minute and a quarter between them."""


class Presence:
    """Who takes part in the talk, from when to when."""

    def __init__(self) -> None:
        self._spans: list[tuple[Person, int, int, bool]] = []

    def add(self, who: Person, since: int, *, until: int = 1 << 62, english: bool = False) -> None:
        """Let someone take part from ``since`` on, and not after ``until``."""
        self._spans.append((who, since, until, english))

    def at(self, when: int, *, english: bool) -> list[Person]:
        """Return who takes part now and for the length of a talk: those who write English, or those who do not."""
        return [
            p for p, since, until, en in self._spans if en is english and since <= when and when + LONGEST_TALK < until
        ]


def arrive(stage: Stage, at: int, who: Person, *, inviter: Person | None = None, bot_greets: bool) -> None:
    """Let someone join, greeted by the group's bot if it has one that greets."""
    stage.do(at, "join", who, inviter_id="" if inviter is None else inviter.user_id)
    if bot_greets:
        bot = stage.book.people.bot
        stage.say(at + 4 * SECOND, bot, stage.book.line("bot_welcome", stage.rng, name=who.name), at_whom=who)


def introduce(stage: Stage, at: int, who: Person, welcomers: list[Person], *, english: bool = False) -> int:
    """Play a newcomer's hello and the welcome it draws within two minutes; return when it was over."""
    rng, people = stage.rng, stage.book.people
    at = stage.calendar.take(at, 5 * MINUTE)
    hello = stage.say(at, who, stage.book.line("hello_en" if english else "hello", rng, name=who.name))
    soon = at + rng.randint(25, 110) * SECOND
    member = rng.choice(welcomers) if welcomers and rng.random() < 0.4 else None  # noqa: PLR2004  # the rest is staff's work
    if member is not None and not english:
        stage.say(soon, member, stage.book.line("welcome_member", rng, name=who.name), reply_to=hello)
    else:
        greeter = rng.choice((people.owner, people.admin))
        kind = "welcome_en" if english else "welcome_staff"
        stage.say(soon, greeter, stage.book.line(kind, rng, name=who.name), reply_to=hello)
    if rng.random() < 0.35:  # noqa: PLR2004  # a third say thank you
        stage.react(soon + rng.randint(20, 80) * SECOND, who, hello, "👋")
    return at + 5 * MINUTE


def chatter(
    stage: Stage, presence: Presence, start: int, end: int, *, talks_a_day: float, singles_a_day: float
) -> None:
    """Fill the free time between ``start`` and ``end`` with talk, and with good mornings and good nights."""
    rng, talks = stage.rng, stage.book.talks
    general, english = [parse_talk(t) for t in talks.general], [parse_talk(t) for t in talks.english]
    deck: list[list[Line]] = []
    for at in rhythm_times(rng, start, end - LONGEST_TALK, talks_a_day):
        if not stage.calendar.is_free(at, LONGEST_TALK):
            continue
        if not deck:  # every talk comes up once before any comes up again
            deck = [*general, *english]
            rng.shuffle(deck)
        lines = deck.pop()
        cast = stage.cast(lines, presence.at(at, english=False), presence.at(at, english=True))
        if cast is not None:
            stage.calendar.take(at, LONGEST_TALK)
            stage.talk(at, lines, cast)
    midnight = local_midnight(start)
    while midnight < end:
        for _ in range(int(singles_a_day) + (rng.random() < singles_a_day % 1)):
            early = rng.random() < 0.6  # noqa: PLR2004  # more people greet the day than close it
            at = midnight + (7 * HOUR if early else 22 * HOUR) + rng.randrange(90 * MINUTE)
            present = presence.at(at, english=False)
            if present and start <= at < end and stage.calendar.is_free(at, MINUTE):
                stage.calendar.take(at, MINUTE)
                stage.say(at, rng.choice(present), stage.book.line("morning" if early else "night", rng))
        midnight += DAY


def count_members(stage: Stage, times: list[int], before: int) -> None:
    """Let the platform tell the number of members at these times; ``before`` is how many were there at the start."""
    changes = sorted(
        (e["ts"], 1 if e["type"] == "join" else -1) for e in stage.events if e["type"] in ("join", "leave")
    )
    for number, at in enumerate(times):
        count = before + sum(change for when, change in changes if when <= at)
        event: dict[str, Any] = {
            "id": f"{stage.book.group_id}-{stage.tag}-count-{number}",
            "type": "member_count",
            "ts": at,
            "count": count,
            "platform": stage.book.platform,
            "group_id": stage.book.group_id,
            "group_name": stage.book.name,
        }
        stage.events.append(simulated(event))
