"""Learn the weights that judge which message answers which question.

    python -m training.answers DATA [--out FILE]
    python -m training.answers DATA --folds 5 --out DIRECTORY

DATA is a split of annotated chats (events, gold links, answers). The features come from the streaming core itself: it runs
over the chats with a recorder in it. Two passes: the first learns how likely a message answers a question, the second, with
that, how likely a question has been answered, and an alert about it would be wrong. Each chat is seen more than once: as it
was, without names, for in most groups few are addressed by name, and some with half of them, or ten times slower.

With ``--folds`` nothing is shipped: for each fold, weights learned without its files are written (``fold-0.json`` …), and
which file belongs to which fold (``folds.json``). The same data and numpy give the same weights.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from streams.core.answer_features import PAIR, STATE
from streams.core.answer_model import NAMED, STATES, AnswerModel, blank
from streams.core.answering import REOPENS
from training.additive import Array, Sum, fit
from training.chats import MINUTES, SLOWER, VARIANTS, Chats, run

THRESHOLD: Final = 0.57
"""From this probability on a question counts as answered. The F1 of "unanswered" is greatest where a question is called
unanswered from half that F1 on (Lipton et al., 2014): .44 where people are called by name, .37 where they are not. This stands
between; in the scripted communities what is plainly answered has .58."""
LEAST_ODDS: Final = math.log((THRESHOLD - REOPENS) / (1 - THRESHOLD + REOPENS))
BAR: Final = 0.365
"""From this probability on that an alert would be wrong, it is held back: on held-out folds some 3 of 1,000 messages draw one
though they have been answered. With .36 the alert of a question asked three times in a quiet group would be held back
(``tests/golden/scenarios``)."""
SHIPPED: Final = Path(__file__).parents[1] / "streams" / "core" / "weights" / "answers.json"
PAIRS: Final = ("undirected", "directed")
QUESTIONS: Final = (*STATES, *NAMED)
EARLIER: Final = 0.03
"""What a judgement before the last one of its question counts …"""
THINNED: Final = 4
"""… and of how many one is learned from, in place of all: they are much alike, and nine in ten of all."""
CONTINUING: Final = 0.1
"""What a question counts that goes on with an earlier conversation."""
FORMAT: Final = 2
FOLDS: Final = 5


ALARM: Final = "alarm"
SOME: Final = {"half": 0, "slow": 1}
"""Variants in which only every third file is seen."""
KINDS: Final = {**dict.fromkeys(PAIRS, PAIR), **dict.fromkeys((*QUESTIONS, ALARM), STATE)}


class Sample(NamedTuple):
    """Judgements of one kind: their places, whether each is true, what it counts."""

    places: Array
    truth: Array
    counts: Array


Recorded = dict[str, Sample]
"""Kind of judgement -> those on one file in one variant."""


def record(chats: Chats, file: str, variant: str, model: AnswerModel) -> Recorded:
    """Run the core over a file, and pair what it looked at with the truth."""
    model.recorded = []
    run(chats.log(file, variant), model)
    found: dict[str, list[tuple[list[int], bool, float]]] = {kind: [] for kind in KINDS}
    slower, start = (SLOWER, chats.start(file)) if variant == "slow" else (1, 0)
    last: dict[str, tuple[str, int]] = {}
    for kind, question, message, at, places in model.recorded:
        truth = chats.truths.get(question)
        if truth is None:
            continue
        at = start + (at - start) // slower  # noqa: PLW2901  # the clock of the truth
        if kind == ALARM:
            found[kind].append((places, not truth.wants or 0 <= truth.first <= at, 1.0))
        elif not kind.startswith("state"):
            found[kind].append((places, message in truth.answers, 1.0))
        elif at <= truth.at + 60_000 * MINUTES:
            weight = EARLIER * (1.0 if truth.starts else CONTINUING)
            last[question] = (kind, len(found[kind]))
            found[kind].append((places, 0 <= truth.first <= at, weight))
            found[kind.replace("state", "named")].append((places, message in truth.answers, weight))
    model.recorded = None
    for question, (kind, number) in last.items():
        truth = chats.truths[question]
        in_time = 0 <= truth.first <= min(truth.at + 60_000 * MINUTES, truth.last)
        weight = 1.0 if truth.starts else CONTINUING
        found[kind][number] = (found[kind][number][0], in_time, weight)
        kind = kind.replace("state", "named")  # noqa: PLW2901  # the same judgement, another truth
        found[kind][number] = (*found[kind][number][:2], weight)
    samples = {
        kind: Sample(
            np.array([places for places, _, _ in rows], dtype=np.int16).reshape(-1, len(KINDS[kind])),
            np.array([true for _, true, _ in rows], dtype=float),
            np.array([counts for _, _, counts in rows], dtype=float),
        )
        for kind, rows in found.items()
    }
    return {kind: _thinned(sample) if kind in QUESTIONS else sample for kind, sample in samples.items()}


def _thinned(sample: Sample) -> Sample:
    """Leave all last judgements and some of those before, which count for the others."""
    last = sample.counts >= CONTINUING
    kept = last | (np.arange(len(last)) % THINNED == 0)
    return Sample(sample.places[kept], sample.truth[kept], np.where(last, sample.counts, THINNED * sample.counts)[kept])


Sums = dict[str, Sum]
"""Kind of judgement -> what was learned."""


def learn_pairs(records: list[Recorded], near: Sums) -> Sums:
    """Learn the sums of the first pass, beginning ``near`` others."""
    return {kind: fit(PAIR, *_joined(records, kind), near=near.get(kind)) for kind in PAIRS}


def learn_states(records: list[Recorded], near: Sums) -> Sums:
    """Learn the sums of the second pass, beginning ``near`` others.

    How sure the answer named is matters where one is named: only judgements near or past the threshold count for it.
    """
    found: Sums = {ALARM: fit(STATE, *_joined(records, ALARM), near=near.get(ALARM))}
    for kind in STATES:
        places, truth, counts = _joined(records, kind)
        state = found[kind] = fit(STATE, places, truth, counts, near=near.get(kind))
        shown = state.odds(places) >= LEAST_ODDS
        named = kind.replace("state", "named")
        places, truth, counts = _joined(records, named)
        found[named] = fit(STATE, places[shown], truth[shown], counts[shown], near=near.get(named))
    return found


def _joined(records: list[Recorded], kind: str) -> tuple[Array, Array, Array]:
    samples = [each[kind] for each in records]
    return (
        np.concatenate([sample.places for sample in samples]),
        np.concatenate([sample.truth for sample in samples]),
        np.concatenate([sample.counts for sample in samples]),
    )


def nobody() -> AnswerModel:
    """Return a model that takes no message for an answer: what messages look like can be recorded all the same, and sooner."""
    numbers = blank()
    return AnswerModel({**numbers, **{kind: {**numbers[kind], "bias": -9.0} for kind in PAIRS}})


def cases(chats: Chats) -> list[tuple[str, str]]:
    """Return (file, variant): every file with names and without, every third one half without them, others slower."""
    found = []
    for number, file in enumerate(chats.files):
        found += [(file, variant) for variant in VARIANTS if number % 3 == SOME.get(variant, number % 3)]
    return found


def learn(chats: Chats, folds: int, say: Callable[[str], None]) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Return each file's fold, and the weights learned without each fold; the last ones are learned from all files.

    What the second pass looks at in a file comes from probabilities that were learned without that file's fold, so that the
    second sum learns from probabilities as good as those it will meet.
    """
    fold = {file: number % folds for number, file in enumerate(chats.files)}
    first = {case: record(chats, *case, nobody()) for case in cases(chats)}
    say(f"{sum(len(r[kind].truth) for r in first.values() for kind in PAIRS):,} judgements of messages")
    pairs = _by_fold(first, fold, folds, learn_pairs)
    half_way = [AnswerModel({**blank(), **_stored(each)}) for each in pairs]
    second = {case: record(chats, *case, half_way[fold[case[0]]]) for case in cases(chats)}
    say(f"{sum(len(r[kind].truth) for r in second.values() for kind in QUESTIONS):,} judgements of questions")
    states = _by_fold(second, fold, folds, learn_states)
    return fold, [
        {"format": FORMAT, "threshold": THRESHOLD, "bar": BAR, **_stored(each), **_stored(state)}
        for each, state in zip(pairs, states, strict=True)
    ]


