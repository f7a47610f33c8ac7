"""The figures on annotated chats: unanswered messages, as they are and with nobody called by name."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from bench.table import at_least, at_most
from evaluation import data, metrics, unanswered
from evaluation.data import Raw, Split
from evaluation.figures import Figure, absent, digits, failed, figure
from evaluation.folding import Fold, FoldError, folds_of
from evaluation.links import Links
from evaluation.metrics import Weights
from evaluation.running import RunError, Store, replayed
from evaluation.task import Task
from evaluation.unanswered import MINUTES, Alarms
from evaluation.unnamed import Names, names_in, unnamed

TRAIN: Final = "train"
"""The split that weights are trained on."""
UNNAMED: Final = "unnamed:"
"""Put before the group's name of the chats without names: both are replayed through one stack."""
VARIANTS: Final = (("", "names as they are"), (UNNAMED, "nobody called by name"))
LEAST_F1: Final = {(True, ""): 0.88, (True, UNNAMED): 0.72, (False, ""): 0.85, (False, UNNAMED): 0.70}
"""(held-out folds, variant) -> what is asked."""
CALIBRATION: Final = "calibration error of confidence, {}"
NAME: Final = f"unanswered within {MINUTES:.0f} min, F1"

_QUESTIONS: Final = (
    "SELECT question_id, group_id, status, asked_at, answered_at, answer_event_id, confidence FROM questions"
)
_ALERTS: Final = "SELECT subject_event_id, group_id, raised_at FROM alerts WHERE kind = 'unanswered'"


class Chats(NamedTuple):
    """A split as it is read: lines by file, and what is known of them."""

    files: dict[str, list[bytes]]
    names: Names
    annotated: dict[str, str]
    """Messages of people in the annotated parts -> file."""
    gold: dict[str, Raw]
    links: Links


class Found(NamedTuple):
    """What the product found, by variant."""

    questions: dict[str, dict[str, Raw]]
    alerts: dict[str, list[Raw]]
    remarks: list[str]


def rows(task: Task) -> Iterator[Figure]:
    """Judge every split."""
    splits = data.splits(task.directory)
    if not splits:
        yield absent(NAME, "annotated chats", f"no events.ndjson.gz with answers.ndjson.gz below {task.directory}")
        return
    if task.quick:
        splits = [min(splits, key=lambda split: split.events.stat().st_size)]
    elif all(split.name != TRAIN for split in splits):
        yield absent(NAME, TRAIN, f"no directory {TRAIN} with events.ndjson.gz and answers.ndjson.gz")
    for split in splits:
        yield from _judge(task, split)


def _judge(task: Task, split: Split) -> Iterator[Figure]:
    began = time.monotonic()
    chats = read(split)
    folds, why = _folds(task, split, list(chats.files))
    held = len(folds) > 1
    on = f"{split.name}, {len(folds)} folds" if held else split.name
    found = Found(defaultdict(dict), defaultdict(list), [why] if why else [])
    try:
        for number, fold in enumerate(folds):
            what = f"{split.name}, fold {number + 1} of {len(folds)}" if held else split.name
            total = 2 * sum(len(chats.files[file]) for file in fold.files)
            lines = both(chats, fold.files)
            with replayed(lines, what=what, show=task.show, total=total, settings=fold.settings) as store:
                _collect(store, found)
    except RunError as error:
        yield failed(NAME, on, str(error))
        return
    seconds = time.monotonic() - began
    judge = not task.quick and (held or split.name != TRAIN)
    for variant, text in VARIANTS:
        for row in _figures(chats, found, variant, held=held, on=f"{on}, {text}", judge=judge):
            yield msgspec.structs.replace(row, seconds=seconds, remark="; ".join(dict.fromkeys(found.remarks)))


def read(split: Split) -> Chats:
    """Read a split."""
    files: dict[str, list[bytes]] = defaultdict(list)
    annotated: dict[str, str] = {}
    author: dict[str, str] = {}
    events = []
    for line in data.lines(split.events):
        event = msgspec.json.decode(line, type=Raw)
        file = event.get("file") or ""
        files[file].append(line)
        events.append({key: event.get(key) for key in ("nick", "new_nick", "user_id", "file")})
        if event["type"] == "message" and not event.get("is_bot"):
            author[event["event_id"]] = event["user_id"]
            if event.get("annotated", True):
                annotated[event["event_id"]] = file
    gold = {row["event_id"]: row for row in data.rows(split.answers)}
    links = {} if split.links is None else {r["event_id"]: r["replied_by"] for r in data.rows(split.links)}
    return Chats(dict(files), names_in(events), annotated, gold, Links(links, author))


