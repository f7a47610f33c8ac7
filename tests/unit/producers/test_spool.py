"""The queue on disk against a model: whatever happens to the process and to the bytes, what was kept comes out once, in order."""

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from producers.publishing.publisher import Record
from producers.spool import frames
from producers.spool.frames import Damage, Frame
from producers.spool.spool import Spool, read_cursor, segments_in, waiting_since

LIMIT = 64 * 1024 * 1024
NOW = 1_764_000_000_000

keys = st.none() | st.text(max_size=20).map(lambda t: t.encode("utf-8", "replace"))
texts = st.text(max_size=40).map(lambda t: t.encode("utf-8", "replace"))


def numbered(first: int, count: int, size: int = 0) -> list[Record]:
    return [Record(b"demo/g1", b"%d " % n + b"x" * size) for n in range(first, first + count)]


def drained(spool: Spool, until_ms: int | None = None) -> list[Record]:
    found = []
    while (batch := spool.read(until_ms)) is not None:
        found += batch.records
        spool.done(batch)
    return found


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "0"


# Frames.


@given(
    st.integers(0, 2**40),
    st.integers(0, 2**41),
    st.lists(st.builds(Record, keys, texts, st.none()), min_size=1, max_size=9),
)
def test_a_frame_is_read_as_it_was_written(sequence: int, at: int, records: list[Record]) -> None:
    (data,) = frames.encode(sequence, at, records)
    assert len(data) == frames.size_of(records)
    assert frames.decode(b"??" + data + b"!", 2, whole=True) == Frame(sequence, at, records, len(data))
    assert frames.when(data) == at
    assert all(frames.decode(data[:n], 0, whole=False) is None for n in range(len(data)))
    assert all(frames.decode(data[:n], 0, whole=True) == Damage(n) for n in range(1, len(data)))


