"""A row of the table: a figure with its interval, what is asked of it, and how long it took. Pure."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from bench.table import Target, number

WITHOUT: Final = "–"


class Figure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One figure, or why there is none (``absent``).

    ``low`` and ``high`` are a 95 % bootstrap interval. ``met`` is ``None`` without a target, and where what was measured is not
    the case that the target is for (a quick run): the remark says so then. ``beside`` are figures that belong next to it.
    """

    name: str
    on: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    of: int = 0
    """For a count: out of how many."""
    asked: str = ""
    met: bool | None = None
    beside: str = ""
    remark: str = ""
    absent: str = ""
    failed: bool = False
    """It is absent though it was tried."""
    seconds: float = 0.0
    commit: str = ""
    date: str = ""


def figure(
    name: str,
    on: str,
    value: float,
    *,
    interval: tuple[float, float] | None = None,
    n: int,
    target: Target | None = None,
    judge: bool = True,
    beside: str = "",
    remark: str = "",
    seconds: float = 0.0,
) -> Figure:
    """Return the row of a value; one that is not defined (``nan``) is absent."""
    asked = "" if target is None else target.text("").strip()
    if math.isnan(value):
        why = "not defined: the rows are all of one kind, or there are none"
        return Figure(name=name, on=on, n=n, asked=asked, absent=why, remark=remark, seconds=seconds)
    low, high = (None, None) if interval is None or math.isnan(interval[0]) else interval
    return Figure(
        name=name,
        on=on,
        value=value,
        low=low,
        high=high,
        n=n,
        asked=asked,
        met=target.met(value) if target is not None and judge else None,
        beside=beside,
        remark=remark,
        seconds=seconds,
    )


def absent(name: str, on: str, why: str, target: Target | None = None) -> Figure:
    """Return the row of something that could not be measured."""
    asked = "" if target is None else target.text("").strip()
    return Figure(name=name, on=on, asked=asked, absent=" ".join(why.split())[:300] or "no reason given")


def failed(name: str, on: str, why: str, target: Target | None = None) -> Figure:
    """Return the row of something that was tried and gave no figure."""
    return msgspec.structs.replace(absent(name, on, why, target), failed=True)


def value_text(row: Figure) -> str:
    """Return the value for people: ``0.862``, or ``41 of 42``."""
    if row.value is None:
        return WITHOUT
    return f"{number(row.value)} of {number(row.of)}" if row.of else digits(row.value)


def interval_text(row: Figure) -> str:
    """Return the interval for people."""
    return "" if row.low is None or row.high is None else f"{digits(row.low)} to {digits(row.high)}"


def digits(value: float) -> str:
    """Return a value with three digits behind the point, fewer when it is large."""
    return f"{value:.3f}" if abs(value) < 10 else number(value)
