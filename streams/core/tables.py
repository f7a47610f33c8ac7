"""The tables of a group by their numbers, and the places of the windows of activity."""

from __future__ import annotations

from typing import Final

QUESTIONS: Final = 0
"""Question -> Asked; over and settled, it is forgotten."""
ALERTS: Final = 1
"""Alert id -> Alert; the same. A row is replaced, never changed."""
ACTIVITY: Final = 2
"""(window, end) -> Activity, until it has been sent."""
RISKS: Final = 3
"""(member, day as ms) -> MemberRisk, until it has been sent."""
ASKERS: Final = 4
"""Member -> their open questions, oldest first."""
NAMES: Final = 5
"""Mark of what an asker may be called -> names with that mark and the askers who are called so, in turn."""
FIRSTS: Final = 6
"""First character -> the names that begin with it and have to be looked for inside words; under ``""`` which there are."""
TABLES: Final = 7
PUBLISHED: Final = 4
"""The tables below this one are sent as results."""

FIVE_MINUTES: Final = 0
"""Places of the windows."""
HOUR: Final = 1
DAY: Final = 2
WEEK: Final = 3
