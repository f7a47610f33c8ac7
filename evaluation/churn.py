"""Churn on real archives: the daily risk against who fell silent, and simple ranks beside it. Pure.

A label is a person in a group (``*``: anywhere) as of a Monday, and whether they wrote nothing in the 30 days from then on.
Where the product has no row of ``member_risk`` for a label, its risk counts as 0.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from evaluation import metrics
from evaluation.data import Raw, moment
from evaluation.metrics import Weights

EVERYWHERE: Final = "*"
THERE: Final = 5
"""People with so many messages in 28 days were really there."""
DAY: Final = 86_400.0

Key = tuple[str, str, str]
"""(user, group, as of which day)."""


class Label(NamedTuple):
    """A person in a group as of a day, and what became of them."""

    user: str
    group: str
    as_of: str
    messages: int
    silent: bool

    @property
    def key(self) -> Key:
        """What a risk is looked up by."""
        return self.user, self.group, self.as_of


def labels_of(raws: Iterable[Raw]) -> list[Label]:
    """Return the labels of an archive."""
    return [
        Label(r["user_id"], r["group_id"], r["as_of"], r["messages_last_28d"], bool(r["churned_next_30d"]))
        for r in raws
    ]


def last_third(labels: Sequence[Label]) -> str:
    """Return the day from which on the last third of the labels' days lies."""
    days = sorted({label.as_of for label in labels})
    return days[len(days) - max(1, len(days) // 3)] if days else ""


class Judged(NamedTuple):
    """Labels with the risk that was said: rows side by side."""

    labels: list[Label]
    risks: list[float]
    without_row: int

    @property
    def silent(self) -> list[bool]:
        """What became of them."""
        return [label.silent for label in self.labels]

    @property
    def base(self) -> float:
        """The share that fell silent."""
        return sum(self.silent) / len(self.labels) if self.labels else metrics.NOT_DEFINED

    @property
    def people(self) -> list[str]:
        """Whose row it is: rows of one person in successive weeks overlap."""
        return [label.user for label in self.labels]

    def auc(self, weights: Weights | None = None) -> float:
        """Return how well the risk ranks them."""
        return metrics.auc(self.silent, self.risks, weights)


def judged(labels: Iterable[Label], risks: Mapping[Key, float]) -> Judged:
    """Put labels and risks together."""
    kept = list(labels)
    found = [risks.get(label.key) for label in kept]
    return Judged(kept, [risk or 0.0 for risk in found], sum(risk is None for risk in found))


class Activity:
    """When whom wrote where: what the simple ranks are made of."""

    def __init__(self, events: Iterable[Raw]) -> None:
        self._times: dict[tuple[str, str], list[float]] = defaultdict(list)
        for event in events:
            if event["type"] == "message" and not event.get("is_bot"):
                at = moment(event["ts"])
                self._times[event["user_id"], event["group_id"]].append(at)
                self._times[event["user_id"], EVERYWHERE].append(at)
        for times in self._times.values():
            times.sort()

    def days_silent(self, label: Label) -> float:
        """Return the days since the last message (c1 of the archives' scorer)."""
        times, at = self._of(label)
        place = bisect_left(times, at)
        return (at - times[place - 1]) / DAY if place else 28.0

    def days_active(self, label: Label) -> int:
        """Return on how many of the last 28 days the person wrote (c4)."""
        times, at = self._of(label)
        return len({int((at - t) // DAY) for t in times[bisect_left(times, at - 28 * DAY) : bisect_left(times, at)]})

    def baseline(self, labels: Sequence[Label]) -> list[float]:
        """Return the archives' best simple score (c5): the rank by silence plus the rank by days without a message."""
        silent = metrics.ranks([self.days_silent(label) for label in labels])
        rare = metrics.ranks([-self.days_active(label) for label in labels])
        return [a + b for a, b in zip(silent, rare, strict=True)]

    def _of(self, label: Label) -> tuple[list[float], float]:
        return self._times.get((label.user, label.group), []), moment(f"{label.as_of}T00:00:00Z")
