"""What a notifier keeps in memory is bounded by what is open: what is over is let go of after a while."""

import pytest

from sinks.notify import decide
from tests.support.notifying import DAY, HOUR, MINUTE, NOON, action, alert
from tests.unit.sinks.notify.test_telling import living, told


def test_alerts_that_are_over_are_forgotten_after_two_days_and_open_ones_are_kept() -> None:
    life = living()
    life.hear(alert("open"), alert("over"))
    life.pass_time(NOON + MINUTE)
    life.hear(alert("over", state="resolved", version=2, ended=NOON + MINUTE))
    life.pass_time(NOON + DAY, HOUR)
    assert set(life.decider._cases) == {"open", "over"}, "a late repeat of it must not be taken for a new one"
    life.pass_time(NOON + 3 * DAY, HOUR)
    assert set(life.decider._cases) == {"open"}


def test_of_many_that_are_over_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "MOST_CLOSED", 2)
    life = living()
    for n in range(4):
        life.now = NOON + n * MINUTE
        life.hear(alert(str(n), at=life.now), alert(str(n), at=life.now, state="resolved", version=2, ended=life.now))
    life.pass_time(NOON + HOUR, MINUTE)
    assert set(life.decider._cases) == {"2", "3"}


def test_what_was_done_about_an_alert_that_never_came_is_forgotten_after_eight_days() -> None:
    life = living()
    life.hear(action("unknown", "acknowledge", NOON))
    life.pass_time(NOON + 7 * DAY, HOUR)
    assert "unknown" in life.decider._deeds
    life.pass_time(NOON + 9 * DAY, HOUR)
    assert life.decider._deeds == {}


def test_what_was_done_about_an_open_alert_counts_however_long_ago() -> None:
    life = living()
    life.hear(alert())
    life.hear(action("a", "acknowledge", NOON))
    life.pass_time(NOON + 10 * DAY, HOUR)
    assert "a" in life.decider._deeds
    assert told(life.sent) == []


def test_nothing_is_looked_at_again_without_a_reason() -> None:
    life = living()
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    assert life.decider._changed == set()
    tidied = life.decider._tidy_at
    assert tidied > life.now, "once every ten minutes is enough"


def test_what_a_channel_was_told_of_an_alert_is_forgotten_eight_days_after_it_was_told_the_end() -> None:
    life = living()
    life.hear(alert("open"), alert("over"))
    life.pass_time(NOON + HOUR)
    life.hear(alert("over", state="resolved", version=2, ended=life.now))
    life.pass_time(NOON + 7 * DAY, HOUR)
    assert set(life.decider._ledger._told) == {"open", "over"}
    life.pass_time(NOON + 9 * DAY, HOUR)
    assert set(life.decider._ledger._told) == {"open"}
