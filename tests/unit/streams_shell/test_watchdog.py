"""When a worker that is up and does nothing is told from one that has nothing to do."""

from streams.watchdog import UNSETTLED_FACTOR, Watchdog


def check(dog: Watchdog, now: float, **changes: object) -> str | None:
    seen: dict[str, object] = {"held": {0, 1}, "ticks": {}, "batches": {}, "settled": True, "progress": 0}
    return dog.check(now, **{**seen, **changes})  # type: ignore[arg-type]  # the defaults have the right types


def test_before_the_first_tick_silence_means_nothing() -> None:
    dog = Watchdog(30, 0)
    assert check(dog, 1) is None
    assert check(dog, 10_000) is None


def test_a_partition_without_ticks_is_named() -> None:
    dog = Watchdog(30, 0)
    ticks = {0: 10.0, 1: 10.0}
    assert check(dog, 11, ticks=ticks) is None
    assert check(dog, 39, ticks=ticks) is None
    why = check(dog, 60, ticks={0: 59.0, 1: 10.0})
    assert why is not None
    assert "partition 1" in why


def test_a_partition_that_never_had_a_tick_is_missed_once_others_have() -> None:
    dog = Watchdog(30, 0)
    assert check(dog, 1, ticks={0: 1.0}) is None
    why = check(dog, 40, ticks={0: 39.0})
    assert why is not None
    assert "partition 1" in why


def test_a_backlog_without_ticks_is_no_standstill() -> None:
    dog = Watchdog(30, 0)
    assert check(dog, 1, ticks={0: 1.0, 1: 1.0}) is None
    assert check(dog, 90, ticks={0: 1.0, 1: 1.0}, batches={0: 89.0, 1: 80.0}) is None


def test_partitions_that_went_elsewhere_are_not_missed() -> None:
    dog = Watchdog(30, 0)
    assert check(dog, 1, ticks={0: 1.0, 1: 1.0}) is None
    assert check(dog, 90, held=set(), ticks={}) is None


def test_a_rebalance_gets_time_as_long_as_it_moves() -> None:
    dog = Watchdog(30, 0)
    assert check(dog, 1, ticks={0: 1.0}) is None
    for step in range(10):
        assert check(dog, 10 + step * 100, settled=False, progress=step) is None
    stuck = 910 + 30 * UNSETTLED_FACTOR
    assert check(dog, stuck, settled=False, progress=9) is None
    assert check(dog, stuck + 1, settled=False, progress=9) is not None


def test_after_a_rebalance_ticks_have_their_time_again() -> None:
    dog = Watchdog(30, 0)
    assert check(dog, 1, ticks={0: 1.0}) is None
    assert check(dog, 50, settled=False) is None
    assert check(dog, 100, settled=True) is None
    assert check(dog, 129, settled=True) is None
    assert check(dog, 131, settled=True) is not None


def test_zero_turns_it_off() -> None:
    dog = Watchdog(0, 0)
    assert check(dog, 1, ticks={0: 1.0}) is None
    assert check(dog, 10_000) is None
