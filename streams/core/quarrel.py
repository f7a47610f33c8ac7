"""Quarrels: a fast exchange between few people that has turned hostile.

What counts is the turn: an insult that is answered by one, within minutes. Argument without insults, however lively, is
wanted; one who swears at a thing, or insults and is ignored, makes no quarrel yet.
"""

from __future__ import annotations

import re
from typing import Final

from huoqun.results import alert_id
from streams.core.alerts import close_alert, minutes_text, raise_alert
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.hostility import sounds_hostile
from streams.core.settings import GroupSettings
from streams.core.state import MINUTE_MS, NEVER
from streams.core.troubles import Insult, Troubles

EXCHANGE_MS: Final = 5 * MINUTE_MS
"""Hostile messages within this time belong to one exchange."""
TURN_MS: Final = 2 * MINUTE_MS
"""Without a link or a name, a hostile message is meant for the only other person who spoke within this time."""
CALM_MS: Final = 10 * MINUTE_MS
"""A quarrel is over when there has been no hostile message for this long."""
ONE_SIDED: Final = 3
"""So many insults by one to one who goes on talking back are a quarrel too, though only one is hostile."""
MOST_INSULTS: Final = 16
"""Hostile messages that are remembered."""
MOST_PEOPLE: Final = 6
LONGEST: Final = 400
"""Longer texts are essays: insults are short."""

_LAUGHS: Final = re.compile(
    r"哈哈|嘿嘿|😂|🤣|😄|😆|😜|\[(?:捂脸|偷笑|旺柴|狗头|笑哭|呲牙)\]|doge|233|hhh|[hH]aha|\blol\b|\blmao\b|\bxd\b|:-?[Dp)]|;-?\)"
)
"""Who laughs means it as a joke."""


def on_message(h: History, settings: GroupSettings, event: Arrival, place: int, named: list[str]) -> None:
    """See whether a message of the person at ``place`` turns a talk into a quarrel; called before it is counted."""
    text = event.text
    if len(text) < 2 or len(text) > LONGEST or not sounds_hostile(text) or _LAUGHS.search(text) is not None:  # noqa: PLR2004
        return
    to = _meant(h, event, place, named)
    t = h.change_troubles()
    since = event.ts - EXCHANGE_MS
    insults: list[Insult] = [insult for insult in t.insults if insult[0] >= since]
    insults.append((event.ts, event.user_id, to, event.id))
    t.insults = tuple(insults[-MOST_INSULTS:])
    if t.quarrel:
        _goes_on(h, settings, t, event, to)
    elif to:
        _begins(h, settings, t, event, to)


def due(t: Troubles) -> int:
    """Return when the quarrel would be over (ms)."""
    return t.quarrel_last + CALM_MS if t.quarrel else NEVER


def on_time(h: History, settings: GroupSettings, at: int) -> None:
    """Resolve the quarrel if it has been calm for long enough at ``at`` (ms)."""
    t = h.troubles
    if not t.quarrel or due(t) > at:
        return
    calm = minutes_text(CALM_MS)
    key = alert_id("quarrel", settings.platform, settings.group_id, t.quarrel)
    close_alert(h, key, at=at, state="resolved", reason=f"已平静 {calm} · calm for {calm}")
    t = h.change_troubles()
    t.quarrel, t.quarrel_last, t.quarrel_people = "", 0, ()


def _meant(h: History, event: Arrival, place: int, named: list[str]) -> str:
    """Return whom a message is meant for: who is replied to, who is named, or else the only other one who speaks.

    Empty: nobody, or one of several.
    """
    if event.reply_to:
        said = h.recent(event.reply_to, event.ts)
        if said is not None:
            return "" if said.person == place else h.people[said.person].user
    if named:  # the author is none of them
        return named[0]
    other = -1
    for said in reversed(h.said.values()):
        if event.ts - said.ts > TURN_MS:
            break
        if said.person not in (place, other):
            if other >= 0:
                return ""
            other = said.person
    return h.people[other].user if other >= 0 else ""


def _begins(h: History, settings: GroupSettings, t: Troubles, event: Arrival, to: str) -> None:
    by = event.user_id
    mine = theirs = 0
    first = event.ts
    for ts, who, whom, _ in t.insults:
        if who == by and whom == to:
            mine += 1
            first = min(first, ts)
        elif who == to and whom in (by, ""):
            theirs += 1
            first = min(first, ts)
    if not theirs and (mine < ONE_SIDED or not _talks_back(h, event, to, first)):
        return
    t.quarrel, t.quarrel_last = event.id, event.ts
    t.quarrel_people = (to, by) if theirs else (by, to)
    t.quarrel_cause = (first, by, event.id, mine + theirs, event.ts)
    _alert(h, settings, t, event)


def _goes_on(h: History, settings: GroupSettings, t: Troubles, event: Arrival, to: str) -> None:
    people = t.quarrel_people
    for user in (event.user_id, to):
        if user and user not in people and len(people) < MOST_PEOPLE and (to in people or event.user_id in people):
            people = (*people, user)
    t.quarrel_people, t.quarrel_last = people, event.ts
    cause = t.quarrel_cause
    if cause is not None:
        t.quarrel_cause = (cause[0], cause[1], cause[2], cause[3] + 1, event.ts)
    _alert(h, settings, t, event)


def _talks_back(h: History, event: Arrival, user: str, since: int) -> bool:
    for said in reversed(h.said.values()):
        if said.ts < since:
            return False
        if h.people[said.person].user == user and said.ts < event.ts:
            return True
    return False


def _alert(h: History, settings: GroupSettings, t: Troubles, event: Arrival) -> None:
    head = h.change_head()
    head.due_troubles = min(head.due_troubles, due(t))
    cause = t.quarrel_cause
    assert cause is not None, "set when a quarrel begins"
    names: list[str] = []
    for user in t.quarrel_people:
        person = h.find(user)
        names.append((person.name if person is not None else "") or user)
    zh, en = "、".join(names), " and ".join(names) if len(names) < 3 else ", ".join(names)  # noqa: PLR2004
    seconds = max(1, (event.ts - cause[0]) // 1000)
    raise_alert(
        h,
        settings,
        "quarrel",
        t.quarrel,
        at=event.ts,
        severity="critical",
        user=t.quarrel_people[0],
        event=cause[2],
        title=f"{zh} 吵起来了 · {en} are quarrelling",
        reasons=[f"{seconds} 秒内 {cause[3]} 条骂人的话 · {cause[3]} hostile messages within {seconds} s"],
        evidence={"people": list(t.quarrel_people), "hostile": cause[3], "since": cause[0], "last": event.ts},
    )
