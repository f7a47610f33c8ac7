"""How likely a message answers a question, and a question has been answered: sums of learned weights.

The weights are data (``weights/answers.json``, written by ``python -m training.answers``), by the names of the features.
"""

from __future__ import annotations

import math
from typing import Any, Final

from mypy_extensions import i64

from streams.core.answer_features import PAIR, STATE, PairPlaces, StatePlaces, width

UNIT: Final = 10_000
"""Weights are whole numbers of ten-thousandths, as training rounds them: sums of such are exact."""
_ZERO: Final = 1 << 19
"""A table of weights is a text, each character's number a weight plus this: a list would hold an object for each, and looking at
one took four times as long."""
LEAST: Final = 0.01
"""A message less likely to answer a question than this is none of its candidates."""

NAMELESS: Final = 0
AMONG_NAMES: Final = 1
DIRECTED: Final = 2
STATES: Final = ("state", "state among names", "state directed")
"""The tables for a question: where its likeliest answer is addressed to nobody, in a group in which hardly anybody is called by
name, and in one in which people are; and where it is addressed to the asker."""
NAMED: Final = ("named", "named among names", "named directed")


class WeightsError(ValueError):
    """Weights that don't fit this version's features; the message names the place."""


class AnswerModel:
    """The nine sums of weights, and the probabilities at which something is done."""

    __slots__ = (
        "alarm",
        "alarm_bias",
        "bar",
        "directed",
        "directed_bias",
        "named",
        "named_biases",
        "recorded",
        "state",
        "state_biases",
        "threshold",
        "undirected",
        "undirected_bias",
    )

    def __init__(self, numbers: dict[str, Any]) -> None:
        self.threshold: float = numbers["threshold"]
        """From this probability on a question counts as answered …"""
        self.bar: float = numbers["bar"]
        """… and from this probability on that it would be wrong, no alert is raised."""
        self.undirected: str = _flat(numbers["undirected"], PAIR)
        """For a message that is addressed to nobody …"""
        self.undirected_bias: int = _whole(numbers["undirected"]["bias"])
        self.directed: str = _flat(numbers["directed"], PAIR)
        """… and for one addressed to the asker."""
        self.directed_bias: int = _whole(numbers["directed"]["bias"])
        self.state: list[str] = [_flat(numbers[kind], STATE) for kind in STATES]
        """For whether a question has been answered, all in all, by table; the next one as above."""
        self.state_biases: list[int] = [_whole(numbers[kind]["bias"]) for kind in STATES]
        self.named: list[str] = [_flat(numbers[kind], STATE) for kind in NAMED]
        """For whether the message that is named as its answer is one, by table."""
        self.named_biases: list[int] = [_whole(numbers[kind]["bias"]) for kind in NAMED]
        self.alarm: str = _flat(numbers["alarm"], STATE)
        """For whether an alert now would be wrong: somebody has answered, or there is nothing to answer."""
        self.alarm_bias: int = _whole(numbers["alarm"]["bias"])
        self.recorded: list[tuple[str, str, str, int, list[int]]] | None = None
        """Where training wants to see each judgement: (which sum, question, message, time, places)."""

    def of_pair(self, places: PairPlaces, directed: bool) -> float:
        """Return the probability that a message answers a question."""
        if directed:
            return _chance(_of_pair(self.directed, self.directed_bias, places))
        return _chance(_of_pair(self.undirected, self.undirected_bias, places))

    def of_state(self, places: StatePlaces, scene: bytes, table: int) -> float:
        """Return the probability that a question has been answered."""
        return _chance(_of_state(self.state[table], self.state_biases[table], places, scene))

    def of_named(self, places: StatePlaces, scene: bytes, table: int) -> float:
        """Return the probability that the message named as a question's answer is one."""
        return _chance(_of_state(self.named[table], self.named_biases[table], places, scene))

    def of_alarm(self, places: StatePlaces, scene: bytes) -> float:
        """Return the probability that an alert about a question would be wrong."""
        return _chance(_of_state(self.alarm, self.alarm_bias, places, scene))