def both(chats: Chats, files: Iterable[str]) -> Iterator[bytes]:
    """Return the events of some files as they are, and then again as a group in which nobody is called by name."""
    for file in files:
        yield from chats.files[file]
        raws = (msgspec.json.decode(line, type=Raw) for line in chats.files[file])
        for raw in unnamed(raws, chats.names):
            yield msgspec.json.encode(raw | {"group_id": f"{UNNAMED}{raw['group_id']}"})


def _folds(task: Task, split: Split, files: Sequence[str]) -> tuple[list[Fold], str]:
    whole, why = [Fold(list(files))], ""
    if split.name == TRAIN:
        try:
            if task.folds:
                return folds_of(split.events.parent, files, task.folds, task.work), ""
        except FoldError as error:
            why = f": {error}"
        return whole, f"{split.name} by the shipped weights, which were trained on these very files{why}"
    return whole, ""


def _collect(store: Store, found: Found) -> None:
    for row in store.ask(_QUESTIONS):
        found.questions[_variant(row)][row["question_id"]] = row
    for row in store.ask(_ALERTS):
        found.alerts[_variant(row)].append(row)
    if store.remark:
        found.remarks.append(store.remark)


def _variant(row: Mapping[str, str]) -> str:
    return UNNAMED if row["group_id"].startswith(UNNAMED) else ""


def _figures(chats: Chats, found: Found, variant: str, *, held: bool, on: str, judge: bool) -> Iterator[Figure]:
    questions = found.questions[variant]
    scored = unanswered.score(chats.gold.values(), questions)
    right = scored.hits
    yield figure(
        NAME,
        on,
        right.f1 if scored.truth else metrics.NOT_DEFINED,
        interval=scored.interval(),
        n=len(scored.truth),
        target=at_least(LEAST_F1[held, variant]) if judge else None,
        beside=f"P {digits(right.precision)}, R {digits(right.recall)}; {right.tp + right.fn:.0f} unanswered; "
        f"{scored.without_row} not taken for questions",
    )
    # What is asked of confidence and of alerts is asked once: of chats as they are, by weights that never saw them.
    asked = judge and held and not variant
    yield from _confidence(chats, questions, on, asked=asked)
    alerts = unanswered.alarms(chats.gold, chats.annotated, found.alerts[variant])
    yield _false_alerts(alerts, right.fp, on, asked=asked)


def _confidence(chats: Chats, questions: Mapping[str, Raw], on: str, *, asked: bool) -> Iterator[Figure]:
    said = unanswered.confidence(chats.gold.values(), questions, chats.links)
    if chats.links.replied_by:
        yield _calibration("the answer named", said.files, said.named, said.said, on, asked=asked)
    else:
        yield absent(CALIBRATION.format("the answer named"), on, "no gold.ndjson.gz with links")
    yield _calibration("answered at all", said.files, said.answered, said.said, on, asked=False)


def _calibration(
    sense: str, files: Sequence[str], truth: Sequence[bool], said: Sequence[float], on: str, *, asked: bool
) -> Figure:
    def error(weights: Weights | None = None) -> float:
        return metrics.calibration_error(truth, said, weights)

    count = max(1, len(said))
    return figure(
        CALIBRATION.format(sense),
        on,
        error(),
        interval=metrics.interval(error, files),
        n=len(truth),
        target=at_most(0.05) if asked else None,
        beside=f"said {digits(sum(said) / count)} on average, came {digits(sum(truth) / count)}",
    )


def _false_alerts(alerts: Alarms, wrong: float, on: str, *, asked: bool) -> Figure:
    messages = sum(alerts.messages)
    others = alerts.per_thousand(alerts.no_question)
    return figure(
        "false unanswered alerts per 1,000 messages",
        on,
        alerts.per_thousand(alerts.false),
        interval=alerts.interval(),
        n=messages,
        target=at_most(3) if asked else None,
        beside=f"{sum(alerts.false):,} of {sum(alerts.raised):,} alerts; {digits(others)} more about what is no question; "
        f"at {MINUTES:.0f} min {digits(1000 * wrong / max(1, messages))}",
    )
