"""How likely a message answers a question, and a question has been answered: sums of learned weights.

The weights are data (``weights/answers.json``, written by ``python -m training.answers``), by the names of the features.
"""

from __future__ import annotations

import math
from typing import Any, Final

from mypy_extensions import i64

from streams.core.answer_features import PAIR, STATE, PairPlaces, StatePlaces, width

LEAST: Final = 0.01
"""A message less likely to answer a question than this is none of its candidates."""


class WeightsError(ValueError):
    """Weights that don't fit this version's features; the message names the place."""


class AnswerModel:
    """The seven sums of weights, and the probabilities at which something is done."""

    __slots__ = (
        "alarm",
        "alarm_bias",
        "bar",
        "directed",
        "directed_bias",
        "named",
        "named_bias",
        "named_directed",
        "named_directed_bias",
        "recorded",
        "state",
        "state_bias",
        "state_directed",
        "state_directed_bias",
        "threshold",
        "undirected",
        "undirected_bias",
    )

    def __init__(self, numbers: dict[str, Any]) -> None:
        self.threshold: float = numbers["threshold"]
        """From this probability on a question counts as answered …"""
        self.bar: float = numbers["bar"]
        """… and from this probability on that it would be wrong, no alert is raised."""
        self.undirected: list[float] = _flat(numbers["undirected"], PAIR)
        """For a message that is addressed to nobody …"""
        self.undirected_bias: float = numbers["undirected"]["bias"]
        self.directed: list[float] = _flat(numbers["directed"], PAIR)
        """… and for one addressed to the asker."""
        self.directed_bias: float = numbers["directed"]["bias"]
        self.state: list[float] = _flat(numbers["state"], STATE)
        """For whether a question has been answered, all in all, where the likeliest answer is addressed to nobody …"""
        self.state_bias: float = numbers["state"]["bias"]
        self.state_directed: list[float] = _flat(numbers["state directed"], STATE)
        """… and where it is addressed to the asker."""
        self.state_directed_bias: float = numbers["state directed"]["bias"]
        self.named: list[float] = _flat(numbers["named"], STATE)
        """For whether the message that is named as its answer is one; the next two as above."""
        self.named_bias: float = numbers["named"]["bias"]
        self.named_directed: list[float] = _flat(numbers["named directed"], STATE)
        self.named_directed_bias: float = numbers["named directed"]["bias"]
        self.alarm: list[float] = _flat(numbers["alarm"], STATE)
        """For whether an alert now would be wrong: somebody has answered, or there is nothing to answer."""
        self.alarm_bias: float = numbers["alarm"]["bias"]
        self.recorded: list[tuple[str, str, str, int, list[int]]] | None = None
        """Where training wants to see each judgement: (which sum, question, message, time, places)."""

    def of_pair(self, places: PairPlaces, directed: bool) -> float:
        """Return the probability that a message answers a question."""
        bias = self.directed_bias if directed else self.undirected_bias
        return _chance(_of_pair(self.directed if directed else self.undirected, bias, places))

    def of_state(self, places: StatePlaces, scene: bytes, directed: bool) -> float:
        """Return the probability that a question has been answered."""
        bias = self.state_directed_bias if directed else self.state_bias
        return _chance(_of_state(self.state_directed if directed else self.state, bias, places, scene))

    def of_named(self, places: StatePlaces, scene: bytes, directed: bool) -> float:
        """Return the probability that the message named as a question's answer is one."""
        bias = self.named_directed_bias if directed else self.named_bias
        return _chance(_of_state(self.named_directed if directed else self.named, bias, places, scene))

    def of_alarm(self, places: StatePlaces, scene: bytes) -> float:
        """Return the probability that an alert about a question would be wrong."""
        return _chance(_of_state(self.alarm, self.alarm_bias, places, scene))


def _chance(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))


def _of_pair(w: list[float], bias: float, p: PairPlaces) -> float:
    """Return the sum of the weights at all places, one after the other."""
    return (
        bias + w[p[0]] + w[p[1]] + w[p[2]] + w[p[3]] + w[p[4]] + w[p[5]] + w[p[6]] + w[p[7]] + w[p[8]] + w[p[9]]
        + w[p[10]] + w[p[11]] + w[p[12]] + w[p[13]] + w[p[14]] + w[p[15]] + w[p[16]] + w[p[17]] + w[p[18]] + w[p[19]]
        + w[p[20]] + w[p[21]] + w[p[22]] + w[p[23]] + w[p[24]] + w[p[25]]
    )  # fmt: skip


def _of_state(w: list[float], bias: float, p: StatePlaces, scene: bytes) -> float:
    """Return the sum of the weights at all places, one after the other."""
    odds = (
        bias + w[p[0]] + w[p[1]] + w[p[2]] + w[p[3]] + w[p[4]] + w[p[5]] + w[p[6]] + w[p[7]] + w[p[8]] + w[p[9]]
        + w[p[10]] + w[p[11]] + w[p[12]] + w[p[13]] + w[p[14]] + w[p[15]] + w[p[16]] + w[p[17]] + w[p[18]] + w[p[19]]
        + w[p[20]] + w[p[21]]
    )  # fmt: skip
    at: i64 = 0
    end: i64 = len(scene)
    while at < end:
        odds += w[scene[at]]
        at += 1
    return odds


def _flat(tables: dict[str, Any], features: tuple[tuple[str, int], ...]) -> list[float]:
    """Return the weights of all features in a row."""
    found: list[float] = []
    for name, size in features:
        weights = tables["weights"].get(name)
        if weights is None or len(weights) != size:
            raise WeightsError(f"answer weights: {name!r} must have {size} weights")
        found += [float(weight) for weight in weights]
    if len(found) != width(features):
        raise WeightsError("answer weights: too many")
    return found


def blank() -> dict[str, Any]:
    """Return weights that say nothing and let no question count as answered but by a link: what training begins with."""
    pair: dict[str, Any] = {"bias": 0.0, "weights": {name: [0.0] * size for name, size in PAIR}}
    state: dict[str, Any] = {"bias": 0.0, "weights": {name: [0.0] * size for name, size in STATE}}
    return {
        "threshold": 2.0,
        "bar": 2.0,
        **dict.fromkeys(("undirected", "directed"), pair),
        **dict.fromkeys(("state", "state directed", "named", "named directed", "alarm"), state),
    }
