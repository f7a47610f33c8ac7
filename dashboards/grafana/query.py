"""A panel's question as Grafana's ClickHouse plugin asks it.

The SQL is that of :mod:`dashboards.queries`. Its parameters become Grafana's macros and variables; around it stands what the
plugin needs to draw: for pictures over time the columns ``time`` and one for each series, under the names that people read.
"""

from __future__ import annotations

import re
from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

from dashboards.panels import Field, Language, Panel
from dashboards.queries import shipped

PLUGIN: Final = "grafana-clickhouse-datasource"
STORE: Final = DataSourceRef(type_val=PLUGIN, uid="${store}")
"""The store's datasource is a variable: no dashboard names one by its uid."""
METRICS: Final = DataSourceRef(type_val="prometheus", uid="${metrics}")
TIME_SERIES: Final = 0
TABLE: Final = 1
OVER_TIME: Final = ("lines", "steps", "bars", "stacked")

_PARAMETER: Final = re.compile(r"\{(\w+):([^{}]+)\}")
_GIVEN: Final = {
    "since": "$__fromTime",
    "until": "$__toTime",
    "zone": "${zone:sqlstring}",
    "platform": "${platform:sqlstring}",
    "group_id": "${group:sqlstring}",
    "platforms": "[${platforms:sqlstring}]",
    "kinds": "[${kinds:sqlstring}]",
    "groups": "[${groups:sqlstring}]",
}
_QUERIES: Final = shipped()


class ClickHouseQuery(Dataquery):
    """The plugin's query model: SQL and how to read its answer."""

    def __init__(self, sql: str, *, series: bool) -> None:
        self.sql = sql
        self.series = series

    def to_json(self) -> dict[str, object]:
        """Return it as the plugin stores it."""
        return {
            "refId": "A",
            "datasource": STORE,
            "editorType": "sql",
            "rawSql": self.sql,
            "format": TIME_SERIES if self.series else TABLE,
            "queryType": "timeseries" if self.series else "table",
        }


class ClickHouseQueryBuilder(Builder[Dataquery]):
    """Builds what was given: panels take builders only."""

    def __init__(self, query: ClickHouseQuery) -> None:
        self._query = query

    def build(self) -> Dataquery:
        """Return the query."""
        return self._query


def with_variables(sql: str) -> str:
    """Return SQL with Grafana's macros and variables in the places of its parameters."""
    return _PARAMETER.sub(lambda found: _GIVEN[found.group(1)], sql)


def query_of(panel: Panel, language: Language) -> ClickHouseQuery:
    """Return what a panel asks."""
    sql = with_variables(_QUERIES[panel.query].sql)
    if panel.shape not in OVER_TIME:
        return ClickHouseQuery(sql, series=False)
    at = f"toDateTime({panel.x}, ${{zone:sqlstring}})" if panel.x == "day" else f"toDateTime({panel.x})"
    columns = [f"{at} AS time"]
    if panel.by:
        columns.append(f"{_in_words(panel.by, panel.fields[0], language)} AS series")
    columns += [f"{field.column} AS {_quoted(field.title.said(language))}" for field in panel.fields]
    return ClickHouseQuery(f"SELECT {', '.join(columns)}\nFROM\n(\n{sql}\n)\nORDER BY time", series=True)


def _in_words(column: str, field: Field, language: Language) -> str:
    if not field.words:
        return column
    values = ", ".join(f"'{value}'" for value, _ in field.words)
    words = ", ".join(f"'{text.said(language)}'" for _, text in field.words)
    return f"transform({column}, [{values}], [{words}], {column})"


def _quoted(name: str) -> str:
    return f"`{name}`"
