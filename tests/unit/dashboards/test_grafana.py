"""The dashboards that Grafana is given: complete, valid, and those that the boards describe."""

import json
import re
from collections import Counter
from itertools import combinations
from typing import Any

import pytest

pytest.importorskip("grafana_foundation_sdk", reason="the dashboards' builder is not installed (extra `dev`)")

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.cog.runtime import DataqueryConfig, register_dataquery_variant
from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import words
from dashboards.boards import BOARDS
from dashboards.grafana.__main__ import KEPT, written
from dashboards.grafana.query import PLUGIN, ClickHouseQuery
from dashboards.panels import LANGUAGES, Panel
from dashboards.queries import shipped
from streams.core.kinds import KINDS
from tests.support.metrics import metrics_of_ours

MADE = {name: json.loads(text) for name, text in written().items()}
VARIABLE = re.compile(r"\$\{?(\w+)")
BUILT_IN = {"__fromTime", "__toTime", "__url_time_range", "__data"}
dashboards = pytest.mark.parametrize("name", MADE)


def pictures(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


def test_what_is_kept_is_what_the_boards_say() -> None:
    kept = {str(path.relative_to(KEPT)): path.read_text("utf-8") for path in KEPT.rglob("*.json")}
    assert kept == written(), "run python -m dashboards.grafana"


@dashboards
def test_a_dashboard_is_one_that_the_schema_knows_and_keeps_whole(name: str) -> None:
    register_default_plugins()
    register_dataquery_variant(
        DataqueryConfig(
            identifier=PLUGIN,
            from_json_hook=lambda data: ClickHouseQuery(data["rawSql"], series=data["queryType"] == "timeseries"),
        )
    )
    again = Dashboard.from_json(MADE[name])
    assert json.loads(JSONEncoder(sort_keys=True).encode(again)) == MADE[name]


@dashboards
def test_ids_are_unique_and_nothing_overlaps_or_sticks_out(name: str) -> None:
    panels = MADE[name]["panels"]
    assert max(Counter(panel["id"] for panel in panels).values()) == 1
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


@dashboards
def test_every_variable_that_is_used_is_there_to_be_chosen_and_none_is_idle(name: str) -> None:
    dashboard = MADE[name]
    there = {variable["name"] for variable in dashboard["templating"]["list"]}
    words = [*texts(dashboard["panels"]), *texts(dashboard["annotations"]), *texts(dashboard["templating"])]
    used = {found for text in words for found in VARIABLE.findall(text)} - BUILT_IN
    assert used - {"__all"} == there


@dashboards
def test_no_datasource_is_named_by_its_own_uid(name: str) -> None:
    found = [panel["datasource"] for panel in pictures(MADE[name])]
    found += [target["datasource"] for panel in pictures(MADE[name]) for target in panel["targets"]]
    assert {source["uid"] for source in found} <= {"${store}", "${metrics}"}


@dashboards
def test_every_panel_says_what_it_is_and_how_to_read_it(name: str) -> None:
    for panel in pictures(MADE[name]):
        assert panel["title"], panel["id"]
        assert len(panel["description"]) >= 8, panel["title"]
        assert panel["targets"], panel["title"]


def test_links_lead_to_dashboards_that_exist() -> None:
    there = {dashboard["uid"] for dashboard in MADE.values()}
    for dashboard in MADE.values():
        for text in [*texts(dashboard["links"]), *texts(dashboard["panels"])]:
            for target in re.findall(r"/d/([\w-]+)", text):
                assert target in there, text


def test_both_languages_have_the_same_dashboards_with_words_of_their_own() -> None:
    for board in BOARDS:
        zh, en = (MADE[f"{language}/{board.name}.json"] for language in LANGUAGES)
        assert zh["uid"] != en["uid"]
        assert [p["gridPos"] for p in zh["panels"]] == [p["gridPos"] for p in en["panels"]]
        for one, other in zip(pictures(zh), pictures(en), strict=True):
            assert re.search(r"[\u4e00-\u9fff]", one["title"] + one["description"]), one["title"]
            assert not re.search(r"[\u4e00-\u9fff]", other["title"] + other["description"]), other["title"]


PANELS = [panel for board in BOARDS for panel in board.panels]


def test_a_panels_name_is_its_own() -> None:
    assert max(Counter(panel.name for panel in PANELS).values()) == 1


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.name)
def test_a_panel_asks_the_store_or_prometheus_and_shows_something_of_the_answer(panel: Panel) -> None:
    assert bool(panel.query) != bool(panel.metrics)
    if panel.query:
        assert panel.query in shipped()
        assert panel.fields
    if panel.query and panel.shape in ("lines", "steps", "bars", "stacked", "matrix", "curves"):
        assert panel.x


def test_every_question_is_asked_by_some_board() -> None:
    asked = {panel.query for panel in PANELS} | {
        "choose_platform",
        "choose_groups",
        "choose_group",
        "marks",
        "group_marks",
    }
    assert set(shipped()) - asked == {"sources"}


@pytest.mark.parametrize("panel", [panel for panel in PANELS if panel.metrics], ids=lambda panel: panel.name)
def test_a_panel_of_pipeline_health_reads_metrics_that_exist(panel: Panel) -> None:
    for metric in panel.metrics:
        for name in re.findall(r"\bhuoqun_\w+", metric.expression):
            assert name in metrics_of_ours(), name


def test_every_figure_that_a_kind_of_group_puts_first_has_its_words_and_is_asked_for() -> None:
    first = {kpi for kind in KINDS.values() for kpi in kind.kpis}
    assert first <= dict(words.KPIS).keys()
    assert all(f"('{kpi}', " in shipped()["group_kpis"].sql for kpi in first)
