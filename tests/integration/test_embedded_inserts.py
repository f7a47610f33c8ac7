"""The embedded engine's stream keeps quiet about what goes wrong at its end; the store does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun.events import Event
from sinks import migrate
from sinks.embedded import EmbeddedStore
from sinks.store import RejectedError, UnavailableError
from tests.support.stores import insert

pytestmark = pytest.mark.chdb


def events(*numbers: int) -> list[Event]:
    return [
        Event(
            id=f"e{n}", type="message", ts=1_700_000_000_000 + n, platform="qq", group_id="g", user_id="u", text="活\n'",
            received_at=1_700_000_000_000 + n,
        )
        for n in numbers
    ]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    directory = tmp_path / "it's here"
    directory.mkdir()
    found = EmbeddedStore(directory, "huoqun")
    migrate.migrate(found, "huoqun")
    yield found
    found.close()


def count(store: EmbeddedStore) -> int:
    return int(store.select("SELECT count() FROM huoqun.events")[0][0])


def test_a_row_that_breaks_a_rule_of_the_table_is_rejected_and_none_of_its_block_is_stored(
    store: EmbeddedStore,
) -> None:
    store.execute("ALTER TABLE huoqun.events_rows ADD CONSTRAINT strict CHECK id != 'e5'")
    for _time in range(2):
        with pytest.raises(RejectedError, match="strict"):
            insert(store, events(4, 5, 6))
        assert count(store) == 0
    insert(store, events(4, 6))
    assert count(store) == 2
    store.execute("ALTER TABLE huoqun.events_rows DROP CONSTRAINT strict")
    insert(store, events(5))
    assert count(store) == 3


def test_a_table_that_takes_no_more_for_now_is_unavailable_until_it_does_again(store: EmbeddedStore) -> None:
    store.execute("SYSTEM STOP MERGES huoqun.events_rows")
    store.execute("ALTER TABLE huoqun.events_rows MODIFY SETTING parts_to_delay_insert = 2, parts_to_throw_insert = 2")
    insert(store, events(1))
    insert(store, events(2))
    with pytest.raises(UnavailableError, match="Too many parts"):
        insert(store, events(3))
    assert count(store) == 2
    store.execute(
        "ALTER TABLE huoqun.events_rows MODIFY SETTING parts_to_delay_insert = 90, parts_to_throw_insert = 99"
    )
    insert(store, events(3))
    assert count(store) == 3