def _chance(odds: int) -> float:
    return 1.0 / (1.0 + math.exp(-(odds / UNIT)))


def _of_pair(w: str, bias: i64, p: PairPlaces) -> i64:
    """Return the sum of the weights at all places, one after the other."""
    return (
        bias - 26 * _ZERO + ord(w[p[0]]) + ord(w[p[1]]) + ord(w[p[2]]) + ord(w[p[3]]) + ord(w[p[4]]) + ord(w[p[5]]) + ord(w[p[6]])
        + ord(w[p[7]]) + ord(w[p[8]]) + ord(w[p[9]]) + ord(w[p[10]]) + ord(w[p[11]]) + ord(w[p[12]]) + ord(w[p[13]])
        + ord(w[p[14]]) + ord(w[p[15]]) + ord(w[p[16]]) + ord(w[p[17]]) + ord(w[p[18]]) + ord(w[p[19]])
        + ord(w[p[20]]) + ord(w[p[21]]) + ord(w[p[22]]) + ord(w[p[23]]) + ord(w[p[24]]) + ord(w[p[25]])
    )  # fmt: skip


def _of_state(w: str, bias: i64, p: StatePlaces, scene: bytes) -> i64:
    """Return the sum of the weights at all places, one after the other."""
    total = (
        bias - 25 * _ZERO + ord(w[p[0]]) + ord(w[p[1]]) + ord(w[p[2]]) + ord(w[p[3]]) + ord(w[p[4]]) + ord(w[p[5]]) + ord(w[p[6]])
        + ord(w[p[7]]) + ord(w[p[8]]) + ord(w[p[9]]) + ord(w[p[10]]) + ord(w[p[11]]) + ord(w[p[12]]) + ord(w[p[13]])
        + ord(w[p[14]]) + ord(w[p[15]]) + ord(w[p[16]]) + ord(w[p[17]]) + ord(w[p[18]]) + ord(w[p[19]])
        + ord(w[p[20]]) + ord(w[p[21]]) + ord(w[p[22]]) + ord(w[p[23]]) + ord(w[p[24]])
    )  # fmt: skip
    at: i64 = 0
    end: i64 = len(scene)
    while at < end:
        total = total - _ZERO + ord(w[scene[at]])
        at += 1
    return total


def _whole(weight: float) -> int:
    """Return a weight in :data:`UNIT`."""
    return round(weight * UNIT)


def _flat(tables: dict[str, Any], features: tuple[tuple[str, int], ...]) -> str:
    """Return the weights of all features in a row."""
    found: list[str] = []
    for name, size in features:
        weights = tables["weights"].get(name)
        if weights is None or len(weights) != size:
            raise WeightsError(f"answer weights: {name!r} must have {size} weights")
        wholes = [_whole(weight) for weight in weights]
        if max(wholes) >= _ZERO or min(wholes) <= -_ZERO:
            raise WeightsError(f"answer weights: {name!r} has one beyond {_ZERO // UNIT}")
        found += [chr(_ZERO + whole) for whole in wholes]
    if len(found) != width(features):
        raise WeightsError("answer weights: too many")
    return "".join(found)


def blank() -> dict[str, Any]:
    """Return weights that say nothing and let no question count as answered but by a link: what training begins with."""
    pair: dict[str, Any] = {"bias": 0.0, "weights": {name: [0.0] * size for name, size in PAIR}}
    state: dict[str, Any] = {"bias": 0.0, "weights": {name: [0.0] * size for name, size in STATE}}
    return {
        "threshold": 2.0,
        "bar": 2.0,
        **dict.fromkeys(("undirected", "directed"), pair),
        **dict.fromkeys((*STATES, *NAMED, "alarm"), state),
    }
