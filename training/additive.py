"""Additive logistic regression over classes: one weight for each class of each feature, fitted by Newton's method.

Weights are held small (ridge) and those of neighbouring classes alike, so that a class seen rarely says little.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

RIDGE: Final = 2.0
ALIKE: Final = 8.0
STEPS: Final = 12
ENOUGH: Final = 0.005
SHORTEST: Final = 0.001
TINY: Final = 1e-9

Array = np.ndarray[Any, Any]


class Sum(NamedTuple):
    """A fitted sum: the bias, and the weights of all features in a row."""

    bias: float
    weights: Array

    def odds(self, places: Array) -> Array:
        """Return the log odds of rows of places."""
        found: Array = self.bias + self.weights[places].sum(1)
        return found

    def named(self, features: tuple[tuple[str, int], ...]) -> dict[str, Any]:
        """Return the weights by the names of the features."""
        weights: dict[str, list[float]] = {}
        at = 0
        for name, size in features:
            weights[name] = [round(float(w), 4) for w in self.weights[at : at + size]]
            at += size
        return {"bias": round(self.bias, 4), "weights": weights}


def fit(
    features: tuple[tuple[str, int], ...],
    places: Array,
    truth: Array,
    counts: Array,
    *,
    ridge: float = RIDGE,
    near: Sum | None = None,
) -> Sum:
    """Fit a sum to rows of places, whether each is true, and for how many rows it counts.

    There is one best sum; beginning ``near`` it, with one of nearly the same rows, spares most steps.
    """
    sizes = [size for _, size in features]
    starts = [int(s) for s in np.cumsum([0, *sizes[:-1]])]
    wide = sum(sizes)
    classes = [np.ascontiguousarray(places[:, f] - starts[f]).astype(np.int64) for f in range(len(sizes))]
    penalty = _penalty(sizes, starts, ridge)
    share = float(((counts * truth).sum() + 1) / (counts.sum() + 2))  # there may be no rows at all
    bias, weights = (float(np.log(share / (1 - share))), np.zeros(wide)) if near is None else near
    odds = bias + weights[places].sum(1)
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-odds))
        spread, error = counts * likely * (1 - likely), counts * (truth - likely)
        gradient, curve = np.zeros(wide + 1), np.zeros((wide + 1, wide + 1))
        gradient[0], curve[0, 0] = error.sum(), spread.sum() + TINY
        for f, size in enumerate(sizes):
            mine = slice(1 + starts[f], 1 + starts[f] + size)
            gradient[mine] = np.bincount(classes[f], error, size)
            diagonal = np.bincount(classes[f], spread, size)
            curve[0, mine] = curve[mine, 0] = diagonal
            curve[mine, mine] = np.diag(diagonal)
            for g in range(f):
                other = slice(1 + starts[g], 1 + starts[g] + sizes[g])
                both = np.bincount(classes[f] * sizes[g] + classes[g], spread, size * sizes[g]).reshape(size, sizes[g])
                curve[mine, other], curve[other, mine] = both, both.T
        gradient[1:] -= penalty @ weights
        curve[1:, 1:] += penalty
        step = np.linalg.solve(curve, gradient)
        moved = step[0] + step[1:][places].sum(1)
        length, worst = 1.0, _loss(odds, truth, counts, weights, penalty)
        while (
            _loss(odds + length * moved, truth, counts, weights + length * step[1:], penalty) > worst
            and length > SHORTEST
        ):
            length /= 2
        bias, weights, odds = bias + length * float(step[0]), weights + length * step[1:], odds + length * moved
        if float(np.abs(length * step).max()) < ENOUGH:
            break
    return Sum(bias, weights)


def _penalty(sizes: list[int], starts: list[int], ridge: float) -> Array:
    wide = sum(sizes)
    penalty = np.eye(wide) * ridge
    for start, size in zip(starts, sizes, strict=True):
        for place in range(start, start + size - 1):
            penalty[place : place + 2, place : place + 2] += ALIKE * np.array([[1, -1], [-1, 1]])
    return penalty


def _loss(odds: Array, truth: Array, counts: Array, weights: Array, penalty: Array) -> float:
    return float((counts * (np.logaddexp(0, odds) - truth * odds)).sum() + weights @ penalty @ weights / 2)
