"""How much a crash leaves to do again: bounded by work, for all partitions of a worker together, beside what can be taken back."""

from __future__ import annotations

from huoqun.codec import encode
from huoqun.config import Config, Worker
from huoqun.control import Tick
from huoqun.events import Event
from streams.core.lag import Horizon, Lag
from streams.core.partition import Partition

START = 1_700_000_000_000
DAY = 86_400_000
SETTLES_AT_ONCE = Config(worker=Worker(lateness_seconds=0))


def said(n: int, *, groups: int = 1, members: int = 50) -> bytes:
    at = START + n * 10
    group, user = str(n % groups), f"u{n % members}"
    return encode(
        Event(id=f"m{n}", type="message", ts=at, platform="qq", group_id=group, user_id=user, text="早", received_at=at)
    )


def behind(state: Partition, *, partitions: int, events: int, every: int) -> int:
    """Return how far what may be committed lies behind what was applied at most, with a checkpoint after each ``every`` events."""
    lags: list[int] = []
    for first in range(0, events, every):
        state.apply([(n, said(n)) for n in range(first, first + every)])
        lags.append(state.offset - state.checkpoint(partitions=partitions).offset)
    return max(lags)


def test_partitions_of_one_worker_share_what_may_be_left_to_do() -> None:
    lag = Lag(work=1_000, little=0)
    assert 800 <= behind(Partition(0, SETTLES_AT_ONCE, lag), partitions=1, events=4_000, every=100) <= 1_000
    assert 150 <= behind(Partition(0, SETTLES_AT_ONCE, lag), partitions=4, events=4_000, every=50) <= 250


def test_what_can_still_be_taken_back_does_not_count_so_that_a_busy_group_is_saved_once_a_lag_and_not_more_often() -> (
    None
):
    state = Partition(
        0, Config(worker=Worker(lateness_seconds=1.5)), Lag(work=200, little=0)
    )  # 150 events have not settled
    saves, behind_by = 0, []
    for first in range(0, 4_000, 10):
        state.apply([(n, said(n)) for n in range(first, first + 10)])
        checkpoint = state.checkpoint()
        saves += any(value is not None for _, value in checkpoint.saves)
        behind_by.append(state.offset - checkpoint.offset)
    assert 4_000 / 230 <= saves <= 4_000 / 200 + 1
    assert 300 <= max(behind_by) <= 200 + 150 + 10


def test_the_more_members_there_are_to_restore_the_less_is_left_to_do_down_to_a_third() -> None:
    state = Partition(0, SETTLES_AT_ONCE, Lag(work=1_000, little=0))
    state.apply([(n, said(n, members=10_000)) for n in range(10_000)])
    lags = []
    for first in range(10_000, 14_000, 100):
        state.apply([(n, said(n, members=10_000)) for n in range(first, first + 100)])
        lags.append(state.offset - state.checkpoint().offset)
    assert 300 <= max(lags[10:]) <= 433


def elsewhere(at: int) -> bytes:
    """Something happens in another group: the partition has not fallen silent."""
    return encode(Event(id=f"e{at}", type="join", ts=at, platform="qq", group_id="b", user_id="u", received_at=at))


def test_midnights_of_a_silent_group_are_saved_when_they_are_as_much_work_as_may_be_left() -> None:
    state = Partition(0, Config(), Lag(work=1_000, little=0))
    state.apply([(n, said(n, members=400)) for n in range(400)])
    assert state.checkpoint(final=True).offset == 399
    saved = []
    offset = 400
    for night in range(1, 7):
        at = START + night * DAY
        state.apply([(offset, encode(Tick(at))), (offset + 1, elsewhere(at))])
        offset += 2
        saved.append(sum(key.endswith(b"|qq/0") for key, _ in state.checkpoint().saves))
    assert saved == [0, 0, 1, 0, 0, 1]


def test_what_is_done_for_one_group_before_anothers_midnight_is_no_work_of_the_other() -> None:
    """Together they are as much as may be left: the first is due at once, the second, begun half-way, a night later."""
    state = Partition(0, Config(), Lag(work=1_000, little=0))
    state.apply([(n, said(n, groups=2, members=800)) for n in range(800)])
    assert state.checkpoint(final=True).offset == 799
    saved = []
    for night in range(1, 5):
        state.apply([(798 + 2 * night, encode(Tick(at := START + night * DAY))), (799 + 2 * night, elsewhere(at))])
        saves = state.checkpoint().saves
        saved.append([name for name in ("qq/0", "qq/1") if any(key.endswith(f"|{name}".encode()) for key, _ in saves)])
    assert saved == [["qq/0"], ["qq/0", "qq/1"]] * 2


