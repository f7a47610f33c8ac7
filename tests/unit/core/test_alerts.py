"""An alert from being raised to being closed: which moment and which words each step leaves."""

from __future__ import annotations

import pytest

from huoqun.config import Config
from huoqun.results import Alert
from streams.core.alerts import close_alert, expire_old, is_open, minutes_text, raise_alert
from streams.core.history import History
from streams.core.settings import resolve
from streams.core.tables import ALERTS

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
HERE = resolve(Config(), "qq", "1")


def raised(h: History, at: int, *, kind: str = "leave_burst", severity: str = "warning") -> str:
    return raise_alert(
        h, HERE, kind, "s", at=at, severity=severity, title="t", reasons=[f"at {at}"], evidence={"b": 1, "a": at},  # type: ignore[arg-type]  # any will do
        user="u", event="e",
    )  # fmt: skip


def only(h: History) -> Alert:
    (alert,) = h.tables[ALERTS].values()
    assert isinstance(alert, Alert)
    return alert


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (-1, "0 min"), (0, "0 min"), (MINUTE - 1, "0 min"), (MINUTE, "1 min"), (HOUR - 1, "59 min"), (HOUR, "1 h"),
        (HOUR + MINUTE - 1, "1 h"), (HOUR + MINUTE, "1 h 1 min"), (2 * DAY - 1, "47 h 59 min"), (2 * DAY, "2 d"),
        (3 * DAY - 1, "2 d"), (3 * DAY, "3 d"),
    ],
)  # fmt: skip
def test_a_duration_is_told_as_operators_read_it(ms: int, text: str) -> None:
    assert minutes_text(ms) == text


def test_an_alert_that_is_raised_again_while_open_keeps_when_it_was_raised_and_takes_all_else() -> None:
    h = History()
    key = raised(h, 100)
    assert raised(h, 200, severity="critical") == key
    alert = only(h)
    assert (alert.raised_at, alert.updated_at, alert.state, alert.severity) == (100, 200, "open", "critical")
    assert (alert.reasons, alert.evidence, alert.user_id, alert.subject_event_id) == (
        ["at 200"],
        '{"a":200,"b":1}',
        "u",
        "e",
    )
    assert is_open(h, key)


@pytest.mark.parametrize(("state", "resolved_at"), [("resolved", 300), ("expired", None)])
def test_one_that_is_closed_says_when_and_why_and_begins_anew_when_raised_again(
    state: str, resolved_at: int | None
) -> None:
    h = History()
    key = raised(h, 100)
    close_alert(h, key, at=300, state=state, reason="why")  # type: ignore[arg-type]  # one of the two
    alert = only(h)
    assert (alert.state, alert.raised_at, alert.updated_at, alert.resolved_at) == (state, 100, 300, resolved_at)
    assert alert.reasons == ["at 100", "why"]
    assert not is_open(h, key)
    close_alert(h, key, at=400, state="resolved", reason="again")
    assert only(h) is alert
    raised(h, 500)
    assert (only(h).raised_at, only(h).resolved_at) == (500, None)


def test_what_was_never_raised_is_not_open_and_nothing_is_closed() -> None:
    h = History()
    assert not is_open(h, "none")
    close_alert(h, "none", at=1, state="resolved", reason="")
    assert not h.tables[ALERTS]


@pytest.mark.parametrize(
    ("kind", "at", "state"),
    [
        ("leave_burst", 100 + DAY - 1, "open"), ("leave_burst", 100 + DAY, "expired"), ("advertising", 100 + DAY, "expired"),
        ("group_fading", 100 + 9 * DAY, "open"),
    ],
)  # fmt: skip
def test_a_passing_event_is_over_a_day_after_it_was_last_renewed(kind: str, at: int, state: str) -> None:
    h = History()
    raised(h, 100, kind=kind)
    expire_old(h, at=at)
    assert only(h).state == state