@given(st.data())
def test_a_frame_with_any_bit_changed_is_damage_and_the_next_is_found(data: st.DataObject) -> None:
    (first,), (second,) = (list(frames.encode(n, NOW, numbered(n, 2))) for n in (0, 2))
    flipped = bytearray(first + second)
    bit = data.draw(st.integers(0, len(first) * 8 - 1))
    flipped[bit // 8] ^= 1 << bit % 8
    place, found = 0, []
    while place < len(flipped):
        each = frames.decode(bytes(flipped), place, whole=True)
        assert each is not None
        found.append(each)
        place += each.size
    assert found[-1] == Frame(2, NOW, numbered(2, 2), len(second))
    assert sum(each.size for each in found if isinstance(each, Damage)) == len(first)


def test_much_is_cut_into_frames_that_can_be_held(directory: Path) -> None:
    records = [Record(b"k", bytes(500_000))] * 7
    made = list(frames.encode(5, NOW, records))
    assert [frames.decode(m, 0, whole=True).sequence for m in made] == [5, 7, 9, 11]  # type: ignore[union-attr]
    assert all(len(m) <= frames.MOST_BYTES for m in made)
    spool = Spool(directory, LIMIT)
    spool.append([records], NOW)
    assert drained(spool) == records


def test_a_sender_cannot_write_a_frame_into_a_text() -> None:
    with pytest.raises(UnicodeDecodeError):
        frames.MAGIC.decode()


# The queue by itself.


def test_what_is_appended_comes_out_in_order_and_leaves_nothing(directory: Path) -> None:
    spool = Spool(directory, LIMIT)
    for n in range(0, 100, 10):
        spool.append([numbered(n, 4), numbered(n + 4, 6)], NOW + n)
    assert (spool.records, spool.oldest_ms) == (100, NOW)
    assert spool.size == sum(s.size for s in segments_in(directory)) > 0
    assert drained(spool) == numbered(0, 100)
    assert (spool.records, spool.size, spool.oldest_ms, segments_in(directory)) == (0, 0, None, [])
    spool.append([numbered(100, 1)], NOW)
    assert drained(spool) == numbered(100, 1)


def test_only_its_owner_can_read_what_is_in_it(directory: Path) -> None:
    spool = Spool(directory, LIMIT)
    spool.append([numbered(0, 1)], NOW)
    assert directory.stat().st_mode & 0o77 == 0
    assert all(entry.stat().st_mode & 0o77 == 0 for entry in directory.glob("*.spool"))


def test_a_second_process_is_kept_out(directory: Path) -> None:
    spool = Spool(directory, LIMIT)
    with pytest.raises(BlockingIOError):
        Spool(directory, LIMIT)
    spool.close()
    Spool(directory, LIMIT).close()


def test_segments_are_removed_as_they_are_sent(directory: Path) -> None:
    spool = Spool(directory, 1)
    for n in range(40):
        spool.append([numbered(n, 1, size=20_000)], NOW + n)
    assert len(segments_in(directory)) >= 10
    sizes = []
    while (batch := spool.read()) is not None:
        spool.done(batch)
        sizes.append((spool.size, spool.oldest_ms))
        assert spool.size == sum(s.size for s in segments_in(directory))
        assert spool.oldest_ms == waiting_since(directory)
    assert sizes == sorted(sizes, key=lambda s: -s[0])
    assert sizes[-1] == (0, None)


def test_what_is_younger_than_asked_for_waits(directory: Path) -> None:
    spool = Spool(directory, LIMIT)
    for n in range(10):
        spool.append([numbered(n, 1)], NOW + n)
    assert drained(spool, NOW - 1) == []
    assert drained(spool, NOW + 3) == numbered(0, 4)
    assert (spool.records, spool.oldest_ms, waiting_since(directory)) == (6, NOW + 4, NOW + 4)
    assert drained(spool) == numbered(4, 6)


def test_what_was_sent_is_known_after_the_next_start(directory: Path) -> None:
    spool = Spool(directory, LIMIT)
    for n in range(5):
        spool.append([numbered(n, 1)], NOW + n)
    batch = spool.read(NOW + 2)
    assert batch is not None
    spool.done(batch)
    spool.close()
    spool = Spool(directory, LIMIT)
    assert (spool.records, spool.oldest_ms) == (2, NOW + 3)
    assert drained(spool) == numbered(3, 2)
    assert (spool.lost, spool.damaged, spool.cut) == (0, 0, 0)


def test_without_its_cursor_everything_is_sent_again(directory: Path) -> None:
    spool = Spool(directory, LIMIT)
    for n in range(5):
        spool.append([numbered(n, 1)], NOW + n)
    batch = spool.read(NOW + 2)
    assert batch is not None
    spool.done(batch)
    spool.close()
    (directory / "cursor").write_bytes(b"nonsense, twenty byte")
    assert read_cursor(directory) is None
    assert drained(Spool(directory, LIMIT)) == numbered(0, 5)


def test_a_missing_segment_is_counted(directory: Path) -> None:
    spool = Spool(directory, 1)
    for n in range(12):
        spool.append([numbered(n, 1, size=30_000)], NOW)
    spool.close()
    middle = segments_in(directory)[1:2]
    middle[0].path.unlink()
    spool = Spool(directory, 1)
    found = drained(spool)
    assert spool.lost == 12 - len(found) > 0
    assert spool.records == 0


def test_damage_is_counted_and_its_file_kept(directory: Path) -> None:
    spool = Spool(directory, LIMIT)
    for n in range(5):
        spool.append([numbered(n, 1)], NOW)
    spool.close()
    path = segments_in(directory)[0].path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    spool = Spool(directory, LIMIT)
    assert drained(spool) == numbered(0, 2) + numbered(3, 2)
    assert (spool.lost, spool.damaged) == (1, len(data) // 5)
    assert path.with_suffix(".damaged").read_bytes() == bytes(data)
    assert segments_in(directory) == []


# What the disk does.


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(directory: Path) -> None:
    """``RLIMIT_FSIZE`` stops a write in its middle, as a full disk does."""
    spool = Spool(directory, LIMIT)
    spool.append([numbered(0, 10)], NOW)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (spool.size + 50, before[1]))
    try:
        for _ in range(3):
            with pytest.raises(OSError, match="too large"):
                spool.append([numbered(90, 5, size=2_000)], NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert spool.records == 10
    spool.append([numbered(10, 10)], NOW)
    assert drained(spool) == numbered(0, 20)
    assert (spool.lost, spool.damaged) == (0, 0)


def test_after_a_failed_sync_nothing_of_it_counts(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(directory, LIMIT)
    spool.append([numbered(0, 3)], NOW)

    def fails(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("producers.spool.spool._sync_data", fails)
        with pytest.raises(OSError, match="Input/output"):
            spool.append([numbered(3, 3)], NOW)
    spool.append([numbered(6, 3)], NOW)
    spool.close()
    assert drained(Spool(directory, LIMIT)) == numbered(0, 3) + numbered(6, 3)


def test_a_directory_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"[Nn]ot a directory|exists"):
        Spool(tmp_path / "file" / "0", LIMIT)


def test_a_cursor_that_cannot_be_written_loses_nothing(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(directory, LIMIT)
    for n in range(3):
        spool.append([numbered(n, 1)], NOW + n)

    def fails(*_arguments: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("producers.spool.spool._write_cursor", fails)
        batch = spool.read(NOW)
        assert batch is not None
        with pytest.raises(OSError, match="Read-only"):
            spool.done(batch)
    assert drained(spool) == numbered(1, 2)


def test_what_is_set_aside_can_be_read_later(directory: Path) -> None:
    spool = Spool(directory, LIMIT)
    spool.set_aside(numbered(0, 2), NOW)
    data = (directory / "refused").read_bytes()
    assert frames.decode(data, 0, whole=True) == Frame(0, NOW, numbered(0, 2), len(data))


# Against a model, in any order.


class Crashing(RuleBasedStateMachine):
    """Appends, sends, ends and damage in any order.

    ``kept`` is every record in the order in which it was taken, with what may have become of it. What is read is compared
    with those that nothing has happened to; a record may come again only after the process died before it had said "done".
    """

    @initialize(limit=st.sampled_from([1, LIMIT]))
    def begin(self, limit: int) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="spool-"))
        self.limit = limit
        self.spool = Spool(self.root / "0", limit)
        self.now = NOW
        self.count = 0
        self.waiting: list[Record] = []
        self.spoiled: set[bytes] = set()
        self.reported = 0

    def teardown(self) -> None:
        if hasattr(self, "spool"):
            self.spool.close()
            shutil.rmtree(self.root)

    def make(self, count: int, size: int) -> list[Record]:
        made = numbered(self.count, count, size)
        self.count += count
        return made

    @rule(counts=st.lists(st.integers(0, 3), max_size=3), size=st.sampled_from([0, 10, 30_000]))
    def append(self, counts: list[int], size: int) -> None:
        self.now += 1
        made = [self.make(count, size) for count in counts]
        self.spool.append(made, self.now)
        self.waiting += [record for call in made for record in call]

    @rule(batches=st.integers(1, 3))
    def send(self, batches: int) -> None:
        for _ in range(batches):
            batch = self.spool.read()
            if batch is None:
                self.check([], everything=True)
                self.waiting.clear()
                return
            self.check(batch.records)
            self.spool.done(batch)
            last = self.waiting.index(batch.records[-1])
            del self.waiting[: last + 1]

    def check(self, found: list[Record], *, everything: bool = False) -> None:
        """What is read is what waits, in its order, but for what was spoiled."""
        last = len(self.waiting) if everything else self.waiting.index(found[-1]) + 1
        passed = [record for record in self.waiting[:last] if record not in found]
        assert [record for record in self.waiting[:last] if record in found] == found
        assert all(record.value in self.spoiled for record in passed)
        if passed:
            assert self.spool.damaged + self.reported > 0

    @rule(sending=st.booleans(), tail=st.binary(max_size=60), torn=st.integers(0, 200))
    def kill(self, sending: bool, tail: bytes, torn: int) -> None:
        """Die, perhaps with a batch on its way, perhaps while writing: some bytes of a frame, or nonsense."""
        if sending:
            self.spool.read()
        self.reported += self.spool.damaged + self.spool.cut
        self.spool.close()
        left = segments_in(self.root / "0")
        if left:
            unfinished = b"".join(frames.encode(self.count, self.now, numbered(self.count, 2)))[:-1]
            with left[-1].path.open("ab") as file:
                file.write(unfinished[:torn] or tail)
        before = left[-1].size if left else 0
        self.spool = Spool(self.root / "0", self.limit)
        if left and not self.spoiled:
            assert left[-1].path.stat().st_size == before

    @precondition(lambda self: bool(segments_in(self.root / "0")))
    @rule(data=st.data())
    def spoil(self, data: st.DataObject) -> None:
        """Die, and find one byte changed at the next start."""
        self.reported += self.spool.damaged + self.spool.cut
        self.spool.close()
        segment = data.draw(st.sampled_from(segments_in(self.root / "0")))
        held = bytearray(segment.path.read_bytes())
        if held:
            place = data.draw(st.integers(0, len(held) - 1))
            for frame, start, end in frames_of(bytes(held)):
                if start <= place < end:
                    self.spoiled |= {record.value for record in frame.records}
            held[place] ^= data.draw(st.integers(1, 255))
            segment.path.write_bytes(held)
        self.spool = Spool(self.root / "0", self.limit)
        self.reported += self.spool.cut

    @invariant()
    def it_knows_how_much_it_holds(self) -> None:
        if hasattr(self, "spool"):
            assert self.spool.size == sum(s.size for s in segments_in(self.root / "0"))
            if not self.spoiled:
                assert self.spool.records == len(self.waiting)
                assert (self.spool.oldest_ms is None) == (not self.waiting)
                assert (self.spool.damaged, self.spool.lost) == (0, 0)


def frames_of(data: bytes) -> Iterator[tuple[Frame, int, int]]:
    place = 0
    while place < len(data):
        found = frames.decode(data, place, whole=True)
        assert found is not None
        if isinstance(found, Frame):
            yield found, place, place + found.size
        place += found.size


Crashing.TestCase.settings = settings(
    max_examples=int(os.environ.get("SPOOL_EXAMPLES", "150")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
test_whatever_happens_what_was_kept_comes_out_once_and_in_order = Crashing.TestCase
