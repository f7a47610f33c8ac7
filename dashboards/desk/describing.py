"""The boards as the page reads them: the same definitions as Grafana's, in one language (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboards.panels import Board, Field, Language, Panel


def described(boards: Sequence[Board], language: Language) -> list[dict[str, Any]]:
    """Return the boards that ask the store, as plain values."""
    return [_board(board, language) for board in boards if any(panel.query for panel in board.panels)]


def _board(board: Board, language: Language) -> dict[str, Any]:
    return {
        "name": board.name,
        "title": board.title.said(language),
        "about": board.about.said(language),
        "variables": board.variables,
        "days": _days(board.since),
        "rows": [
            {
                "title": row.title.said(language),
                "panels": [_panel(panel, language) for panel in row.panels if panel.query],
            }
            for row in board.rows
        ],
    }


def _panel(panel: Panel, language: Language) -> dict[str, Any]:
    return {
        "name": panel.name,
        "title": panel.title.said(language),
        "reading": panel.reading.said(language),
        "shape": panel.shape,
        "x": panel.x,
        "by": panel.by,
        "width": panel.width,
        "height": panel.height,
        "fields": [_field(field, language) for field in panel.fields],
    }


def _field(field: Field, language: Language) -> dict[str, Any]:
    return {
        "column": field.column,
        "title": field.title.said(language),
        "unit": field.unit,
        "levels": field.levels,
        "opens": field.opens,
        "words": {value: text.said(language) for value, text in field.words},
        "width": field.width,
    }


def _days(since: str) -> float:
    """Return how many days back a board looks at first: ``now-28d`` is 28, ``now-3h`` an eighth."""
    number, unit = since.removeprefix("now-")[:-1], since[-1]
    return int(number) / {"d": 1, "h": 24}[unit]