def _by_fold(
    records: dict[tuple[str, str], Recorded],
    fold: dict[str, int],
    folds: int,
    learn_from: Callable[[list[Recorded], Sums], Sums],
) -> list[Sums]:
    """Learn without each fold, and, last, from everything."""
    every = learn_from(list(records.values()), {})
    return [learn_from([r for (file, _), r in records.items() if fold[file] != n], every) for n in range(folds)] + [
        every
    ]


def _stored(sums: Sums) -> dict[str, Any]:
    return {kind: each.named(KINDS[kind]) for kind, each in sums.items()}


def main() -> int:
    """Learn, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="a directory with events, gold and answers")
    parser.add_argument(
        "--folds", type=int, default=0, help="write weights for cross-validation instead of shipped ones"
    )
    parser.add_argument("--out", type=Path, help="the file to write; with --folds, the directory")
    arguments = parser.parse_args()
    if not (arguments.data / "gold.ndjson.gz").exists():
        print(f"{arguments.data}: no gold.ndjson.gz there: nothing to learn from", file=sys.stderr)
        return 2
    chats = Chats(arguments.data)
    folds, weights = learn(chats, arguments.folds or FOLDS, _say)
    if not arguments.folds:
        _write(arguments.out or SHIPPED, {"from": _origin(arguments.data, chats), **weights[-1]})
        return 0
    if arguments.out is None:
        parser.error("--folds needs --out DIRECTORY")
    arguments.out.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(weights[:-1]):
        _write(arguments.out / f"fold-{number}.json", each)
    _write(arguments.out / "folds.json", folds)
    return 0


def _origin(data: Path, chats: Chats) -> dict[str, Any]:
    """Return what the file says of where the weights come from. No chat text is in it."""
    return {
        "command": f"python -m training.answers {data.name}",
        "data": "irc-disentanglement (J. K. Kummerfeld and others, ACL 2019 and ALTA 2023; "
        "https://github.com/jkkummerfeld/irc-disentanglement), as events; the part set aside for training",
        "licence": "the data is CC-BY-4.0; these weights are sums over all of it and hold none of its text",
        "files": len(chats.files),
        "messages": sum(raw["type"] == "message" for raws in chats.raws.values() for raw in raws),
    }


def _say(text: str) -> None:
    print(text, flush=True)


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(path)


if __name__ == "__main__":
    sys.exit(main())
