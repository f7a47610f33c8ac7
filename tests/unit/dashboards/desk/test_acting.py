"""What operators may do, and what is no action."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.desk.acting import LONGEST_NOTE, Refusal, read_action
from huoqun.results import Action

NOW = 1_800_000_000_000
ASKED = {"id": "1", "item": "a", "kind": "quarrel", "action": "acknowledge", "platform": "qq", "group_id": "7"}


def read(**changed: Any) -> Action | Refusal:
    return read_action(json.dumps(ASKED | changed).encode(), by="小周", now=NOW)


def test_an_action_is_signed_and_dated_here_not_by_the_page() -> None:
    action = read()
    assert isinstance(action, Action)
    assert (action.by, action.at, action.action_id) == ("小周", NOW, "1")
    assert isinstance(read(by="somebody else"), Refusal)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"id": ""}, "id"),
        ({"item": "x" * 201}, "item"),
        ({"group_id": ""}, "group_id"),
        ({"action": "explode"}, "action"),
        ({"action": "note", "note": "  "}, "note"),
        ({"action": "note", "note": "x" * (LONGEST_NOTE + 1)}, "note"),
        ({"action": "snooze"}, "until"),
        ({"action": "snooze", "until": NOW}, "until"),
        ({"action": "snooze", "until": NOW + 91 * 86_400_000}, "until"),
        ({"action": "undo"}, "undoes"),
        ({"action": "assign", "assignee": "x" * 201}, "assignee"),
        ({"until": "soon"}, "until"),
    ],
)
def test_what_is_no_action_says_where_and_why(changed: dict[str, Any], where: str) -> None:
    refused = read(**changed)
    assert isinstance(refused, Refusal)
    assert refused.where == where
    assert refused.why


def test_only_what_belongs_to_an_action_is_kept() -> None:
    action = read(until=NOW + 1, assignee="li", undoes="9")
    assert isinstance(action, Action)
    assert (action.until, action.assignee, action.undoes) == (None, "", "")


@given(st.binary())
def test_whatever_is_sent_is_an_action_or_refused(body: bytes) -> None:
    assert isinstance(read_action(body, by="小周", now=NOW), Action | Refusal)
