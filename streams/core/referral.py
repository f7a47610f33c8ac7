"""Invited crowds that stay silent: many people brought by one member within a day, of whom nearly none ever speaks.

Bought members, and members pressed into a group, make its numbers and nothing else. Who invited whom, who stayed, chains
and the K-factor are questions to the store (``dashboards/queries``): they follow from the joins and hurry nobody.

A crowd is judged against the other newcomers of its own group. Where hardly anybody speaks, a silent crowd is no news.
"""

from __future__ import annotations

import math
from typing import Final

from huoqun.results import alert_id
from streams.core import coverage
from streams.core.alerts import close_alert, minutes_text, raise_alert
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS, Crowd, Person

CROWD: Final = 10
"""People brought by one member within :data:`TOGETHER_MS`. With fewer, that nobody speaks may be chance."""
TOGETHER_MS: Final = DAY_MS
JUDGED_DAYS: Final = 3
"""So many days after the last of them joined, the crowd is looked at first: as long as a newcomer gets …"""
WATCHED_DAYS: Final = 14
"""… and so many days after, last. From then on whoever is silent stays so."""
SILENT_SHARE: Final = 0.1
"""Nearly none: at most this share of the crowd has spoken."""
SPEAKS_AGAIN: Final = 0.2
"""At this share the alert is resolved (hysteresis)."""
IMPROBABLE: Final = 0.05
"""How rarely chance would leave so many silent if they were like the group's other newcomers."""
USUAL: Final = 0.3
"""The share of newcomers who speak, before the group has shown its own …"""
USUAL_COMMERCE: Final = 0.1
"""… and where members come to buy."""
USUAL_WEIGHT: Final = 5.0
"""How many newcomers of its own weigh as much as that."""
FILLING_DAYS: Final = 30
"""A group's cold start, in which staff fill it: nobody need be told."""
MOST_CROWDS: Final = 16
MOST_WATCHED: Final = 100
"""Bounds of what is remembered: crowds of a group (the smallest gives way), and people of a crowd."""


def on_join(h: History, event: Arrival, place: int) -> None:
    """Count a person at ``place`` who has joined by invitation of another one."""
    person, inviter, ts = h.people[place], event.inviter_id, event.ts
    if not inviter or inviter == event.user_id or person.is_bot:
        return
    crowds: list[Crowd] = []
    found: Crowd | None = None
    for crowd in h.life.crowds:
        if crowd.inviter == inviter and (crowd.joined < CROWD or ts - crowd.first_ts < TOGETHER_MS):
            found = crowd
        elif crowd.joined >= CROWD or ts - crowd.last_ts < TOGETHER_MS:
            crowds.append(crowd)
    crowds.append(_with(h, found, event, place))
    if len(crowds) > MOST_CROWDS:
        least = 0
        for i in range(1, len(crowds) - 1):  # the last one is the one at hand
            if crowds[i].joined < crowds[least].joined:
                least = i
        del crowds[least]
    h.change_life().crowds = tuple(crowds)


def _with(h: History, crowd: Crowd | None, event: Arrival, place: int) -> Crowd:
    """Return a crowd with one more person, and without those who came too long ago to make one with them."""
    ts = event.ts
    places: list[int] = []
    joined = 1
    name = ""
    first = ts
    raised = False
    if crowd is not None:
        joined += crowd.joined
        name, raised = crowd.event, crowd.raised
        for other in crowd.places:
            if other == place or (not name and h.people[other].joined_at <= ts - TOGETHER_MS):
                joined -= 1
            else:
                places.append(other)
        if places:
            first = crowd.first_ts if name else h.people[places[0]].joined_at
    if len(places) < MOST_WATCHED:
        places.append(place)
    if not name and joined >= CROWD:
        name = event.id
    new = Crowd(event.inviter_id, name, first, ts, tuple(places))
    new.joined, new.raised = joined, raised
    return new


def on_day(h: History, settings: GroupSettings, today: int) -> None:
    """Judge the crowds that are old enough, at midnight UTC of the day ``today``; forget those that are over."""
    if not h.life.crowds:
        return
    at = today * DAY_MS
    kept: list[Crowd] = []
    changed = False
    for crowd in h.life.crowds:
        age = at - crowd.last_ts
        if crowd.joined < CROWD:
            still: Crowd | None = crowd if age < TOGETHER_MS else None
        else:
            still = crowd if age < JUDGED_DAYS * DAY_MS else _judge(h, settings, crowd, at)
        if still is not crowd:
            changed = True
        if still is not None:
            kept.append(still)
    if changed:
        h.change_life().crowds = tuple(kept)


def _spoke(person: Person) -> bool:
    """Whether a person has spoken since joining."""
    return person.last_message_at >= person.joined_at > 0


