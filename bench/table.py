"""The table of figures: what a row is, how it is judged against its target, and how two tables compare.

Pure. A benchmark module has ``rows(quick: bool) -> list[Row]`` and makes its rows with :func:`measured`
and :func:`failed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, Literal

import msgspec

RATIO: Final = "x"
"""The unit of a ratio of two things measured side by side, more being better: what the smoke test compares."""

TOLERANCE: Final = 1 / 3
"""How much of a kept ratio may be lost before it counts as fallen."""


class Target(msgspec.Struct, frozen=True):
    """What the issue asks for: ``sense`` says on which side of ``limit`` (in the row's unit) it is met."""

    sense: Literal["least", "most"]
    limit: float

    def met(self, figure: float) -> bool:
        """Return whether ``figure`` meets it."""
        return figure >= self.limit if self.sense == "least" else figure <= self.limit

    def text(self, unit: str) -> str:
        """Return it for people: ``≥ 20 x``."""
        return f"{'≥' if self.sense == 'least' else '≤'} {number(self.limit)} {unit}"


def at_least(limit: float) -> Target:
    """Return the target that a figure reaches from below."""
    return Target("least", limit)


def at_most(limit: float) -> Target:
    """Return the target that a figure must not pass."""
    return Target("most", limit)


class Row(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure: the median of ``n`` runs with the least and the greatest, or why there is none.

    ``name`` identifies the row from one table to the next. ``met`` is ``None`` without a target, and where the run was not the
    case that the target is for (a quick run, a smaller world): the note says so then.
    """

    name: str
    unit: str
    median: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    target: str = ""
    met: bool | None = None
    note: str = ""
    failure: str = ""
    """Why there is no figure though it was tried."""
    commit: str = ""
    date: str = ""


def measured(
    name: str, unit: str, figures: Sequence[float], target: Target | None = None, *, judge: bool = True, note: str = ""
) -> Row:
    """Return the row of ``figures`` (at least one). Its median is what the target judges, unless ``judge`` is false."""
    middle = median(figures)
    return Row(
        name=name,
        unit=unit,
        median=middle,
        low=min(figures),
        high=max(figures),
        n=len(figures),
        target="" if target is None else target.text(unit),
        met=target.met(middle) if target is not None and judge else None,
        note=note,
    )


def failed(name: str, unit: str, reason: str, target: Target | None = None) -> Row:
    """Return the row of something that was tried and gave no figure."""
    text = "" if target is None else target.text(unit)
    return Row(name=name, unit=unit, target=text, failure=" ".join(reason.split())[:300] or "no reason given")


def ratios(of: Sequence[float], to: Sequence[float]) -> list[float]:
    """Return the ratio of each round: what was measured side by side is compared side by side."""
    return [a / b for a, b in zip(of, to, strict=True)]


def number(figure: float) -> str:
    """Return a figure with three digits that count, and thousands apart."""
    size = abs(figure)
    if size >= 100:
        return f"{figure:,.0f}"
    text = f"{figure:.1f}" if size >= 10 else f"{figure:.2f}" if size >= 1 else f"{figure:.3g}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Fallen(msgspec.Struct, frozen=True):
    """A ratio that lost more than is tolerated."""

    name: str
    kept: float
    now: float | None

    def text(self) -> str:
        """Return it for people."""
        now = "nothing" if self.now is None else f"{number(self.now)} x"
        return f"{self.name}: {now}, kept is {number(self.kept)} x"


def fallen(kept: Iterable[Row], now: Iterable[Row], tolerance: float = TOLERANCE) -> list[Fallen]:
    """Return the ratios of ``now`` that are more than ``tolerance`` below what was ``kept``, and those that failed.

    Ratios that were kept and not measured now are left alone, as are new ones: there is nothing to compare.
    """
    before = {row.name: row.median for row in kept if row.unit == RATIO and row.median is not None}
    found = []
    for row in now:
        was = before.get(row.name)
        if was is None:
            continue
        if row.median is None or row.median < was * (1 - tolerance):
            found.append(Fallen(row.name, was, row.median))
    return found


def merged(kept: Sequence[Row], new: Iterable[Row]) -> list[Row]:
    """Return ``kept`` with the rows of ``new`` in place of those of the same name, and the others behind."""
    fresh = {row.name: row for row in new}
    return [fresh.pop(row.name, row) for row in kept] + list(fresh.values())
