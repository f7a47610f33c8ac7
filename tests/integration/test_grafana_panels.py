"""Every question of Grafana's dashboards, its macros and variables filled in as the plugin does, asked of the real engine."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")
pytest.importorskip("grafana_foundation_sdk", reason="the dashboards' builder is not installed (extra `dev`)")

from dashboards.boards import BOARDS
from dashboards.grafana.__main__ import written
from dashboards.panels import LANGUAGES, Panel
from tests.integration.test_dashboard_queries import END, SINCE, World, world
from tests.support.grafana import ALL, expanded

__all__ = ["world"]  # the fixture
pytestmark = pytest.mark.chdb

PANELS: Mapping[str, Panel] = {panel.name: panel for board in BOARDS for panel in board.panels if panel.query}
TIMES = ("DateTime", "Date")
WRITTEN = written()


def dashboard(language: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(WRITTEN[f"{language}/{name}.json"])
    return found


def questions(language: str) -> Iterator[tuple[str, Panel, dict[str, Any]]]:
    """(board, panel, its target), in the order of the boards."""
    for board in BOARDS:
        drawn = [panel for panel in dashboard(language, board.name)["panels"] if panel["type"] != "row"]
        for panel, picture in zip(board.panels, drawn, strict=True):
            if panel.query:
                yield board.name, panel, picture["targets"][0]


ASKED = [(language, *each) for language in LANGUAGES for each in questions(language)]
each_question = pytest.mark.parametrize(
    ("panel", "target"), [each[2:] for each in ASKED], ids=[f"{language}-{p.name}" for language, _, p, _ in ASKED]
)


def everything(name: str) -> dict[str, str]:
    """What stands for "all" in each variable of a board, as its dashboard says."""
    return {v["name"]: v["allValue"] for v in dashboard("zh", name)["templating"]["list"] if v.get("includeAll")}


EVERYTHING = {name: text for board in BOARDS for name, text in everything(board.name).items()}


def choices(world: World) -> list[Mapping[str, Sequence[str]]]:
    """Everything; one of each; several, with what needs quoting; and what is nowhere."""
    one = {"platform": [world.platform], "group": [world.group], "zone": ["Asia/Shanghai"]}
    return [
        {**one, "platforms": [ALL], "kinds": [ALL], "groups": [ALL]},
        {**one, "platforms": [world.platform], "kinds": [ALL], "groups": [f"{world.platform}/{world.group}"]},
        {**one, "platforms": [world.platform, "o'clock"], "kinds": ["interest", "fan", "commerce", "learning"], "groups": [ALL]},
        {"platform": ["no'where"], "group": ["none"], "zone": ["UTC"], "platforms": ["none"], "kinds": ["fan"], "groups": ["x/y"]},
    ]  # fmt: skip


def ask(world: World, sql: str, chosen: Mapping[str, Sequence[str]], *, empty: bool = False) -> list[dict[str, Any]]:
    since, until = (END // 1000, END // 1000) if empty else (SINCE // 1000, END // 1000 + 60)
    return world.ask(expanded(sql, since=since, until=until, chosen=chosen, everything=EVERYTHING))


@each_question
def test_a_panel_is_answered_whatever_is_chosen_and_in_an_empty_range(
    world: World, panel: Panel, target: dict[str, Any]
) -> None:
    for chosen in choices(world):
        ask(world, target["rawSql"], chosen)
        ask(world, target["rawSql"], chosen, empty=True)


@each_question
def test_the_answer_has_the_columns_that_the_picture_needs(world: World, panel: Panel, target: dict[str, Any]) -> None:
    sql = expanded(
        target["rawSql"], since=SINCE // 1000, until=END // 1000 + 60, chosen=choices(world)[0], everything=EVERYTHING
    )
    types = {row["name"]: row["type"] for row in world.ask(f"DESCRIBE TABLE ({sql})")}
    if target["queryType"] == "timeseries":
        assert types["time"].startswith(TIMES)
        assert len(types) == 1 + bool(panel.by) + len(panel.fields)
        return
    for column in [field.column for field in panel.fields] + [column for column in (panel.x, panel.by) if column]:
        assert column in types, column
    if any(field.opens for field in panel.fields):
        assert {"platform", "group_id"} <= types.keys()


def test_choosing_one_community_leaves_out_the_others(world: World) -> None:
    target = next(target for _, _, panel, target in ASKED if panel.name == "communities")
    everywhere, one = (ask(world, target["rawSql"], chosen) for chosen in choices(world)[:2])
    assert {row["group_id"] for row in one} == {world.group}
    assert len(everywhere) > 1


def test_choosing_nothing_that_exists_shows_nothing(world: World) -> None:
    for _, _, panel, target in ASKED:
        nowhere = ask(world, target["rawSql"], choices(world)[-1])
        assert not [row for row in nowhere if any(isinstance(v, int | float) and v for v in row.values())], panel.name


@pytest.mark.parametrize("board", [board for board in BOARDS if board.variables], ids=lambda board: board.name)
def test_there_is_something_to_choose_from_and_marks_are_found(world: World, board: Any) -> None:
    made = dashboard("en", board.name)
    for variable in made["templating"]["list"]:
        if variable["type"] == "query":
            found = ask(world, variable["query"]["rawSql"], choices(world)[0])
            assert found, variable["name"]
            assert next(iter(found[0])) == "value"
    for mark in made["annotations"]["list"]:
        for row in ask(world, mark["target"]["rawSql"], choices(world)[0]):
            assert {"time", "timeEnd", "title", "text", "tags"} <= row.keys()
