"""A board as a Grafana dashboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    GridPos,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.grafana.pictures import picture
from dashboards.grafana.query import PLUGIN, STORE, ClickHouseQuery, ClickHouseQueryBuilder, with_variables
from dashboards.panels import Board, Language, Text, Variable
from dashboards.queries import shipped
from dashboards.words import KINDS

ZONES: Final = (
    "Asia/Shanghai",
    "UTC",
    "Asia/Tokyo",
    "Asia/Singapore",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
)
"""Whole hours from UTC, all: days are made of hours."""
ALL: Final = "''"
"""What "all" stands for in the SQL: see :mod:`dashboards.queries`."""
COLUMNS: Final = 24
QUERIES: Final = shipped()
_NAMES: Final[dict[str, Text]] = {
    "platforms": Text("平台", "Platform"),
    "kinds": Text("群类型", "Kind"),
    "groups": Text("群", "Group"),
    "platform": Text("平台", "Platform"),
    "group": Text("群", "Group"),
    "zone": Text("时区", "Time zone"),
    "store": Text("结果库", "Results"),
    "metrics": Text("指标", "Metrics"),
}


def uid(board: Board, language: Language) -> str:
    """Return the dashboard's uid: links name it."""
    return f"huoqun-{board.name}-{language}"


def dashboard(board: Board, boards: tuple[Board, ...], language: Language) -> Dashboard:
    """Return a board as a dashboard in one language, with links to the others."""
    made = (
        build.Dashboard(board.title.said(language))
        .uid(uid(board, language))
        .description(board.about.said(language))
        .tags(["huoqun", language])
        .timezone("browser")
        .week_start("monday")
        .time(board.since, "now")
        .refresh(board.refresh)
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    for other in boards:
        if other is not board:
            link = build.DashboardLink(other.title.said(language)).type(DashboardLinkType.LINK)
            made.link(link.url(f"/d/{uid(other, language)}").keep_time(True).include_vars(True))
    for variable in _variables(board, language):
        made.with_variable(variable)
    if board.alerts:
        made.annotation(_marks(board, language))
    number = y = 0
    for row in board.rows:
        number += 1
        made.with_row(build.Row(row.title.said(language)).id(number).grid_pos(GridPos(h=1, w=COLUMNS, x=0, y=y)))
        y += 1
        x = tallest = 0
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            number += 1
            made.with_panel(picture(panel, GridPos(h=panel.height, w=panel.width, x=x, y=y), number, language))
            x += panel.width
            tallest = max(tallest, panel.height)
        y += tallest
    return made.build()


def _variables(board: Board, language: Language) -> list[Builder[VariableModel]]:
    found: list[Builder[VariableModel]] = [
        build.DatasourceVariable(name).label(_NAMES[name].said(language)).type(kind)
        for name, kind in (("store", PLUGIN), ("metrics", "prometheus"))
        if any(bool(panel.metrics) == (name == "metrics") for panel in board.panels)
    ]
    for variable in board.variables:
        found += _MADE[variable](language)
    return found


def _several(name: Variable, query: str, language: Language) -> build.QueryVariable:
    """Return a choice of several, of which none is everything."""
    return (
        _asking(name, query, language).multi(True).include_all(True).all_value(ALL).current(_everything(language))
    )  # fmt: skip


def _asking(name: str, query: str, language: Language) -> build.QueryVariable:
    return (
        build.QueryVariable(name)
        .label(_NAMES[name].said(language))
        .datasource(STORE)
        .query({"refId": name, "rawSql": with_variables(QUERIES[query].sql), "editorType": "sql"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.DISABLED)
    )


def _kinds(language: Language) -> build.CustomVariable:
    values = ", ".join(f"{text.said(language)} : {value}" for value, text in KINDS)
    return (
        build.CustomVariable("kinds")
        .label(_NAMES["kinds"].said(language))
        .values(values)
        .multi(True)
        .include_all(True)
        .all_value(ALL)
        .current(_everything(language))
    )


def _zone(language: Language) -> build.CustomVariable:
    first = ZONES[0]
    return (
        build.CustomVariable("zone")
        .label(_NAMES["zone"].said(language))
        .values(", ".join(ZONES))
        .current(VariableOption(text=first, value=first))
    )


_MADE: Final[dict[Variable, Callable[[Language], list[Builder[VariableModel]]]]] = {
    "platforms": lambda language: [_several("platforms", "choose_platform", language)],
    "kinds": lambda language: [_kinds(language)],
    "groups": lambda language: [_several("groups", "choose_groups", language)],
    "community": lambda language: [
        _asking("platform", "choose_platform", language),
        _asking("group", "choose_group", language),
    ],
    "zone": lambda language: [_zone(language)],
}


def _everything(language: Language) -> VariableOption:
    return VariableOption(text=["全部" if language == "zh" else "All"], value=["$__all"])


def _marks(board: Board, language: Language) -> build.AnnotationQuery:
    query = "group_marks" if "community" in board.variables else "marks"
    target = ClickHouseQuery(with_variables(QUERIES[query].sql), series=False)
    return (
        build.AnnotationQuery()
        .name("提醒" if language == "zh" else "Alerts")
        .datasource(STORE)
        .enable(True)
        .icon_color("orange")
        .target(ClickHouseQueryBuilder(target))
    )
