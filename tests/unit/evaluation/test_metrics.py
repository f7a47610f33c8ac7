"""The measures, by hand and against the scorers that come with the chats."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics import Hits, auc, bins, brier, brier_skill, calibration_error, hits, interval, ranks
from tests.support.scorers import churn_scorer, unanswered_scorer

YES, NO = True, False


def test_a_count_by_hand() -> None:
    found = hits([YES, YES, YES, NO, NO], [YES, YES, NO, YES, NO])
    assert found == Hits(tp=2, fp=1, fn=1, tn=1)
    assert (found.precision, found.recall, found.f1) == (2 / 3, 2 / 3, pytest.approx(2 / 3))
    assert hits([YES, NO], [YES, YES], [3, 0.5]) == Hits(3, 0.5, 0, 0)


def test_without_any_yes_there_is_no_precision_and_no_division() -> None:
    found = hits([NO, NO], [NO, NO])
    assert (found.precision, found.recall, found.f1) == (0, 0, 0)


def test_the_area_by_hand() -> None:
    # Pairs (true, false): .9>.8, .9>.1, .4<.8, .4>.1: three of four.
    assert auc([YES, NO, YES, NO], [0.9, 0.8, 0.4, 0.1]) == 0.75
    assert auc([YES, NO], [0.5, 0.5]) == 0.5
    # One true above one of two false, tied with the other: 1.5 of 2.
    assert auc([YES, NO, NO], [0.5, 0.5, 0.1]) == 0.75
    assert math.isnan(auc([YES, YES], [0.1, 0.2]))


scores = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9])), min_size=1, max_size=40)


@given(scores)
def test_a_weight_is_a_repeat(rows: list[tuple[bool, float]]) -> None:
    truth, said = [t for t, _ in rows], [s for _, s in rows]
    times = [n % 3 for n in range(len(rows))]
    repeated = [row for row, n in zip(rows, times, strict=True) for _ in range(n)]
    again, said_again = [t for t, _ in repeated], [s for _, s in repeated]
    for measure in (auc, brier, brier_skill, calibration_error):
        weighted, plain = measure(truth, said, [float(n) for n in times]), measure(again, said_again)
        assert (math.isnan(weighted) and math.isnan(plain)) or weighted == pytest.approx(plain)


@given(scores)
def test_the_area_is_that_of_all_pairs(rows: list[tuple[bool, float]]) -> None:
    pairs = [(a, b) for t, a in rows if t for u, b in rows if not u]
    found = auc([t for t, _ in rows], [s for _, s in rows])
    if not pairs:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs))


def test_bins_of_equal_count() -> None:
    truth = [n >= 5 for n in range(10)]
    found = bins(truth, [n / 10 for n in range(10)], count=5)
    assert [b.rows for b in found] == [2] * 5
    assert [b.came for b in found] == [0, 0, 0.5, 1, 1]
    assert [b.said for b in found] == pytest.approx([0.05, 0.25, 0.45, 0.65, 0.85])
    assert calibration_error(truth, [n / 10 for n in range(10)], count=5) == pytest.approx(
        (0.05 + 0.25 + 0.05 + 0.35 + 0.15) / 5
    )


def test_equal_probabilities_stay_in_one_bin() -> None:
    said = [0.9] * 8 + [0.1, 0.2]
    found = bins([YES] * 10, said, count=5)
    assert [(b.rows, round(b.said, 2)) for b in found] == [(2, 0.15), (8, 0.9)]


def test_the_order_of_the_rows_changes_nothing() -> None:
    rng = random.Random(1)
    rows = [(rng.random() < 0.4, rng.choice([0.1, 0.2, 0.2, 0.3, 0.9])) for _ in range(200)]
    first = calibration_error([t for t, _ in rows], [s for _, s in rows])
    rng.shuffle(rows)
    assert calibration_error([t for t, _ in rows], [s for _, s in rows]) == pytest.approx(first)


def test_brier_by_hand() -> None:
    assert brier([YES, NO], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)
    assert brier_skill([YES, NO], [0.8, 0.4]) == pytest.approx(1 - 0.1 / 0.25)
    assert brier_skill([YES, NO], [0.5, 0.5]) == 0
    assert brier_skill([YES, NO], [1, 0]) == 1
    assert math.isnan(brier_skill([YES, YES], [0.5, 0.5]))


def test_an_interval_draws_whole_clusters() -> None:
    # Two clusters of opposite kind: a resample has 0, 1 or 2 of the first.
    truth = [YES] * 50 + [NO] * 50

    def share(weights: list[float]) -> float:
        return sum(w for w, t in zip(weights, truth, strict=True) if t) / sum(weights)

    assert interval(share, ["a"] * 50 + ["b"] * 50) == (0, 1)
    low, high = interval(share, range(100))
    assert 0.38 < low < 0.43
    assert 0.57 < high < 0.62
    assert interval(share, range(100)) == (low, high)


def test_ranks_are_shared_by_equal_values() -> None:
    assert ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1, 3.5, 2]
    assert ranks([]) == []


def test_as_the_archives_own_scorer_has_it() -> None:
    scorer = churn_scorer()
    rng = random.Random(2)
    truth = [rng.random() < 0.3 for _ in range(500)]
    said = [round(rng.random() * (0.5 + t), 1) for t in truth]
    assert auc(truth, said) == pytest.approx(scorer.auc(truth, said))
    assert ranks(said) == scorer.ranks(said)


def test_as_the_chats_own_scorer_has_it() -> None:
    scorer = unanswered_scorer()
    rng = random.Random(3)
    pairs = [(rng.random() < 0.4, rng.random() < 0.5) for _ in range(300)]
    found, theirs = hits([t for t, _ in pairs], [s for _, s in pairs]), scorer.prf(pairs)
    assert [found.tp, found.fp, found.fn, found.tn] == [theirs[key] for key in ("tp", "fp", "fn", "tn")]
    assert [round(each, 4) for each in (found.precision, found.recall, found.f1)] == [
        theirs[key] for key in ("precision", "recall", "f1")
    ]
