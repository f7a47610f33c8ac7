"""Logistic regression and what is asked of its probabilities, in plain Python: a hundred thousand rows take seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

Row = tuple[float, ...]
RIDGE: Final = 1e-4
"""Of the standardised weights: only what nothing speaks for is held back."""
STEPS: Final = 8
"""Newton's method has converged by then."""


def fit(rows: Sequence[Row], outcomes: Sequence[int], weights: Sequence[float]) -> list[float]:
    """Return the intercept and the weight of each column, of the likeliest model under ``weights`` of the rows."""
    width = len(rows[0])
    total = sum(weights)
    means = [sum(w * row[i] for row, w in zip(rows, weights, strict=True)) / total for i in range(width)]
    spreads = [
        math.sqrt(sum(w * (row[i] - means[i]) ** 2 for row, w in zip(rows, weights, strict=True)) / total) or 1.0
        for i in range(width)
    ]
    scaled = [
        (1.0, *((x - mean) / spread for x, mean, spread in zip(row, means, spreads, strict=True))) for row in rows
    ]
    found = [0.0] * (width + 1)
    for _ in range(STEPS):
        slope, curve = _derivatives(scaled, outcomes, weights, found)
        for i in range(1, width + 1):
            slope[i] -= RIDGE * total * found[i]
            curve[i][i] += RIDGE * total
        step = _solved(curve, slope)
        found = [a + b for a, b in zip(found, step, strict=True)]
    inner = [b / spread for b, spread in zip(found[1:], spreads, strict=True)]
    return [found[0] - sum(b * mean for b, mean in zip(inner, means, strict=True)), *inner]


def predicted(model: Sequence[float], row: Row) -> float:
    """Return the probability that the model gives a row."""
    return 1 / (1 + math.exp(-sum((b * x for b, x in zip(model[1:], row, strict=True)), model[0])))


def auc(outcomes: Sequence[int], scores: Sequence[float]) -> float:
    """Return the area under the ROC curve: how often a positive has the higher score of a pair, ties half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks = 0.0
    i = 0
    while i < len(order):
        j = i
        while j < len(order) and scores[order[j]] == scores[order[i]]:
            j += 1
        ranks += sum(outcomes[k] for k in order[i:j]) * (i + j + 1) / 2
        i = j
    positive = sum(outcomes)
    negative = len(outcomes) - positive
    return (ranks - positive * (positive + 1) / 2) / (positive * negative) if positive and negative else math.nan


def calibration(outcomes: Sequence[int], scores: Sequence[float], bins: int = 10) -> list[tuple[int, float, float]]:
    """Return (rows, mean probability, share that came true) by tenths of the probability; empty tenths are left out."""
    found: list[list[float]] = [[0, 0.0, 0.0] for _ in range(bins)]
    for outcome, score in zip(outcomes, scores, strict=True):
        cell = found[min(bins - 1, int(score * bins))]
        cell[0] += 1
        cell[1] += score
        cell[2] += outcome
    return [(int(n), p / n, y / n) for n, p, y in found if n]


def calibration_error(outcomes: Sequence[int], scores: Sequence[float]) -> float:
    """Return the expected calibration error: the mean distance of the two columns of :func:`calibration`."""
    return sum(n * abs(p - y) for n, p, y in calibration(outcomes, scores)) / len(outcomes)


def brier_skill(outcomes: Sequence[int], scores: Sequence[float]) -> float:
    """Return by how much of its mean squared error the base rate is beaten: 1 always right, 0 no better than it."""
    base = sum(outcomes) / len(outcomes)
    error = sum((p - y) ** 2 for p, y in zip(scores, outcomes, strict=True)) / len(outcomes)
    return 1 - error / (base * (1 - base)) if 0 < base < 1 else math.nan


def _derivatives(
    rows: Sequence[Row], outcomes: Sequence[int], weights: Sequence[float], model: Sequence[float]
) -> tuple[list[float], list[list[float]]]:
    width = len(model)
    slope = [0.0] * width
    curve = [[0.0] * width for _ in range(width)]
    for row, outcome, weight in zip(rows, outcomes, weights, strict=True):
        z = 0.0
        for b, x in zip(model, row, strict=True):
            z += b * x
        p = 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))
        off, bend = weight * (outcome - p), weight * p * (1 - p)
        for i in range(width):
            x = row[i]
            slope[i] += off * x
            line, bent = curve[i], bend * x
            for j in range(i + 1):
                line[j] += bent * row[j]
    for i in range(width):
        for j in range(i):
            curve[j][i] = curve[i][j]
    return slope, curve


def _solved(matrix: list[list[float]], vector: list[float]) -> list[float]:
    """Solve a symmetric positive definite system (elimination with pivots)."""
    size = len(vector)
    rows = [[*matrix[i], vector[i]] for i in range(size)]
    for i in range(size):
        best = max(range(i, size), key=lambda r, i=i: abs(rows[r][i]))  # type: ignore[misc]  # bound at once
        rows[i], rows[best] = rows[best], rows[i]
        for r in range(i + 1, size):
            factor = rows[r][i] / rows[i][i]
            for c in range(i, size + 1):
                rows[r][c] -= factor * rows[i][c]
    solution = [0.0] * size
    for i in range(size - 1, -1, -1):
        rest = sum(rows[i][c] * solution[c] for c in range(i + 1, size))
        solution[i] = (rows[i][size] - rest) / rows[i][i]
    return solution
