import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sinks.batch import Batcher, Chunk, Limits, Origin, Rows
from sinks.rows import Part
from sinks.tables import TABLES

LIMITS = Limits(rows=3, bytes=100, age_ms=1_000, idle_ms=5_000)
P0, P1 = ("events", 0), ("events", 1)


def part(ids: list[str], at: list[int] | None = None, table: str = "questions") -> Part:
    """Rows that have an id and nothing else."""
    return Part(table, [list(ids) for _ in TABLES[table].columns], range(len(ids)) if at is None else at)


def chunk(partition: tuple[str, int], first: int, records: int = 1, size: int = 1) -> Chunk:
    return Chunk(partition, range(first, first + records), [b"k"] * records, [b"x" * size] * records)


def test_a_batch_is_full_by_rows():
    batcher = Batcher(LIMITS)
    assert [batcher.add(chunk(P0, n), [part([str(n)])], 0) for n in range(3)] == [False, False, True]


def test_a_batch_is_full_by_bytes():
    batcher = Batcher(LIMITS)
    assert not batcher.add(chunk(P0, 0, size=60), [part(["a"])], 0)
    assert batcher.add(chunk(P0, 1, size=60), [part(["b"])], 0)


def test_a_batch_is_due_by_the_age_of_its_first_row():
    batcher = Batcher(LIMITS)
    assert batcher.wait_ms(0) is None
    batcher.add(chunk(P0, 0), [part(["a"])], 100)
    assert not batcher.due(1_099)
    assert batcher.due(1_100)
    assert batcher.wait_ms(600) == 500


def test_control_records_alone_are_committed_now_and_then():
    batcher = Batcher(LIMITS)
    batcher.add(chunk(P0, 9), [], 0)
    assert not batcher.due(4_999)
    assert batcher.due(5_000)
    batch = batcher.take()
    assert batch is not None
    assert (batch.rows, batch.offsets) == (0, {P0: 10})


def test_alerts_go_ahead_of_their_batch_and_their_offsets_do_not():
    batcher = Batcher(LIMITS)
    batcher.add(chunk(P0, 0, 2), [part(["q"], [0]), part(["a"], [1], "alerts")], 0)
    assert batcher.wait_ms(0) == 100
    assert batcher.take_hurried(99) is None
    ahead = batcher.take_hurried(100)
    assert ahead is not None
    assert (set(ahead.tables), ahead.rows, ahead.offsets) == ({"alerts"}, 1, {})
    assert ahead.tables["alerts"].origin(0).at == 1
    assert batcher.take_hurried(10_000) is None, "once"
    assert batcher.wait_ms(100) == 900
    batch = batcher.take()
    assert batch is not None
    assert (set(batch.tables), batch.rows, batch.offsets) == ({"questions"}, 1, {P0: 2})


def test_alerts_that_come_after_those_that_went_ahead_wait_for_their_own_age():
    batcher = Batcher(LIMITS)
    batcher.add(chunk(P0, 0), [part(["a"], None, "alerts")], 0)
    assert batcher.take_hurried(150) is not None
    batcher.add(chunk(P0, 1), [part(["b"], None, "alerts")], 200)
    assert batcher.take_hurried(299) is None
    assert batcher.take_hurried(300) is not None


def test_a_batch_that_is_taken_leaves_no_alert_to_go_ahead():
    batcher = Batcher(LIMITS)
    batcher.add(chunk(P0, 0), [part(["a"], None, "alerts")], 0)
    batch = batcher.take()
    assert batch is not None
    assert set(batch.tables) == {"alerts"}
    assert batcher.take_hurried(10_000) is None
    assert batcher.wait_ms(10_000) is None


def test_taking_starts_anew():
    batcher = Batcher(LIMITS)
    batcher.add(chunk(P0, 0), [part(["a"])], 0)
    assert batcher.take() is not None
    assert batcher.take() is None
    assert not batcher.due(10_000)


def test_a_chunk_may_have_rows_for_several_tables():
    batcher = Batcher(LIMITS)
    batcher.add(chunk(P0, 0, 3), [part(["a", "b"], [0, 2]), part(["a"], [1], "groups")], 0)
    batch = batcher.take()
    assert batch is not None
    assert {t: len(rows) for t, rows in batch.tables.items()} == {"questions": 2, "groups": 1}
    assert (batch.rows, batch.offsets) == (3, {P0: 3})


