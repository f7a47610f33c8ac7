"""Groups as they usually are, for communities in which something happens to them."""

from __future__ import annotations

from tests.golden.scenarios.language import Community
from tests.golden.scenarios.talk import STAFF, USUAL, Person, people

NEIGHBOURS = [
    Person("阿梅", 2.0, "help"),
    Person("老周", 2.0, "help"),
    Person("小林", 1.5, "think"),
    Person("大刘", 1.2, "doubt"),
    *people("小何 阿珍 老吴 豆豆 晓雯 建国 雅婷 阿杰", likes="ask"),
]
"""A settled group's talkers: two helpers, one who opens topics, one who doubts, eight who ask and chat."""
MIXED = {**USUAL, STAFF: 0.7}
"""A settled group where staff takes part."""


def settled(
    c: Community,
    days: int,
    *,
    members: int = 120,
    a_day: float = 7.0,
    before: float | None = None,
    links: float = 0.8,
    staff: str = "群主",
    **settings: object,
) -> None:
    """Let a settled group of neighbours talk about their balconies for so many days, ``before`` the last nine of them less.

    Who talks when is left to chance, so one or another may well be silent for days: whether that is a risk is for other
    communities to tell.
    """
    c.tolerate("member_at_risk")
    c.group(members=members, staff=staff, **settings)  # type: ignore[arg-type]
    leads = [Person(name, 1.0, "lead") for name in staff.split()]
    cast = [*NEIGHBOURS, *leads]
    if before is not None:
        c.talk((1, days - 9), cast, a_day=before, mix=MIXED, links=links)
    c.talk((1 if before is None else days - 8, days), cast, a_day=a_day, mix=MIXED, links=links)


def old(c: Community, **settings: object) -> None:
    """Let a group be 33 days old and write more than twenty lines a day: it is past its cold start, and has been cheap to tell."""
    settled(c, 33, a_day=9, before=1.5, **settings)  # type: ignore[arg-type]


def lurkers(count: int, name: str = "潜水") -> list[str]:
    """Return so many people of whom the platform knew and we did not."""
    return [f"{name}{number}" for number in range(1, count + 1)]


def names(what: str, count: int) -> list[str]:
    """Return so many names of one sort."""
    return [f"{what}{chr(ord('A') + number % 26)}{number // 26 or ''}" for number in range(count)]
