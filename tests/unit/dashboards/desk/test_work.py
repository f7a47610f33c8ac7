"""The work lists, from rows as the store gives them."""

from typing import Any, get_args

from dashboards.desk.work import LIST_OF, Item, State, item_id, items
from huoqun.results import AlertKind, alert_id

NOW = 1_800_000_000_000
MINUTE = 60_000


def alert(item: str, kind: str = "quarrel", **changed: Any) -> dict[str, Any]:
    return {
        "alert_id": item, "kind": kind, "severity": "warning", "platform": "qq", "group_id": "7", "group_name": "花",
        "user_id": "u", "subject_event_id": "e", "raised_at": NOW - MINUTE, "state": "open", "resolved_at": None, "title": "t",
        "reasons": ["r"], "assigned_to": "", "handled_by": "", "notes": 0,
    } | changed  # fmt: skip


def question(event: str, due: int) -> dict[str, Any]:
    return {
        "platform": "qq", "group_id": "7", "group_name": "花", "question_id": event, "user_id": "u", "kind": "question",
        "asked_at": NOW - MINUTE, "due_at": due,
    }  # fmt: skip


def thanks(user: str) -> dict[str, Any]:
    return {
        "platform": "qq", "group_id": "7", "group_name": "花", "user_id": user, "user_name": "小满", "role": "helper",
        "messages_28d": 9, "joined_at": None, "as_of": NOW,
    }  # fmt: skip


def made(*, alerts: Any = (), questions: Any = (), helpers: Any = (), states: Any = None) -> list[Item]:
    return items(alerts, questions, helpers, states or {}, NOW)


def test_every_kind_of_alert_has_its_list() -> None:
    assert set(get_args(AlertKind)) - set(LIST_OF) == set()


def test_a_question_keeps_its_id_when_its_deadline_passes() -> None:
    (before,) = made(questions=[question("e1", NOW + MINUTE)])
    late = alert(alert_id("unanswered", "qq", "7", "e1"), "unanswered")
    (after,) = made(alerts=[late], questions=[question("e1", NOW - MINUTE)])
    assert before.item == after.item
    assert (before.title, before.due_at) == ("", NOW + MINUTE)
    assert (after.title, after.due_at) == ("t", NOW - MINUTE)


def test_the_question_due_first_is_asked_about_first_and_elsewhere_the_latest_and_worst() -> None:
    found = made(questions=[question("later", NOW + 5 * MINUTE), question("sooner", NOW + MINUTE)])
    assert [item.event for item in found] == ["sooner", "later"]
    found = made(alerts=[alert("old", raised_at=1), alert("new"), alert("worse", severity="critical", raised_at=1)])
    assert [item.item for item in found] == ["worse", "new", "old"]


def test_what_is_in_hand_or_put_off_comes_after_what_nobody_has_seen() -> None:
    found = made(
        alerts=[alert("c", state="snoozed"), alert("b", state="acked"), alert("a"), alert("d", state="resolved")]
    )
    assert [item.item for item in found] == ["a", "b", "c", "d"]


def test_something_without_an_alert_is_what_operators_made_of_it() -> None:
    key = item_id("thank", "qq", "7", "u1")
    states = {key: State(did="resolve", did_by="小周", assigned_to="小李", notes=2)}
    (item,) = made(helpers=[thanks("u1")], states=states)
    assert (item.work, item.state, item.handled_by, item.assigned_to, item.notes) == (
        "thank",
        "resolved",
        "小周",
        "小李",
        2,
    )


def test_what_was_put_off_is_open_again_when_its_time_has_come() -> None:
    key = item_id("thank", "qq", "7", "u1")
    for until, state in ((NOW + 1, "snoozed"), (NOW, "open")):
        (item,) = made(helpers=[thanks("u1")], states={key: State(did="snooze", snoozed_until=until)})
        assert item.state == state


def test_what_ended_says_when() -> None:
    (item,) = made(alerts=[alert("a", state="resolved", resolved_at=NOW)])
    assert item.ended_at == NOW
