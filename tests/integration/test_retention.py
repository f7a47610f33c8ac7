"""How long rows are kept is what the configuration says, from the next start on."""

from pathlib import Path

import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun.config import Retention
from huoqun.events import Event
from sinks import migrate, retention
from sinks.embedded import EmbeddedStore
from tests.support.stores import insert

pytestmark = pytest.mark.chdb

OLD, DAY = 1_577_836_800_000, 86_400_000


def event(number: int, ts: int) -> Event:
    return Event(id=f"e{number}", type="message", ts=ts, platform="qq", group_id="g", user_id="ada", received_at=ts)


def test_rows_beyond_it_go_and_taking_it_back_keeps_the_next_ones(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, "huoqun")
    migrate.migrate(store, "huoqun")

    def ids() -> list[str]:
        store.execute("OPTIMIZE TABLE huoqun.events_rows FINAL")
        return sorted(str(row[0]) for row in store.select("SELECT id FROM huoqun.events"))

    now = 1_000 * int(store.select("SELECT toUnixTimestamp(now())")[0][0])
    insert(store, [event(1, OLD), event(2, now - 40 * DAY), event(3, now - DAY)])
    assert retention.apply(store, "huoqun", Retention()) == []
    assert ids() == ["e1", "e2", "e3"]

    asked = Retention(events_days=30, risk_days=7)
    assert set(retention.apply(store, "huoqun", asked)) == {
        "events_rows", "membership_rows", "conversions_rows", "member_risk_rows",
    }  # fmt: skip
    assert ids() == ["e3"]
    assert retention.apply(store, "huoqun", asked) == [], "it is so already"

    assert len(retention.apply(store, "huoqun", Retention())) == 4
    insert(store, [event(4, OLD)])
    assert ids() == ["e3", "e4"]
    store.close()
