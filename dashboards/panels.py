"""What a panel and a board are: one definition, from which Grafana's dashboards and the desk's pages are made.

A panel asks one question of :mod:`dashboards.queries` (or Prometheus some expressions) and says how its columns are shown,
in Chinese and English. Nothing here knows of Grafana or of a browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")

Shape = Literal["lines", "steps", "bars", "stacked", "numbers", "table", "matrix", "curves"]
"""Over time: ``lines``, ``steps`` (a value holds until the next), ``bars``, ``stacked``. ``numbers``: one row, each column a
figure. ``matrix``: a table whose cells are coloured by their value. ``curves``: lines over a number (``x``), such as an age in
weeks."""
Unit = Literal["count", "share", "seconds", "time", "text", "decimal", "per_second", "bytes"]
"""``share`` is 0 to 1 and shown in percent; ``time`` is a moment."""
Level = Literal["good", "warning", "bad", "plain"]


class Text(NamedTuple):
    """The same words in Chinese and English."""

    zh: str
    en: str

    def said(self, language: Language) -> str:
        """Return it in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A column of the answer, as it is shown. ``levels``: from which value on it is good, a warning or bad, ascending."""

    column: str
    title: Text
    unit: Unit = "count"
    levels: tuple[tuple[float | None, Level], ...] = ()
    opens: Literal["", "community"] = ""
    """What a click on it opens; the answer has the columns ``platform`` and ``group_id`` then."""
    words: tuple[tuple[str, Text], ...] = ()
    """Words for the values, where the value is one of few."""
    width: int = 0
    """In a table, in pixels; 0: as it comes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A Prometheus expression and what its series are called (``{{label}}`` stands for a label)."""

    expression: str
    legend: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One picture. Either ``query`` (a file of :mod:`dashboards.queries`) or ``metrics`` says what it draws."""

    name: str
    """Unique in all boards."""
    title: Text
    reading: Text
    """How to read it, and when to worry."""
    shape: Shape
    query: str = ""
    metrics: tuple[Metric, ...] = ()
    x: str = ""
    """The column of the horizontal axis: ``day`` (a local day), a moment, or for ``curves`` a number."""
    by: str = ""
    """The column whose values are the series; empty: each field is a series."""
    fields: tuple[Field, ...] = ()
    unit: Unit = "count"
    """Of ``metrics``."""
    width: int = 12
    """Of 24."""
    height: int = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A heading and the panels below it."""

    title: Text
    panels: tuple[Panel, ...]


Variable = Literal["platforms", "kinds", "groups", "community", "zone"]
"""What a board lets its reader choose: several platforms, kinds and groups, or one community; and whose days are drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """A dashboard: rows of panels with one choice of communities and one time range."""

    name: str
    title: Text
    about: Text
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ("platforms", "kinds", "groups", "zone")
    since: str = "now-28d"
    refresh: str = "1m"
    alerts: bool = True
    """Whether alerts are drawn into its pictures as marks."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All of its panels, in order."""
        return tuple(panel for row in self.rows for panel in row.panels)
