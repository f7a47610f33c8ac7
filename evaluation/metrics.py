"""Measures of how right a yes or no, a rank or a probability is. Pure; every row may have a weight.

Weights are how often a row was drawn in a resample (see :func:`interval`); without any, each row counts once. What has no
value (a rank among rows of one kind only) is ``nan``.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Hashable, Sequence
from typing import Final, NamedTuple

NOT_DEFINED: Final = math.nan
RESAMPLES: Final = 1000
SEED: Final = 7
BINS: Final = 10
_EPSILON: Final = 1e-9

Weights = Sequence[float]


class Hits(NamedTuple):
    """How often a yes was right (``tp``) and wrong (``fp``), and a no wrong (``fn``) and right (``tn``)."""

    tp: float
    fp: float
    fn: float
    tn: float

    @property
    def precision(self) -> float:
        """The share of the yes that is right; 0 without any."""
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        """The share of what there is that got a yes; 0 if there is nothing."""
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 0 if both are."""
        found = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / found if found else 0.0


def hits(truth: Sequence[bool], said: Sequence[bool], weights: Weights | None = None) -> Hits:
    """Count what was ``said`` against the ``truth``."""
    counts = [0.0, 0.0, 0.0, 0.0]
    for true, yes, weight in zip(truth, said, weights or [1.0] * len(truth), strict=True):
        counts[(0 if true else 1) if yes else (2 if true else 3)] += weight
    return Hits(*counts)


def auc(truth: Sequence[bool], scores: Sequence[float], weights: Weights | None = None) -> float:
    """Return how often a true row has the higher score than a false one, ties counting half."""
    each = weights or [1.0] * len(truth)
    below = won = true_sum = 0.0
    tied_true = tied_false = 0.0
    last = NOT_DEFINED
    for place in sorted(range(len(scores)), key=scores.__getitem__):
        if scores[place] != last:
            won += tied_true * (below + tied_false / 2)
            true_sum, below = true_sum + tied_true, below + tied_false
            tied_true = tied_false = 0.0
            last = scores[place]
        if truth[place]:
            tied_true += each[place]
        else:
            tied_false += each[place]
    won += tied_true * (below + tied_false / 2)
    pairs = (true_sum + tied_true) * (below + tied_false)
    return won / pairs if pairs else NOT_DEFINED


class Bin(NamedTuple):
    """Rows of neighbouring probabilities: how many, their mean probability, and the share that came true."""

    rows: float
    said: float
    came: float


def bins(truth: Sequence[bool], said: Sequence[float], weights: Weights | None = None, count: int = BINS) -> list[Bin]:
    """Cut the rows, in order of probability, into ``count`` bins of equal count.

    Rows of the same probability stay together, so that a bin may be larger, and there may be fewer: else the order of rows
    would decide who is in which.
    """
    each = weights or [1.0] * len(truth)
    share = sum(each) / count
    found: list[Bin] = []
    held = said_sum = came = passed = 0.0
    last, end = NOT_DEFINED, share
    for place in sorted(range(len(said)), key=said.__getitem__):
        if said[place] != last and held and passed >= end - _EPSILON:
            found.append(Bin(held, said_sum / held, came / held))
            held = said_sum = came = 0.0
            end = (math.floor(passed / share + _EPSILON) + 1) * share
        last = said[place]
        held += each[place]
        passed += each[place]
        said_sum += each[place] * said[place]
        came += each[place] if truth[place] else 0.0
    if held:
        found.append(Bin(held, said_sum / held, came / held))
    return found


def calibration_error(
    truth: Sequence[bool], said: Sequence[float], weights: Weights | None = None, count: int = BINS
) -> float:
    """Return the expected calibration error: the mean gap between probability and share, over bins of equal count."""
    found = bins(truth, said, weights, count)
    total = sum(each.rows for each in found)
    return sum(each.rows * abs(each.said - each.came) for each in found) / total if total else NOT_DEFINED


def brier(truth: Sequence[bool], said: Sequence[float], weights: Weights | None = None) -> float:
    """Return the mean squared distance of the probability from what came."""
    each = weights or [1.0] * len(truth)
    total = sum(each)
    squares = sum(w * (p - t) ** 2 for t, p, w in zip(truth, said, each, strict=True))
    return squares / total if total else NOT_DEFINED


def brier_skill(truth: Sequence[bool], said: Sequence[float], weights: Weights | None = None) -> float:
    """Return how much of the base rate's Brier score is saved: 1 is perfect, 0 no better than saying the base rate always.

    The base rate is that of these very rows, which no forecast could know: the strict form.
    """
    each = weights or [1.0] * len(truth)
    total = sum(each)
    base = sum(w for t, w in zip(truth, each, strict=True) if t) / total if total else 0.0
    least = base * (1 - base)
    return 1 - brier(truth, said, weights) / least if least else NOT_DEFINED


def interval(
    statistic: Callable[[Weights], float], clusters: Sequence[Hashable], *, resamples: int = RESAMPLES, seed: int = SEED
) -> tuple[float, float]:
    """Return the bootstrap interval (95 %, percentiles) of a statistic of weighted rows.

    What is drawn are whole clusters (``clusters`` has each row's): rows of one person or one file are not independent.
    """
    places: dict[Hashable, int] = {}
    of_row = [places.setdefault(each, len(places)) for each in clusters]
    rng = random.Random(seed)
    drawn: list[float] = []
    for _ in range(resamples):
        times = [0.0] * len(places)
        for place in rng.choices(range(len(places)), k=len(places)):
            times[place] += 1
        value = statistic([times[place] for place in of_row])
        if not math.isnan(value):
            drawn.append(value)
    if not drawn:
        return NOT_DEFINED, NOT_DEFINED
    drawn.sort()
    return drawn[int(0.025 * len(drawn))], drawn[min(len(drawn) - 1, int(0.975 * len(drawn)))]


def ranks(values: Sequence[float]) -> list[float]:
    """Return each value's rank from 1, the mean rank where values are equal."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    first = 0
    while first < len(order):
        behind = first
        while behind < len(order) and values[order[behind]] == values[order[first]]:
            behind += 1
        for place in order[first:behind]:
            found[place] = (first + behind + 1) / 2
        first = behind
    return found
