"""One row a source: what gateways say beside what is stored."""

from typing import Any

from huoqun.cli.source_rows import STALE_MS, SourceRow, rows
from huoqun.results import Alert
from producers.watch.overview import Seen

NOW = 1_764_000_000_000


def seen(name: str = "qq", **fields: Any) -> Seen:
    base: dict[str, Any] = {
        "kind": "onebot11", "coverage": "full", "last_event_at": NOW - 9000, "last_sign_at": NOW - 1000, "per_minute": 4.25,
        "refused": {"signature": 2, "malformed": 30}, "skew_ms": -2500, "lost_steps": 0, "lost_beats": 0, "silent": None,
    }  # fmt: skip
    return Seen(name=name, **(base | fields))


STORED = {
    "source": "qq", "events": "12", "last_received": "2025-11-24 15:00:00.000", "last_event": "2025-11-24 14:59:00.000",
}  # fmt: skip


def only(found: list[SourceRow]) -> SourceRow:
    (row,) = found
    return row


def test_what_gateways_say_and_what_is_stored_is_one_row() -> None:
    row = only(rows([seen()], [STORED], now=NOW, newest_report=NOW - 5000))
    assert (row.source, row.kind, row.coverage, row.events) == ("qq", "onebot11", "full", 12)
    assert row.last_received == "2025-11-24 15:59:51.000", "the gateway knows first"
    assert row.last == "9 s"
    assert row.last_event == "2025-11-24 14:59:00.000"
    assert (row.refusals, row.clock, row.lost, row.state) == ("30 malformed, 2 signature", "2.5 s ahead", "-", "ok")


def test_what_was_said_long_ago_says_nothing_of_now() -> None:
    row = only(rows([seen()], [STORED], now=NOW, newest_report=NOW - STALE_MS - 1))
    assert (row.per_minute, row.refused, row.skew_ms, row.state) == (None, None, None, "no gateway reports")
    assert row.refusals == "-"


def test_sources_that_only_one_side_knows_are_shown_too() -> None:
    found = rows([seen("a", last_event_at=0, last_sign_at=0, refused={})], [STORED], now=NOW, newest_report=NOW)
    assert [(row.source, row.events, row.state) for row in found] == [
        ("a", 0, "nothing yet"),
        ("qq", 12, "no gateway reports"),
    ]
    assert found[0].refusals == "0"


def test_what_was_lost_and_since_when_it_is_silent_is_said() -> None:
    alert = Alert(
        platform="onebot11", group_id="", alert_id="x", kind="source_silent", severity="critical", raised_at=NOW, updated_at=NOW,
        state="open", title="",
    )  # fmt: skip
    row = only(rows([seen(lost_steps=2, lost_beats=1, silent=alert, skew_ms=400)], [], now=NOW, newest_report=NOW))
    assert (row.lost, row.state, row.clock) == ("2 steps, 1 beats", "silent for 1 s", "0.4 s behind")
    assert row.silent_since == "2025-11-24 15:59:59.000"
    row = only(rows([seen(silent=alert, last_sign_at=0)], [], now=NOW + 7_200_000, newest_report=NOW))
    assert row.state == "silent for 2 h"


def test_what_a_source_cannot_see_is_said_with_its_kind() -> None:
    assert only(rows([seen()], [], now=NOW, newest_report=NOW)).sort == "onebot11"
    assert only(rows([seen(coverage="mentions")], [], now=NOW, newest_report=NOW)).sort == "onebot11 (mentions)"
