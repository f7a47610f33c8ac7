"""A panel as Grafana draws it."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import barchart, prometheus, stat, table, timeseries, trend
from grafana_foundation_sdk.builders import common as build_common
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    GridPos,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.dashboard import Panel as Model

from dashboards.grafana.query import METRICS, STORE, ClickHouseQueryBuilder, query_of
from dashboards.panels import Field, Language, Level, Panel, Unit

UNITS: Final[dict[Unit, str]] = {
    "count": "short",
    "share": "percentunit",
    "seconds": "s",
    "time": "dateTimeAsLocal",
    "text": "string",
    "decimal": "none",
    "per_second": "cps",
    "bytes": "bytes",
}
COLOURS: Final[dict[Level, str]] = {"good": "green", "warning": "orange", "bad": "red", "plain": "text"}
_FEW_WORDS: Final = 12
_Pictures = timeseries.Panel | table.Panel | stat.Panel | trend.Panel | barchart.Panel


def picture(panel: Panel, place: GridPos, number: int, language: Language) -> Builder[Model]:
    """Return the builder of one panel at its place; ``number`` is its id within the dashboard."""
    made: Any = _SHAPES[panel.shape](panel, language)
    made.title(panel.title.said(language)).description(panel.reading.said(language)).id(number).grid_pos(place)
    if panel.metrics:
        made.datasource(METRICS).unit(UNITS[panel.unit])
        for at, metric in enumerate(panel.metrics):
            target = prometheus.Dataquery().expr(metric.expression).legend_format(metric.legend).ref_id(chr(65 + at))
            made.with_target(target.range().datasource(METRICS))
    else:
        made.datasource(STORE).with_target(ClickHouseQueryBuilder(query_of(panel, language)))
    built: Builder[Model] = made
    return built


def _over_time(panel: Panel, _: Language) -> _Pictures:
    made = (
        timeseries.Panel()
        .tooltip(build_common.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
        .legend(build_common.VizLegendOptions().placement(common.LegendPlacement.BOTTOM).show_legend(True))
        .axis_soft_min(0)
    )
    if panel.shape == "steps":
        made.line_interpolation(common.LineInterpolation.STEP_AFTER)
    if panel.shape in ("lines", "steps"):
        made.line_width(2).fill_opacity(8).show_points(common.VisibilityMode.AUTO).span_nulls(False)
    else:
        made.draw_style(common.GraphDrawStyle.BARS).fill_opacity(75).line_width(0)
    if panel.shape == "stacked":
        made.stacking(build_common.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if panel.fields:
        made.unit(UNITS[panel.fields[0].unit])
    if panel.fields and panel.fields[0].unit == "share":
        made.min(0).max(1)
    return made


def _table(panel: Panel, language: Language) -> _Pictures:
    made = table.Panel().show_header(True).cell_height(common.TableCellHeight.SM)
    for field in panel.fields:
        made.override_by_name(field.column, _properties(field, language))
    order = {field.column: place for place, field in enumerate(panel.fields)}
    made.with_transformation(
        DataTransformerConfig(
            id_val="organize",
            options={"indexByName": order, "includeByName": dict.fromkeys(order, True), "excludeByName": {}},
        )
    )
    return made


def _matrix(panel: Panel, _: Language) -> _Pictures:
    value = panel.fields[0]
    made = table.Panel().show_header(True).cell_height(common.TableCellHeight.SM).unit(UNITS[value.unit])
    made.cell_options(common.TableColoredBackgroundCellOptions())
    made.color_scheme(_scheme())
    made.with_transformation(_pivot(panel))
    return made


def _curves(panel: Panel, _: Language) -> _Pictures:
    value = panel.fields[0]
    made = trend.Panel().unit(UNITS[value.unit]).line_width(2).min(0).max(1)
    name = f"{panel.x}\\{panel.by}" if panel.by else panel.x
    if panel.by:
        made.with_transformation(_pivot(panel, rows=panel.x, columns=panel.by))
        made.with_transformation(
            DataTransformerConfig(
                id_val="convertFieldType",
                options={"conversions": [{"targetField": name, "destinationType": "number"}], "fields": {}},
            )
        )
    return made.x_field(name)


def _numbers(panel: Panel, language: Language) -> _Pictures:
    made = stat.Panel().reduce_options(build_common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    for field in panel.fields:
        made.override_by_name(field.column, _properties(field, language))
    return made


_SHAPES: Final = {
    "lines": _over_time,
    "steps": _over_time,
    "bars": _over_time,
    "stacked": _over_time,
    "table": _table,
    "matrix": _matrix,
    "curves": _curves,
    "numbers": _numbers,
}


def _pivot(panel: Panel, rows: str = "", columns: str = "") -> DataTransformerConfig:
    return DataTransformerConfig(
        id_val="groupingToMatrix",
        options={
            "rowField": rows or panel.by,
            "columnField": columns or panel.x,
            "valueField": panel.fields[0].column,
            "emptyValue": "null",
        },
    )


def _scheme() -> FieldColor:
    return FieldColor().mode(FieldColorModeId.CONTINUOUS_BL_PU)


def _properties(field: Field, language: Language) -> list[DynamicConfigValue]:
    found = [
        DynamicConfigValue("displayName", field.title.said(language)),
        DynamicConfigValue("unit", UNITS[field.unit]),
    ]
    if field.width:
        found.append(DynamicConfigValue("custom.width", field.width))
    if field.levels:
        steps = [Threshold(value=value, color=COLOURS[level]) for value, level in field.levels]
        found.append(
            DynamicConfigValue("thresholds", ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps).build())
        )
        found.append(DynamicConfigValue("color", {"mode": "thresholds"}))
        found.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
    if field.words:
        said = {
            value: ValueMappingResult(text=text.said(language), index=at)
            for at, (value, text) in enumerate(field.words)
        }
        mapping: list[ValueMapping] = [ValueMap(options=said)]
        found.append(DynamicConfigValue("mappings", mapping))
    if field.opens == "community":
        found.append(DynamicConfigValue("links", [{"title": "", "url": community_url(language)}]))
    return found


def community_url(language: Language) -> str:
    """Return where a row's community is seen: its board, with the time range as it is."""
    return (
        f"/d/huoqun-community-{language}?var-platform=${{__data.fields.platform:percentencode}}"
        "&var-group=${__data.fields.group_id:percentencode}&${__url_time_range}"
    )