def test_saving_that_falls_behind_asks_for_the_next_checkpoint_until_it_has_caught_up() -> None:
    state = Partition(0, Config(), Lag(work=100, entries=0, little=0))
    state.apply([(n, said(n, groups=3)) for n in range(300)])
    assert not state.crowded()
    state.checkpoint()
    assert state.crowded()
    checkpoints = 1
    while state.crowded():
        state.checkpoint()
        checkpoints += 1
    assert checkpoints == 3, "one for each group"


def test_a_group_whose_last_two_minutes_are_more_than_may_be_left_is_saved_with_them_and_not_again_at_each_checkpoint() -> (
    None
):
    state = Partition(0, Config(), Lag(work=200, little=0))
    saves, behind_by = [], []
    for first in range(0, 4_000, 50):  # forty seconds: nothing of it has settled
        state.apply([(n, said(n)) for n in range(first, first + 50)])
        checkpoint = state.checkpoint()
        saves.append(len(checkpoint.saves) > 0)
        behind_by.append(state.offset - checkpoint.offset)
    assert max(behind_by) <= 2 * 200 + 50
    assert sum(saves) <= 4_000 / 200 + 1


def test_where_little_happens_all_is_saved_as_often_as_it_may_cost_and_nearly_nothing_is_left_to_do() -> None:
    assert behind(Partition(0, Config(), Lag()), partitions=1, events=2_000, every=1) <= 8
    assert behind(Partition(0, Config(), Lag(spare=3)), partitions=1, events=2_000, every=1) <= 170
    assert behind(Partition(0, Config(), Lag(little=10)), partitions=1, events=2_000, every=1) > 170


def test_as_much_work_may_be_left_as_was_said_shared_by_the_partitions_and_less_where_many_members_must_be_restored() -> (
    None
):
    def far(members: int, partitions: int, unsettled: int = 0) -> tuple[int, int]:
        horizon = Horizon(Lag(work=1_000))
        horizon.move(5_000, 9_000, members, unsettled=unsettled, whole=False, partitions=partitions)
        return 5_000 - horizon.offset, 5_000 - horizon.soon

    assert far(0, 1) == (1_000, 500)
    assert far(0, 2) == (500, 250)
    assert far(400, 1) == (900, 450)
    assert far(4_000, 1) == (333, 167), "no less than a third"
    assert far(0, 1, unsettled=300) == (1_300, 800), "what can be taken back does not count"
    assert far(0, 1, unsettled=3_000) == (2_000, 1_500), "up to as much as may be left"


def test_what_was_not_saved_since_the_oldest_of_so_many_checkpoints_is_due() -> None:
    horizon = Horizon(Lag(checkpoints=3, work=1_000))
    assert not horizon.begun()
    for offset in (10, 20):
        horizon.mark(offset, offset + 7)
    assert horizon.begun()
    horizon.move(25, 25, 0, unsettled=0, whole=False, partitions=1)
    assert horizon.offset == -1
    horizon.mark(30, 37)
    horizon.move(35, 35, 0, unsettled=0, whole=False, partitions=1)
    assert horizon.offset == 10
    assert horizon.is_past(10, 35)
    assert not horizon.is_past(11, 35)
    horizon.mark(40, 47)
    horizon.move(45, 45, 0, unsettled=0, whole=False, partitions=1)
    assert horizon.offset == 20
    horizon.move(45, 45, 0, unsettled=0, whole=True, partitions=1)
    assert horizon.offset == 45
    horizon.forget()
    assert horizon.offset == -1
    assert not horizon.begun()


def test_work_is_due_by_the_checkpoint_before_which_all_of_it_was_done() -> None:
    horizon = Horizon(Lag(checkpoints=100, work=1_000))
    for offset, work in ((100, 1_000), (200, 2_000), (300, 2_001), (400, 2_900)):
        horizon.mark(offset, work)
    horizon.move(500, 3_000, 0, unsettled=0, whole=False, partitions=1)
    assert horizon.offset == 200
    assert horizon.is_past(10_000, 2_000)
    assert not horizon.is_past(10_000, 2_001)
    horizon.move(500, 2_999, 0, unsettled=0, whole=False, partitions=1)
    assert horizon.offset == 200, "it never goes back"
