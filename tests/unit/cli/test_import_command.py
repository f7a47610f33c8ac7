"""``huoqun import``: everything once and in order, goes on where it was stopped, says what it found and what it did not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from huoqun.cli import import_history, main
from huoqun.config import Config
from huoqun.store_config import Store
from tests.support.door import Door
from tests.support.exports import AT, EXPORTS, qq, slack

MANY = 1300


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.server.shutdown()
    door.server.server_close()


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUOQUN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def run(door: Door, *arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["import", *map(str, arguments), "--url", door.url, "--quiet"])


def many(path: Path, count: int = MANY) -> Path:
    messages = [
        {"id": n, "type": "message", "date_unixtime": str(AT + n), "from": "Ann", "from_id": "user1", "text": f"t{n}"}
        for n in range(count)
    ]
    path.write_text(json.dumps({"name": "B", "type": "private_supergroup", "id": 7, "messages": messages}))
    return path


def ids(count: int, first: int = 0) -> list[str]:
    return [f"-1007:{n}" for n in range(first, count)]


@pytest.mark.parametrize("kind", sorted(EXPORTS))
def test_every_kind_of_export_is_posted_in_the_order_of_time(door: Door, tmp_path: Path, kind: str) -> None:
    result = run(door, EXPORTS[kind](tmp_path))
    assert result.exit_code == 0, result.output
    posted: list[dict[str, Any]] = [json.loads(line) for r in door.requests for line in r["data"].split(b"\n")]
    assert [e["ts"] for e in posted] == sorted(e["ts"] for e in posted)
    assert f"{len(posted)} events accepted" in result.output
    assert f"{kind}: " in result.output
    headers = {name.lower(): value for name, value in door.requests[0]["headers"].items()}
    assert headers["x-huoqun-source"] == "history"


def test_a_dry_run_says_what_there_is_and_sends_nothing(door: Door, tmp_path: Path) -> None:
    result = run(door, slack(tmp_path), "--dry-run")
    assert result.exit_code == 0
    assert door.requests == []
    assert "6 events of 3 people in 2 groups, 2024-01-01 to 2024-01-02" in result.output
    assert "  slack/C01GEN general: 5 events, 3 people, 2024-01-02 to 2024-01-02" in result.output
    assert "by type: message 4, join 1, leave 1" in result.output
    assert "left out: 1 x message of a private conversation" in result.output


def test_a_second_run_sends_nothing_and_again_sends_the_same(door: Door, tmp_path: Path) -> None:
    path = many(tmp_path / "result.json")
    assert run(door, path).exit_code == 0
    assert door.ids == ids(MANY)
    second = run(door, path)
    assert second.exit_code == 0
    assert "has been imported before" in second.output
    assert len(door.ids) == MANY
    assert run(door, path, "--again").exit_code == 0
    assert door.ids == ids(MANY) * 2


def test_an_import_that_was_stopped_goes_on_where_it_was(door: Door, tmp_path: Path) -> None:
    path = many(tmp_path / "result.json")
    door.answers = [(202, {}, {}), (401, {"detail": "no"}, {})]
    stopped = run(door, path)
    assert stopped.exit_code == 1
    assert "status 401: no; run it again: it goes on where it was" in stopped.output
    assert door.ids == ids(500)
    result = run(door, path)
    assert result.exit_code == 0, result.output
    assert "500 of them have been imported before" in result.output
    assert door.ids == ids(MANY), "each once"


def test_a_note_that_is_damaged_or_of_something_else_is_no_note(door: Door, tmp_path: Path, data_dir: Path) -> None:
    path = many(tmp_path / "result.json")
    run(door, path)
    (note,) = (data_dir / "imports").glob("*.json")
    for text in (
        "{",
        '{"events": 7, "settled": 7}',
        '{"events": 1300, "settled": -1}',
        '{"events": 1300, "settled": 9999}',
    ):
        note.write_text(text)
        door.ids.clear()
        assert run(door, path).exit_code == 0
        assert door.ids == ids(MANY)


def test_another_gateway_is_another_import(door: Door, tmp_path: Path) -> None:
    path = many(tmp_path / "result.json", 3)
    run(door, path)
    other = Door()
    assert run(other, path).exit_code == 0
    other.server.shutdown()
    other.server.server_close()
    assert other.ids == ids(3)


def test_what_the_gateway_refuses_is_named_with_its_file_and_line_and_stays_so(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "#balcony.log"
    path.write_text("--- Day changed 2024-01-02\n[23:58] <ann> hi\n[23:59] <ann> bad\n")
    result = run(door, path)
    assert result.exit_code == 1
    assert f"{path}:3: ts: bad" in result.output
    assert "1 events accepted" in result.output
    again = run(door, path)
    assert again.exit_code == 1, "it is not forgotten"
    assert len(door.requests) == 1


def test_what_can_not_be_read_is_named_and_the_rest_is_imported(door: Door, tmp_path: Path) -> None:
    path = many(tmp_path / "result.json", 40)
    path.write_text(path.read_text().replace('"user1"', '"nobody"', 30).replace("}, {", "},\n{"))
    result = run(door, path)
    assert result.exit_code == 1
    assert door.ids == ids(40, 30)
    assert f"{path}:2: from.id: required" in result.output
    assert "... and 10 more that could not be read" in result.output


def test_what_is_no_history_is_said_with_the_mend(door: Door, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("milk\n")
    result = run(door, tmp_path / "notes.txt")
    assert result.exit_code == 1
    assert "no chat history that is known here; --format says which it is" in result.output
    result = run(door, qq(tmp_path), "--group", "阳台=5", "--group", "街坊")
    assert result.exit_code == 1
    assert "no event of a group called 阳台=5 or 街坊" in result.output
    assert door.requests == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--time-zone", "Mars/Olympus"], "is no time zone"),
        (["--format", "msn"], "is not one of 'slack'"),
        (["/nowhere"], "does not exist"),
    ],
)
def test_wrong_use(door: Door, tmp_path: Path, arguments: list[str], said: str) -> None:
    result = run(door, qq(tmp_path), *arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_groups_platform_zone_and_source_are_as_asked(door: Door, tmp_path: Path) -> None:
    arguments = ("--group", "番茄互助群=42", "--platform", "qq2", "--time-zone", "UTC", "--source", "archive")
    result = run(door, qq(tmp_path), *arguments)
    assert result.exit_code == 0, result.output
    posted = [json.loads(line) for line in door.requests[0]["data"].split(b"\n")]
    assert {(e["platform"], e["group_id"]) for e in posted} == {("qq2", "42")}
    assert posted[0]["ts"] == (AT + 8 * 3600) * 1000
    assert {n.lower(): v for n, v in door.requests[0]["headers"].items()}["x-huoqun-source"] == "archive"


@pytest.mark.parametrize(
    ("kind", "mend"), [("embedded", "Restart `huoqun up` afterwards"), ("clickhouse", "docs/history.md")]
)
def test_history_that_comes_after_what_came_later_is_warned_of(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, mend: str
) -> None:
    monkeypatch.setenv("HUOQUN_STORE_KIND", kind)
    monkeypatch.setattr(import_history, "_newest", lambda _config: {"telegram/-1007": (AT + 1000) * 1000})
    result = run(door, many(tmp_path / "result.json"))
    assert result.exit_code == 0, result.output
    assert "880 of these events are older than what is already known of telegram/-1007" in result.output
    assert mend in result.output
    assert len(door.ids) == MANY
    for again in ((), ("--again",)):
        assert "are older than" not in run(door, tmp_path / "result.json", *again).output, "it is what is known"


def test_where_no_stack_runs_nothing_is_asked_of_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert import_history._newest(Config(data_dir=str(tmp_path))) == {}
    unreachable = Config(data_dir=str(tmp_path), store=Store(kind="clickhouse", port=1))
    assert import_history._newest(unreachable) == {}


def test_the_help_says_that_history_comes_first() -> None:
    result = CliRunner().invoke(main, ["import", "--help"])
    assert result.exit_code == 0
    assert "BEFORE its live traffic" in result.output
