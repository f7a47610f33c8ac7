"""From a community to what the core made of it: its script and its background talk in one order of time, run once."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from huoqun.events import Event
from tests.golden.scenarios import communities
from tests.golden.scenarios.judge import Outcome, play
from tests.golden.scenarios.language import DAY, DAY_ONE, HOUR, Community

Script = Callable[[Community], None]


def scripts() -> dict[str, Script]:
    """Return all communities: name -> the function that tells of it, in the order of the files."""
    found: dict[str, Script] = {}
    for module in sorted(pkgutil.iter_modules(communities.__path__), key=lambda m: m.name):
        room = importlib.import_module(f"{communities.__name__}.{module.name}")
        for name, script in vars(room).items():
            if callable(script) and not name.startswith("_") and getattr(script, "__module__", "") == room.__name__:
                if name in found:
                    raise ValueError(f"two communities are called {name}")
                found[name] = script
    return found


@cache
def community(name: str, luck: int = 0) -> Community:
    """Return a community with its script told and its expectations known."""
    script = scripts()[name]
    told = Community(name, (script.__doc__ or "").strip(), luck)
    script(told)
    told.finish()
    return told


def events_of(told: Community) -> list[Event]:
    """Return script and background talk in the order of time."""
    everything = [*told.events, *(event for made in told.later for event in made())]
    return sorted(everything, key=lambda event: (event.ts, len(event.id), event.id))


def end_of(told: Community, events: list[Event]) -> int:
    """Return until when time passes: a midnight after all that is told and expected."""
    return (max(told.ends, events[-1].ts) - DAY_ONE) // DAY * DAY + DAY_ONE + DAY + 9 * HOUR


@cache
def outcome(name: str, luck: int = 0) -> Outcome:
    """Return what the core made of a community."""
    told = community(name, luck)
    events = events_of(told)
    return play(told.config(), events, end_of(told, events))