def test_every_row_knows_its_record():
    rows, first, second = Rows("questions"), chunk(P0, 0, 5), chunk(P1, 7, 3)
    rows.add(first, part(["a", "b"], [1, 4]))
    rows.add(second, part(["c", "d", "e"]))
    assert [rows.origin(n) for n in range(5)] == [
        Origin(first, 1), Origin(first, 4), Origin(second, 0), Origin(second, 1), Origin(second, 2),
    ]  # fmt: skip
    with pytest.raises(IndexError):
        rows.origin(5)


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), min_size=1, max_size=5), st.data())
def test_slices_together_are_the_whole(chunks: list[list[str]], data: st.DataObject):
    rows = Rows("questions")
    for ids in chunks:
        rows.add(chunk(P0, 0, len(ids)), part(ids))
    middle = data.draw(st.integers(0, len(rows)))
    whole = [i for ids in chunks for i in ids]
    assert rows.slice(0, middle)[0] + rows.slice(middle, len(rows))[0] == whole == rows.column("question_id")


class BatcherMachine(RuleBasedStateMachine):
    """No row is lost or made up; offsets cover exactly what was taken in; a batch ends as soon as it is full."""

    def __init__(self) -> None:
        super().__init__()
        self.batcher = Batcher(Limits(5, 200, 100, 300, hurried_ms=20))
        self.now = 0
        self.offsets = {0: 0, 1: 0}
        self.taken: dict[tuple[str, int], int] = {}
        self.waiting: list[str] = []
        self.alerts: list[str] = []
        self.bytes = 0

    @rule(
        partition=st.integers(0, 1), ids=st.lists(st.sampled_from("abcd"), min_size=1, max_size=4),
        size=st.integers(1, 90), alerts=st.booleans(),
    )  # fmt: skip
    def add(self, partition: int, ids: list[str], size: int, alerts: bool) -> None:
        records = len(ids) + 1  # one of them is a tick
        taken = chunk(("t", partition), self.offsets[partition], records, size)
        full = self.batcher.add(taken, [part(ids, None, "alerts" if alerts else "questions")], self.now)
        self.offsets[partition] += records
        (self.alerts if alerts else self.waiting).extend(ids)
        self.bytes += records * size
        assert full == (len(self.waiting) + len(self.alerts) >= 5 or self.bytes >= 200)
        if full:
            self.take()

    @rule(partition=st.integers(0, 1))
    def control(self, partition: int) -> None:
        self.batcher.add(chunk(("t", partition), self.offsets[partition]), [], self.now)
        self.offsets[partition] += 1

    @rule(ms=st.integers(0, 400))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule()
    def take(self) -> None:
        batch = self.batcher.take()
        if batch is None:
            assert not self.waiting
            assert not self.alerts
            return
        found = {table: rows.columns[0] for table, rows in batch.tables.items()}
        wanted = {"questions": self.waiting, "alerts": self.alerts}
        assert found == {table: ids for table, ids in wanted.items() if ids}
        assert (batch.rows, batch.bytes) == (len(self.waiting) + len(self.alerts), self.bytes)
        for partition, offset in batch.offsets.items():
            assert offset > self.taken.get(partition, 0)
            self.taken[partition] = offset
        assert all(self.taken.get(("t", p), 0) == offset for p, offset in self.offsets.items())
        self.waiting, self.alerts, self.bytes = [], [], 0

    @rule()
    def hurry(self) -> None:
        ahead = self.batcher.take_hurried(self.now)
        if ahead is not None:
            assert not ahead.offsets
            assert {table: rows.columns[0] for table, rows in ahead.tables.items()} == {"alerts": self.alerts}
            self.alerts = []

    @invariant()
    def something_is_due_when_the_wait_is_over(self) -> None:
        wait = self.batcher.wait_ms(self.now)
        if self.batcher.due(self.now):
            assert wait == 0
        elif wait == 0:
            self.hurry()
            assert self.batcher.wait_ms(self.now) != 0


TestBatcherMachine = BatcherMachine.TestCase
TestBatcherMachine.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)


def test_a_batch_of_exactly_so_many_bytes_is_full():
    batcher = Batcher(LIMITS)
    assert not batcher.add(chunk(P0, 0, size=99), [part(["a"])], 0)
    assert batcher.add(chunk(P0, 1, size=1), [part(["b"])], 0)