def _judge(h: History, settings: GroupSettings, crowd: Crowd, at: int) -> Crowd | None:
    """Raise, resolve or expire the alert about a crowd; return it as it is to be remembered, ``None``: not any more."""
    watched = spoke = left = 0
    for place in crowd.places:
        person = h.people[place]
        if crowd.first_ts <= person.joined_at <= crowd.last_ts:  # else they have come again since
            watched += 1
            spoke += _spoke(person)
            left += person.left_at > 0
    key = alert_id("invited_crowd", settings.platform, settings.group_id, _subject(crowd))
    if watched < CROWD or spoke >= SPEAKS_AGAIN * watched:
        close_alert(h, key, at=at, state="resolved", reason=f"已有 {spoke} 人说过话 · {spoke} have spoken")
        return None
    if at - crowd.last_ts >= WATCHED_DAYS * DAY_MS:
        close_alert(h, key, at=at, state="expired", reason="两周后仍沉默 · still silent after two weeks")
        return None
    if crowd.raised or spoke > SILENT_SHARE * watched:
        return crowd
    if not coverage.is_full(h) or not _others_talk(h, crowd) or _fills(h, crowd):
        return crowd
    others, others_spoke = _other_newcomers(h, crowd, at)
    prior = USUAL_COMMERCE if settings.kind == "commerce" else USUAL
    usual = (others_spoke + prior * USUAL_WEIGHT) / (others + USUAL_WEIGHT)
    if at_most(spoke, watched, usual) > IMPROBABLE:
        return crowd
    _raise(h, settings, crowd, at, (watched, spoke, left, others, others_spoke))
    raised = Crowd(crowd.inviter, crowd.event, crowd.first_ts, crowd.last_ts, crowd.places)
    raised.joined, raised.raised = crowd.joined, True
    return raised


def _fills(h: History, crowd: Crowd) -> bool:
    """Whether the crowd is how staff fill a new group."""
    inviter = h.find(crowd.inviter)
    staff = inviter is not None and inviter.is_staff
    return staff and crowd.first_ts - h.life.first_ts < FILLING_DAYS * DAY_MS


def _others_talk(h: History, crowd: Crowd) -> bool:
    """Whether anybody was seen talking since the crowd came: else the silence is the group's, or the source's."""
    since = crowd.first_ts
    return h.head.last_member_message >= since or any(person.last_message_at >= since for person in h.people)


def _other_newcomers(h: History, crowd: Crowd, at: int) -> tuple[int, int]:
    """Return how many others joined in the 28 days before and have had as long, and how many of them have spoken."""
    crowded = set(crowd.places)
    since, until = at - LONG_DAYS * DAY_MS, at - JUDGED_DAYS * DAY_MS
    joined = spoke = 0
    for place in range(len(h.people)):
        person = h.people[place]
        if since <= person.joined_at < until and not person.is_bot and not person.is_staff and place not in crowded:
            joined += 1
            spoke += _spoke(person)
    return joined, spoke


def _raise(h: History, settings: GroupSettings, crowd: Crowd, at: int, counts: tuple[int, int, int, int, int]) -> None:
    watched, spoke, left, others, others_spoke = counts
    inviter = h.find(crowd.inviter)
    who = (inviter.name if inviter is not None else "") or crowd.inviter
    within = minutes_text(max(60_000, crowd.last_ts - crowd.first_ts))
    days = (at - crowd.last_ts) // DAY_MS
    reasons = [
        f"{within} 内拉入 {crowd.joined} 人 · {crowd.joined} joined within {within}",
        f"{days} 天后 {watched} 人中 {spoke} 人说过话 · {spoke} of {watched} have spoken after {days} d",
    ]
    if left:
        reasons.append(f"{left} 人已退群 · {left} have left")
    if others:
        share = others_spoke / others
        reasons.append(f"同期其他新人 {share:.0%} 说过话 · of {others} other newcomers {share:.0%} have")
    raise_alert(
        h,
        settings,
        "invited_crowd",
        _subject(crowd),
        at=at,
        severity="warning",
        user=crowd.inviter,
        event=crowd.event,
        title=f"{who} 拉来 {crowd.joined} 人，几乎都不说话 · {who} brought {crowd.joined} people, and nearly all are silent",
        reasons=reasons,
        evidence={
            "joined": crowd.joined,
            "first_joined_at": crowd.first_ts,
            "last_joined_at": crowd.last_ts,
            "watched": watched,
            "spoke": spoke,
            "left": left,
            "other_newcomers": others,
            "other_newcomers_spoke": others_spoke,
        },
    )


def _subject(crowd: Crowd) -> str:
    return f"{crowd.inviter}@{crowd.event}"


def at_most(count: int, of: int, share: float) -> float:
    """Return the probability that ``count`` or fewer ``of`` so many are among a ``share`` (0 to 1): binomial."""
    if share >= 1.0:
        return 1.0 if count >= of else 0.0
    total, term = 0.0, math.exp(of * math.log1p(-share))
    for k in range(count + 1):
        total += term
        term *= (of - k) / (k + 1) * share / (1.0 - share)
    return min(1.0, total)
