"""The figures on archives of communities: the daily risk of falling silent."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from bench.table import Target, at_least, at_most
from evaluation import churn, data, metrics
from evaluation.churn import EVERYWHERE, THERE, Activity, Judged, Key, Label
from evaluation.data import Community, Raw
from evaluation.figures import Figure, absent, digits, failed, figure
from evaluation.metrics import Weights
from evaluation.running import RunError, Store, replayed
from evaluation.task import Task

LEAST_AUC: Final = (("raku", 0.89), ("lean", 0.875))
"""What is asked, by how the archive's name begins."""
NAME: Final = "churn, AUC"
LATE: Final = f"{THERE}+ messages, group {EVERYWHERE}, last third of time"
QUICK_DAYS: Final = 16
"""As many of the archive's Mondays are looked at in a quick run."""
_RESAMPLES: Final = 300
"""There are thousands of rows to each: a thousand resamples would take longer than the replay."""
_DAYS_A_QUERY: Final = 13
"""A query returns a million rows at most: this many Mondays are asked for at once."""


def rows(task: Task) -> Iterator[Figure]:
    """Judge every archive."""
    found = data.communities(task.directory)
    if not found:
        why = f"no NAME.events.ndjson.gz with NAME.churn_labels.ndjson.gz below {task.directory}"
        yield absent(NAME, "archives", why)
        return
    if task.quick:
        found = [min(found, key=lambda each: each.events.stat().st_size)]
    for community in found:
        yield from _judge(task, community)


def _judge(task: Task, community: Community) -> Iterator[Figure]:
    began = time.monotonic()
    labels = churn.labels_of(data.rows(community.labels))
    until = ""
    if task.quick and labels:
        days = sorted({label.as_of for label in labels})
        until = days[min(QUICK_DAYS, len(days)) - 1]
        labels = [label for label in labels if label.as_of <= until]
    total = sum(1 for _ in _events(community, until))
    target = next((at_least(f) for start, f in LEAST_AUC if community.name.startswith(start)), None)
    try:
        with replayed(_events(community, until), what=community.name, show=task.show, total=total) as store:
            risks = _risks(store, sorted({label.as_of for label in labels}))
    except RunError as error:
        yield failed(NAME, f"{community.name}, {LATE}", str(error), target)
        return
    replay = f"replayed {store.accepted:,} events in {store.seconds:.0f} s"
    remark = "; ".join(filter(None, (replay, store.remark)))
    active = Activity(data.rows(community.events))
    made = list(figures(labels, risks, active, community.name, target, judge=not task.quick))
    seconds = time.monotonic() - began
    for row in made:
        yield msgspec.structs.replace(row, seconds=seconds, remark="; ".join(filter(None, (row.remark, remark))))


def _events(community: Community, until: str) -> Iterator[bytes]:
    """Return the events, up to the end of a day if one is given: they are in order of time, and its midnight must pass."""
    if not until:
        yield from data.lines(community.events)
        return
    end = data.moment(f"{until}T00:00:00Z") + churn.DAY
    for line in data.lines(community.events):
        if data.moment(msgspec.json.decode(line, type=Raw)["ts"]) >= end:
            return
        yield line


def _risks(store: Store, days: Sequence[str]) -> dict[Key, float]:
    """Return every risk as of these days."""
    found: dict[Key, float] = {}
    for first in range(0, len(days), _DAYS_A_QUERY):
        asked = days[first : first + _DAYS_A_QUERY]
        for row in store.ask(
            "SELECT user_id, group_id, toString(toDate(as_of)) AS day, risk FROM member_risk "
            "WHERE as_of IN {days:Array(DateTime64(3, 'UTC'))}",
            {"days": [f"{day} 00:00:00.000" for day in asked]},
        ):
            found[row["user_id"], row["group_id"], row["day"]] = float(row["risk"])
    return found


