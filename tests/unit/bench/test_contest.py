"""What the contest makes of its rates."""

from collections import Counter

from bench.contest import (
    BYTEWAX_GUIDE,
    FAUST,
    FIRST_VERSION,
    FULL,
    FULL_BARE,
    FULL_SIZE,
    PAIRS,
    QUIX,
    SMALL,
    WHO,
    table,
)
from bench.load import partition_of
from bench.samples import Rates


def rates(*per_core: float, saves: float = 5.0, before: float = 1e6) -> list[Rates]:
    return [Rates(rate, rate, 1_000, 500, saves, before) for rate in per_core]


def found(quick: bool = False, broken: dict[str, str] | None = None, **ours: float) -> dict[str, tuple[object, object]]:
    everyone = {name: rates(100.0, 200.0, 300.0) for name in WHO} | {FULL: rates(2_000.0, 6_000.0, 6_000.0, **ours)}
    return {row.name: (row.median, row.met) for row in table(everyone, broken or {}, quick)}


def test_ratios_are_of_the_same_round() -> None:
    rows = found()
    assert rows["full pipeline vs idiomatic Faust (minute counts only)"] == (20, True)
    assert rows["small job vs quixstreams"] == (1, False)
    assert rows["full pipeline, the product's worker"] == (6_000, False)


def test_the_cost_of_an_event_is_that_of_the_first_version_as_often_as_our_ratio_has_become_smaller() -> None:
    name = "cost of an event with every signal vs in the first version"
    assert found()[name] == (FIRST_VERSION / 20, True)
    assert found(broken={FAUST: "it fell"}).keys() == found().keys() - {name}


def test_every_ratio_that_is_asked_for_is_there() -> None:
    rows = found()
    assert {pair.name for pair in PAIRS} <= rows.keys()
    assert set(WHO.values()) <= rows.keys()
    asked = {(p.of, p.to, p.target.limit) for p in PAIRS if p.target is not None}
    assert asked == {
        (FULL, FAUST, 20),
        (FULL, FULL_BARE, 0.7),
        (SMALL, QUIX, 6),
        (SMALL, BYTEWAX_GUIDE, 2.5),
        (FULL, QUIX, 2.5),
        (FULL, BYTEWAX_GUIDE, 1),
    }


def test_one_that_failed_fails_its_ratios_and_no_others() -> None:
    rows = found(broken={FAUST: "it fell"})
    assert rows["full pipeline vs idiomatic Faust (minute counts only)"] == (None, None)
    assert rows["small job vs quixstreams"] == (1, False)


def test_a_quick_run_and_one_before_state_is_saved_are_not_judged() -> None:
    assert {met for _, met in found(quick=True).values()} == {None}
    for rows in (found(saves=0.0), found(before=1e5)):
        assert rows["full pipeline vs idiomatic Faust (minute counts only)"] == (20, None)
        assert rows["full pipeline, the product's worker"] == (6_000, None)
        assert rows["small job vs quixstreams"] == (1, False)


def test_the_full_pipeline_is_measured_where_it_saves() -> None:
    saved_after = 4 * 200_000  # records: so many in each partition, if it had them all
    assert FULL_SIZE.stretch(FULL).first > saved_after
    assert FULL_SIZE.stretch(FULL) == FULL_SIZE.stretch(FULL_BARE)


def test_keys_go_where_kafka_clients_send_them() -> None:
    """Vectors from Kafka's own tests of murmur2 (UtilsTest): the hash, made positive, modulo a large prime."""
    known = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536}
    for key, value in known.items():
        assert partition_of(key, 1_000_003) == (value & 0x7FFFFFFF) % 1_000_003
    assert set(Counter(partition_of(f"sim/g{n:06d}", 4) for n in range(500))) == {0, 1, 2, 3}
