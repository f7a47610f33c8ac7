"""What older releases have left behind, and the present beside it.

The files were made by ``make.py`` on commits of this repository (each says which): e46e6b0, whose saved state has the present format,
and 07807a3, whose has another. When the format is raised, make another one of the release before.
"""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from huoqun.config import Config
from sinks import migrate, tables
from streams import formats
from streams.core.partition import Partition
from streams.core.saved import UnknownFormatError
from tests.support.core import Machine, View, view_of

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.msgpack.gz"))
ALIKE = ("Member", "Question", "GroupSummary", "Activity")
NOT_THEN = {
    "Member": {"risk", "risk_reasons", "role", "layer"},
    "GroupSummary": {"reasons", "kpis", "health", "stage", "stage_since", "shape"},
    "Question": {
        "confidence",
        "status",
        "answer_event_id",
        "answered_by",
        "answered_at",
        "by_staff",
        "joined_to",
        "due_at",
    },
}
"""What a later release judges otherwise: of the days before it goes by what the older one has kept."""


def golden(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.msgpack.decode(gzip.decompress(file.read_bytes()), strict=False)
    return found


def of_format(*, present: bool) -> list[Path]:
    return [file for file in FILES if formats.readable(golden(file)["format"]) == present]


def test_there_is_a_state_that_can_be_read_and_one_that_cannot() -> None:
    assert of_format(present=True), f"make one of the release before: format {formats.current()} is new"
    assert of_format(present=False)


@pytest.mark.parametrize("file", of_format(present=True), ids=lambda file: file.name)
def test_who_goes_on_from_an_older_releases_state_counts_on_as_if_it_had_been_there(file: Path) -> None:
    old = golden(file)
    log: list[bytes] = old["log"]
    state = Partition(0, Config())
    state.restore(old["state"].items())
    start = old["offset"] + 1
    assert 0 < start < old["upto"] + 1 < len(log)
    results = []
    while start < len(log):
        assert not state.apply([(at, log[at]) for at in range(start, len(log))])
        start = state.offset + 1
        results += [*state.urgent(), *state.checkpoint().results]
    results += state.checkpoint(final=True).results
    told = view_of(results)
    whole = Machine().run(log, batch=100_000)
    assert {kind for kind, _ in told} >= set(ALIKE)
    different = {key: _different(row, whole.get(key)) for key, row in told.items() if key[0] in ALIKE}
    assert {key: found for key, found in different.items() if found} == {}


def _different(row: dict[str, object], other: dict[str, object] | None) -> dict[str, object]:
    if other is None:
        return {"": "is not in the present's"}
    left_out = NOT_THEN.get(
        str({"member": "Member", "group": "GroupSummary", "question": "Question"}.get(str(row["record"]))), set()
    )
    return {name: (value, other[name]) for name, value in row.items() if value != other[name] and name not in left_out}


@pytest.mark.parametrize("file", of_format(present=False), ids=lambda file: file.name)
def test_a_state_of_another_format_is_refused_with_what_to_do_and_known_by_its_first_bytes(file: Path) -> None:
    old = golden(file)
    found = {formats.format_of(key, value) for key, value in old["state"].items()} - {None}
    assert found == {old["format"]}
    with pytest.raises(UnknownFormatError, match="huoqun rebuild"):
        Partition(0, Config()).restore(old["state"].items())


@pytest.mark.chdb
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_tables_of_an_older_release_are_migrated_and_every_view_shows_what_they_hold(
    file: Path, tmp_path: Path
) -> None:
    """The schema is made by the steps that release had: a step that has landed never changes."""
    pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")
    from sinks.embedded import EmbeddedStore  # noqa: PLC0415  # an extra

    old = golden(file)
    store = EmbeddedStore(tmp_path, "huoqun")
    every = migrate.shipped()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "shipped", lambda: [step for step in every if step.number in old["steps"]])
        migrate.migrate(store, "huoqun")
    _fill(store, old)
    before = {name: _contents(store, name) for name in ("events", "questions", "members", "groups", "activity")}
    assert all(before.values())

    done = migrate.migrate(store, "huoqun")

    assert [step.number for step in done] == [step.number for step in every if step.number not in old["steps"]]
    for name, rows in before.items():
        after = _contents(store, name)
        assert [{key: row[key] for key in rows[0]} for row in after] == rows
    for name in tables.VIEWS:
        store.select(f"SELECT * FROM huoqun.{name} LIMIT 1")
    migrate.check(store, "huoqun")
    store.close()


def _fill(store: Any, old: dict[str, Any]) -> None:
    """Rows as the older release wrote them, by the names that their columns have: new columns come last, before the hidden ones."""
    for name, columns in old["rows"]:
        table = tables.TABLES[name]
        there = {
            row[0]
            for row in store.select(
                f"SELECT name FROM system.columns WHERE database = 'huoqun' AND table = '{table.storage}'"
            )
        }
        then = tables.Table(name, tuple(column for column in table.columns if column.name in there), table.key)
        assert len(then.columns) == len(columns)
        store.insert(then, columns)


def _contents(store: Any, name: str) -> list[dict[str, Any]]:
    shown = [
        row[0]
        for row in store.select(f"SELECT name FROM system.columns WHERE database = 'huoqun' AND table = '{name}'")
    ]
    rows = store.select(f"SELECT {', '.join(shown)} FROM huoqun.{name} ORDER BY ALL")
    return [dict(zip(shown, row, strict=True)) for row in rows]


def test_views_compare(tmp_path: Path) -> None:
    """The comparison itself can fail."""
    view: View = {("Member", "x"): {"record": "member", "messages_28d": 1, "risk": 0.1}}
    row = view["Member", "x"]
    assert _different(row, {**row, "risk": 0.2}) == {}
    assert _different(row, {**row, "messages_28d": 2}) != {}
    assert _different(row, None) != {}