def figures(
    labels: Sequence[Label],
    risks: dict[Key, float],
    active: Activity,
    name: str,
    target: Target | None,
    *,
    judge: bool = True,
) -> Iterator[Figure]:
    """Return the rows of one archive."""
    since = churn.last_third(labels)
    everywhere = [label for label in labels if label.group == EVERYWHERE]
    late = [label for label in everywhere if label.as_of >= since]
    there = churn.judged((label for label in late if label.messages >= THERE), risks)
    known = any(group == EVERYWHERE for _, group, _ in risks)
    if not known:
        why = f"member_risk has no rows of group {EVERYWHERE}"
        yield absent(NAME, f"{name}, {LATE}", why, target)
        for text, limit in (("calibration error", at_most(0.03)), ("Brier skill over the base rate", at_least(0.30))):
            yield absent(f"churn, {text}", f"{name}, {LATE}", why, limit)
    else:
        yield _auc(there, active, f"{name}, {LATE}", target if judge else None)
        yield _calibration(there, f"{name}, {LATE}", judge=judge)
        yield _skill(there, f"{name}, {LATE}", judge=judge)
        yield _auc(churn.judged(late, risks), active, f"{name}, all rows, group {EVERYWHERE}, last third of time")
        ever = churn.judged((label for label in everywhere if label.messages >= THERE), risks)
        yield _auc(ever, active, f"{name}, {THERE}+ messages, group {EVERYWHERE}, all of the time")
    yield from _groups(labels, risks, active, name, since)


def _auc(found: Judged, active: Activity, on: str, target: Target | None = None) -> Figure:
    simple = metrics.auc(found.silent, active.baseline(found.labels))
    return figure(
        NAME,
        on,
        found.auc(),
        interval=_interval(found.auc, found),
        n=len(found.labels),
        target=target,
        beside=f"baseline c5 {digits(simple)}; {digits(found.base)} fell silent; {found.without_row} without a row",
    )


def _calibration(found: Judged, on: str, *, judge: bool) -> Figure:
    def error(weights: Weights | None = None) -> float:
        return metrics.calibration_error(found.silent, found.risks, weights)

    said = sum(found.risks) / max(1, len(found.risks))
    return figure(
        "churn, calibration error",
        on,
        error(),
        interval=_interval(error, found),
        n=len(found.labels),
        target=at_most(0.03),
        judge=judge,
        beside=f"said {digits(said)} on average, came {digits(found.base)}",
    )


def _skill(found: Judged, on: str, *, judge: bool) -> Figure:
    def skill(weights: Weights | None = None) -> float:
        return metrics.brier_skill(found.silent, found.risks, weights)

    return figure(
        "churn, Brier skill over the base rate",
        on,
        skill(),
        interval=_interval(skill, found),
        n=len(found.labels),
        target=at_least(0.30),
        judge=judge,
        beside=f"Brier score {digits(metrics.brier(found.silent, found.risks))}",
    )


def _interval(statistic: Callable[[Weights], float], found: Judged) -> tuple[float, float]:
    return metrics.interval(statistic, found.people, resamples=_RESAMPLES)


def _groups(
    labels: Sequence[Label], risks: dict[Key, float], active: Activity, name: str, since: str
) -> Iterator[Figure]:
    """Return the figures of single groups: all together, and from the worst to the best."""
    late = [e for e in labels if e.group != EVERYWHERE and e.messages >= THERE and e.as_of >= since]
    if not late:
        return
    row = _auc(churn.judged(late, risks), active, f"{name}, {THERE}+ messages, single groups, last third of time")
    by_group: dict[str, list[Label]] = defaultdict(list)
    for label in late:
        by_group[label.group].append(label)
    auc_of: Callable[[str], float] = {
        group: churn.judged(of, risks).auc() for group, of in by_group.items()
    }.__getitem__
    order = sorted((group for group in by_group if auc_of(group) == auc_of(group)), key=auc_of)
    spread = (
        f"from {digits(auc_of(order[0]))} ({order[0]}) to {digits(auc_of(order[-1]))} ({order[-1]})" if order else ""
    )
    yield msgspec.structs.replace(row, beside="; ".join(filter(None, (row.beside, spread))))
