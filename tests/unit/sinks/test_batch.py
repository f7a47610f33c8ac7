from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sinks.batch import Batcher, Limits
from sinks.rows import Row

LIMITS = Limits(rows=3, bytes=100, age_ms=1_000, idle_ms=5_000)
P0, P1 = ("events", 0), ("events", 1)


def row(key: str, version: int = 1, size: int = 1, table: str = "events") -> Row:
    return Row(table, (key,), version, (key, version), size)


def test_a_batch_is_full_by_rows():
    batcher: Batcher[str] = Batcher(LIMITS)
    assert [batcher.add(P0, n, row(str(n)), "", 0) for n in range(3)] == [False, False, True]


def test_a_batch_is_full_by_bytes():
    batcher: Batcher[str] = Batcher(LIMITS)
    assert not batcher.add(P0, 0, row("a", size=60), "", 0)
    assert batcher.add(P0, 1, row("b", size=60), "", 0)


def test_a_batch_is_due_by_the_age_of_its_first_row():
    batcher: Batcher[str] = Batcher(LIMITS)
    assert batcher.wait_ms(0) is None
    batcher.add(P0, 0, row("a"), "", 100)
    assert not batcher.due(1_099)
    assert batcher.due(1_100)
    assert batcher.wait_ms(600) == 500


def test_control_records_alone_are_committed_now_and_then():
    batcher: Batcher[str] = Batcher(LIMITS)
    batcher.add(P0, 9, None, "", 0)
    assert not batcher.due(4_999)
    assert batcher.due(5_000)
    batch = batcher.take()
    assert batch is not None
    assert (batch.rows, batch.offsets) == (0, {P0: 10})


def test_taking_starts_anew():
    batcher: Batcher[str] = Batcher(LIMITS)
    batcher.add(P0, 0, row("a"), "", 0)
    assert batcher.take() is not None
    assert batcher.take() is None
    assert not batcher.due(10_000)


def test_of_two_rows_with_one_key_the_greater_version_stays_and_of_equals_the_later():
    batcher: Batcher[str] = Batcher(LIMITS)
    batcher.add(P0, 0, row("a", 5), "first", 0)
    batcher.add(P0, 1, row("a", 4), "older", 0)
    batcher.add(P0, 2, row("b", 5), "first", 0)
    batcher.add(P0, 3, row("b", 5), "equal", 0)
    batch = batcher.take()
    assert batch is not None
    assert [(i.row.key, i.origin) for i in batch.tables["events"]] == [(("a",), "first"), (("b",), "equal")]
    assert (batch.rows, batch.bytes, batch.offsets) == (2, 2, {P0: 4})


def test_one_key_in_two_tables_is_two_rows():
    batcher: Batcher[str] = Batcher(LIMITS)
    batcher.add(P0, 0, row("a"), "", 0)
    batcher.add(P1, 0, row("a", table="groups"), "", 0)
    batch = batcher.take()
    assert batch is not None
    assert {t: len(i) for t, i in batch.tables.items()} == {"events": 1, "groups": 1}


_records = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=40)


@given(_records, st.integers(1, 10), st.integers(1, 10))
def test_what_is_visible_in_the_end_does_not_depend_on_the_borders_of_batches(
    records: list[tuple[str, int]], small: int, large: int
):
    def visible(limit: int) -> dict[tuple[object, ...], tuple[object, ...]]:
        store: dict[tuple[object, ...], Row] = {}
        batcher: Batcher[str] = Batcher(Limits(limit, 10**9, 10**9))

        def flush() -> None:
            batch = batcher.take()
            for item in batch.tables.get("events", []) if batch is not None else []:
                old = store.get(item.row.key)
                if old is None or old.version <= item.row.version:  # as ReplacingMergeTree does
                    store[item.row.key] = item.row

        for offset, (key, version) in enumerate(records):
            if batcher.add(P0, offset, Row("events", (key,), version, (key, version, offset), 1), "", 0):
                flush()
        flush()
        return {key: found.values for key, found in store.items()}

    assert visible(small) == visible(large)


class BatcherMachine(RuleBasedStateMachine):
    """No row is lost or made up; offsets cover exactly what was taken in; limits hold."""

    def __init__(self) -> None:
        super().__init__()
        self.batcher: Batcher[tuple[int, int]] = Batcher(Limits(5, 200, 100, 300))
        self.now = 0
        self.offsets = {0: 0, 1: 0}
        self.taken: dict[tuple[str, int], int] = {}
        self.waiting: dict[tuple[object, ...], int] = {}

    @rule(
        partition=st.integers(0, 1), key=st.sampled_from("abcdefgh"), version=st.integers(0, 3), size=st.integers(1, 90)
    )
    def add(self, partition: int, key: str, version: int, size: int) -> None:
        offset = self.offsets[partition]
        full = self.batcher.add(("t", partition), offset, row(key, version, size), (partition, offset), self.now)
        self.offsets[partition] += 1
        if self.waiting.get((key,), -1) <= version:
            self.waiting[key,] = version
        if full:
            self.take()

    @rule(partition=st.integers(0, 1))
    def control(self, partition: int) -> None:
        self.batcher.add(("t", partition), self.offsets[partition], None, (partition, -1), self.now)
        self.offsets[partition] += 1

    @rule(ms=st.integers(0, 400))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule()
    def take(self) -> None:
        batch = self.batcher.take()
        if batch is None:
            assert not self.waiting
            return
        items = batch.tables.get("events", [])
        assert {i.row.key: i.row.version for i in items} == self.waiting
        assert batch.rows == len(items) <= 5
        assert batch.bytes == sum(i.row.size for i in items)
        for partition, offset in batch.offsets.items():
            assert offset > self.taken.get(partition, 0)
            self.taken[partition] = offset
        assert all(self.taken.get(("t", p), 0) == offset for p, offset in self.offsets.items())
        self.waiting = {}

    @invariant()
    def due_agrees_with_the_wait(self) -> None:
        wait = self.batcher.wait_ms(self.now)
        assert self.batcher.due(self.now) == (wait == 0)


TestBatcherMachine = BatcherMachine.TestCase
TestBatcherMachine.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
