"""What drives people away, looked for in one place: advertising, floods, quarrels, broadcasts into silence, leaves."""

from __future__ import annotations

from streams.core import advertising, broadcasts, flood, leaving, quarrel
from streams.core.arrival import Arrival
from streams.core.coverage import FULL
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import Head, Person


def on_message(h: History, settings: GroupSettings, event: Arrival, place: int, named: list[str]) -> None:
    """Look at a person's message; called before it is counted."""
    author = h.people[place]
    full = h.life.coverage == FULL
    if full:
        quarrel.on_message(h, settings, event, place, named)
    if author.is_staff:
        leaving.on_staff_message(h, event)
        if full:
            broadcasts.on_staff_message(h, settings, event, named)
        return
    if h.troubles.calls:
        broadcasts.on_message(h, event, named)
    advertising.on_message(h, settings, event, author)


def on_counted(h: History, settings: GroupSettings, event: Arrival, place: int) -> None:
    """Look at a person's message again, once it has been counted."""
    if h.life.coverage == FULL:
        flood.on_message(h, settings, event, place)


def on_event(h: History, settings: GroupSettings, event: Arrival, person: Person) -> None:
    """Look at what is neither a person's message nor a join nor a leave."""
    if event.kind == "message":
        if h.life.coverage == FULL:
            flood.on_bot(h, settings, event)
    elif event.kind == "reaction":
        if h.troubles.calls and not person.is_staff and not person.is_bot:
            broadcasts.on_reaction(h, event)
    elif event.kind == "delete" and h.troubles.pasted:
        advertising.on_delete(h, settings, event)


def on_return(h: History, settings: GroupSettings, event: Arrival) -> None:
    """Look at a join of somebody who had left."""
    leaving.on_return(h, settings, event)


def on_leave(h: History, head: Head, settings: GroupSettings, event: Arrival) -> None:
    """Look at a leave, which has been counted: whom staff removes does not leave."""
    removed = event.reason in ("kicked", "banned")
    if h.troubles.pasted:
        advertising.on_leave(h, settings, event.user_id, event.ts, removed=removed)
    if not removed:
        leaving.on_leave(h, head, settings, event)


def on_time(h: History, settings: GroupSettings, at: int) -> None:
    """See what is over at ``at`` (ms)."""
    flood.on_time(h, settings, at)
    quarrel.on_time(h, settings, at)
    broadcasts.on_time(h, settings, at)
    t = h.troubles
    h.change_head().due_troubles = min(min(flood.due(t, at), quarrel.due(t)), broadcasts.due(t))  # noqa: PLW3301


def on_day(h: History, settings: GroupSettings, today: int, *, full: bool) -> None:
    """Look at the day that has ended, and been recorded."""
    flood.on_day(h)
    if full:
        broadcasts.on_day(h, settings, today)
