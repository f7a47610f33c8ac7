"""What operators do about alerts, as the store shows it."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun import codec
from huoqun.results import Action, ActionName, Alert, AlertState, AnyResult
from sinks import migrate, rows, tables
from sinks.embedded import EmbeddedStore, Limits

pytestmark = pytest.mark.chdb
FAR = 4_000_000_000_000


class Told:
    """A store that is told records, and asked for the one alert."""

    def __init__(self, store: EmbeddedStore) -> None:
        self.store = store
        self.number = 0

    def put(self, *records: AnyResult) -> None:
        for part in rows.read_results([codec.encode(record) for record in records]).parts:
            self.store.insert(tables.TABLES[part.table], part.columns)

    def alert(self, item: str, *, raised_at: int = 1_000, state: AlertState = "open", version: int = 1) -> None:
        self.put(
            Alert(
                platform="qq", group_id="1", alert_id=item, kind="quarrel", severity="critical", raised_at=raised_at,
                updated_at=raised_at, state=state, title="", version=version,
            )
        )  # fmt: skip

    def act(self, item: str, action: ActionName, at: int, **more: Any) -> str:
        self.number += 1
        made = Action(
            platform="qq", group_id="1", action_id=f"{item}-{self.number}", item=item, kind="quarrel", action=action,
            by="小周", at=at, version=at, **more,
        )  # fmt: skip
        self.put(made, made)  # told twice, as after a crash
        return made.action_id

    def of(self, item: str) -> dict[str, Any]:
        data = self.store.read(
            "SELECT * FROM alerts WHERE alert_id = {item:String}",
            format_name="JSON", database="huoqun", params={"item": item}, limits=Limits(),
        )  # fmt: skip
        (row,) = msgspec.json.decode(data)["data"]
        assert isinstance(row, dict)
        return row


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    made = EmbeddedStore(tmp_path_factory.mktemp("actions"), "huoqun")
    migrate.migrate(made, "huoqun")
    yield made
    made.close()


@pytest.fixture
def told(store: EmbeddedStore) -> Told:
    return Told(store)


@pytest.mark.parametrize(("action", "state"), [("acknowledge", "acked"), ("resolve", "resolved"), ("reopen", "open")])
def test_an_alert_is_what_was_last_done_about_it(told: Told, action: ActionName, state: str) -> None:
    item = f"last-{action}"
    told.alert(item)
    told.act(item, "snooze", 2_000, until=FAR)
    told.act(item, action, 3_000)
    assert told.of(item)["state"] == state
    assert told.of(item)["handled_by"] == "小周"


def test_a_snoozed_alert_is_back_when_its_time_has_come(told: Told) -> None:
    told.alert("snoozed")
    told.act("snoozed", "snooze", 2_000, until=FAR)
    assert told.of("snoozed")["state"] == "snoozed"
    told.act("snoozed", "snooze", 3_000, until=4_000)
    assert told.of("snoozed")["state"] == "open"


def test_what_is_undone_did_not_happen(told: Told) -> None:
    told.alert("undone")
    told.act("undone", "acknowledge", 2_000)
    resolved = told.act("undone", "resolve", 3_000)
    assert told.of("undone")["resolved_at"] == "1970-01-01 00:00:03.000"
    told.act("undone", "undo", 4_000, undoes=resolved)
    assert told.of("undone")["state"] == "acked"
    assert told.of("undone")["resolved_at"] is None


def test_an_alert_that_is_raised_anew_is_open_whatever_was_done_about_the_last_one(told: Told) -> None:
    told.alert("again")
    told.act("again", "resolve", 2_000)
    told.alert("again", raised_at=5_000, version=2)
    assert told.of("again")["state"] == "open"
    assert told.of("again")["handled_by"] == ""


def test_what_the_streams_have_ended_is_ended(told: Told) -> None:
    told.alert("ended")
    told.act("ended", "acknowledge", 2_000)
    told.alert("ended", state="resolved", version=2)
    assert told.of("ended")["state"] == "resolved"


def test_whose_work_it_is_and_what_was_noted_is_shown_beside_its_state(told: Told) -> None:
    told.alert("mine")
    told.act("mine", "assign", 2_000, assignee="小李")
    told.act("mine", "note", 3_000, note="已私信")
    found = told.of("mine")
    assert (found["state"], found["assigned_to"], int(found["notes"])) == ("open", "小李", 1)
    told.act("mine", "assign", 4_000, assignee="")
    assert told.of("mine")["assigned_to"] == ""


def test_an_alert_that_nobody_touched_is_as_the_streams_say(told: Told) -> None:
    told.alert("untouched")
    found = told.of("untouched")
    assert (found["state"], found["assigned_to"], found["handled_by"], found["resolved_at"]) == ("open", "", "", None)
