"""The regression finds what the rows were made of; the measures are what their definitions say."""

from __future__ import annotations

import math
import random

import pytest

from training.logistic import auc, brier_skill, calibration, calibration_error, fit, predicted


def test_the_weights_that_made_the_rows_are_found() -> None:
    rng = random.Random(2)
    rows = [(rng.gauss(5, 2), rng.gauss(0, 1)) for _ in range(20_000)]
    truth = [-2.0, 0.5, -1.0]
    outcomes = [int(rng.random() < predicted(truth, row)) for row in rows]
    assert fit(rows, outcomes, [1.0] * len(rows)) == pytest.approx(truth, abs=0.1)


def test_rows_of_no_weight_say_nothing() -> None:
    rows = [(0.0,), (1.0,), (0.0,), (1.0,)] * 50
    outcomes = [0, 1, 1, 0] * 50
    loud = fit(rows, outcomes, [1.0, 1.0, 0.1, 0.1] * 50)
    assert predicted(loud, (1.0,)) == pytest.approx(1 / 1.1, abs=0.01)


def test_the_area_under_the_curve_counts_pairs() -> None:
    outcomes, scores = [1, 0, 1, 0, 1], [0.9, 0.1, 0.4, 0.4, 0.2]
    pairs = [(a > b) + (a == b) / 2 for a, y in zip(scores, outcomes, strict=True) if y
             for b, z in zip(scores, outcomes, strict=True) if not z]  # fmt: skip
    assert auc(outcomes, scores) == pytest.approx(sum(pairs) / len(pairs))
    assert math.isnan(auc([1, 1], [0.5, 0.6]))


def test_calibration_and_skill() -> None:
    outcomes, scores = [0, 0, 1, 1], [0.05, 0.05, 0.95, 1.0]
    assert calibration(outcomes, scores) == [(2, 0.05, 0.0), (2, 0.975, 1.0)]
    assert calibration_error(outcomes, scores) == pytest.approx(0.0375)
    assert brier_skill(outcomes, [0.5] * 4) == pytest.approx(0)
    assert brier_skill(outcomes, [0, 0, 1, 1]) == pytest.approx(1)
