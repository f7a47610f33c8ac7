"""Learn which messages ask: ``python -m training.questions``, a few seconds.

Reads the labelled messages (``training/messages/*.txt``, and of ``tests/data/questions`` the half that may be tuned on),
fits a logistic regression with a quadratic penalty to the features below, and writes the weights as
``streams/core/asks.json``. Never reads the held half. Needs scikit-learn: ``pip install 'huoqun[train]'``.

English is learned from real chat as well, lightly, where annotated chats are at hand (``--chats``, a directory with
``events.ndjson.gz`` and ``answers.ndjson.gz``): the weights of what the written messages have in them, never another word.

The features are stated here plainly; :mod:`streams.core.asks` finds the same ones in one pass.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from streams.core.asks import ADDRESS, FIRST_PLACES, PAUSES, SWING
from streams.core.rules import URL
from streams.core.vocabulary import CHINESE, ENGLISH

HERE: Final = Path(__file__).parent
TESTS: Final = HERE.parent / "tests" / "data" / "questions"
WEIGHTS: Final = HERE.parent / "streams" / "core" / "asks.json"
LANGUAGES: Final = ("zh", "en")
LONGEST: Final = 3
SCALE: Final = 48
"""A weight of one is so many in the file; a byte holds up to 127."""
SMALLEST: Final = {"zh": 5, "en": 7}
"""Weights nearer to zero than this are left out: three of five. English has twice as many messages, and more words in them."""
PENALTY: Final = 0.6
"""The inverse strength of the penalty; by cross-validation over all written messages .6 is .002 to .005 better than .3."""
UNMARKED: Final = 0.5
"""Each message with a question mark is learned a second time without it, with this weight."""
FOLDS: Final = 5
TOGETHER: Final = 8
"""Written messages that stay in one fold."""
FRAMED: Final = 16
"""Messages made of each sentence frame …"""
FRAMED_WEIGHT: Final = 0.3
"""… and what each counts: sixteen that count .3 are better than four that count one."""
CHAT_MESSAGES: Final = 9_000
"""Messages of the chats that ask, and as many that don't …"""
CHAT_WEIGHT: Final = 0.6
"""… and what each counts: their labels were made by rules. The more, the better in real talk, and the worse on messages that
stand alone: docs/evaluation.md."""
LEAST: Final = 2
"""A feature counts if it is in so many messages."""

_WORD: Final = re.compile(r"\x01|[A-Za-z]+(?:['’][A-Za-z]+)*|[0-9]+|\s+|.", re.DOTALL)
_MARK: Final = re.compile("[?？]")
_MARKED: Final = re.compile(".{4}[?？]")
_GAP: Final = re.compile(r"\{([^{}]*)\}")
_NAMED: Final = re.compile(r"^\s*[\w\[\]\\`^{}|-]{2,32}[:,]\s+")
"""The name of whom a message of these chats is said to."""

Clause = list[str]


def _classes_of(classes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the classes that each run of words is in, in their order."""
    found: dict[str, list[str]] = {}
    for name, row in classes.items():
        for said in dict.fromkeys(row):
            found.setdefault(said, []).append(name)
    return found


_CLASSES_OF: Final = {True: _classes_of(CHINESE), False: _classes_of(ENGLISH)}


def is_chinese(word: str) -> bool:
    """Whether a word is a Chinese character."""
    return len(word) == 1 and "\u3400" <= word <= "\u9fff"


def clauses_of(text: str) -> list[Clause]:
    """Return the clauses of a text, as their words."""
    found = _WORD.findall(URL.sub(f" {ADDRESS} ", text))
    clauses: list[Clause] = []
    clause: Clause = []
    paused = False
    for place, word in enumerate(found):
        begun = bool(clauses or clause)
        if word.isspace():
            around = [*clause[-1:], *found[place + 1 : place + 2]]
            paused = paused or "\n" in word or (len(around) == 2 and all(map(is_chinese, around)) and bool(clause))  # noqa: PLR2004
        elif word in PAUSES and (begun or word != "."):
            paused = True
        elif word in "?？!！" and begun:
            if clause[-1] not in {"?", "!"}:
                clause.append(_plain(word))
            paused = True
        else:
            if paused and clause:
                clauses.append(clause)
                clause = []
            paused = False
            if clause[-2:] != [_plain(word)] * 2:
                clause.append(_plain(word))
    return [*clauses, clause] if clause else clauses


def _plain(word: str) -> str:
    if word == ADDRESS:
        return "URL"
    if word in "？！":
        return "?" if word == "？" else "!"
    if "0" <= word[0] <= "9":
        return "0"
    return word.lower().replace("’", "'") if word[0].isascii() else word


def heard_in(clause: Clause, *, chinese: bool) -> Iterator[tuple[int, str]]:
    """Yield the classes of words in a clause, each with the place of its last word."""
    classes = _CLASSES_OF[chinese]
    for end in range(len(clause)):
        for length in range(1, min(LONGEST, end + 1) + 1):
            words = clause[end + 1 - length : end + 1]
            said = ("" if all(map(is_chinese, words)) else " ").join(words)
            yield from ((end, name) for name in classes.get(said, ()))
        one, two = clause[end], clause[end - 1 : end + 1]
        if end > 1 and is_chinese(one) and clause[end - 1] in {"不", "没"}:
            if one == clause[end - 2]:
                yield end, SWING
        elif (
            end > 3  # noqa: PLR2004
            and all(map(is_chinese, two))
            and clause[end - 2] in {"不", "没"}
            and two == clause[end - 4 : end - 2]
        ):
            yield end, SWING


def is_chinese_text(text: str) -> bool:
    """Whether a text has Chinese characters outside its addresses."""
    return any(map(is_chinese, URL.sub(" ", text)))


def features_of(text: str) -> Counter[str]:
    """Return what is weighed in a text, and how often it is there."""
    clauses = clauses_of(text)
    chinese = is_chinese_text(text)
    found: Counter[str] = Counter()
    for number, clause in enumerate(clauses, 1):
        last = number == len(clauses)
        words = ["BEGIN", *clause, "END"]
        runs = [
            " ".join(words[place : place + length])
            for length in range(1, LONGEST + 1)
            for place in range(len(words) + 1 - length)
        ]
        for run in runs:
            if run not in {"BEGIN", "END"}:
                found[f"= {run}"] += 1
                found[f"== {run}"] += last
        _hear(found, clause, last=last, chinese=chinese)
    return +found


def _hear(found: Counter[str], clause: Clause, *, last: bool, chinese: bool) -> None:
    end = len(clause) - 1
    if end > 0 and clause[-1] in {"?", "!"}:
        end -= 1
    heard: list[str] = []
    for place, name in heard_in(clause, chinese=chinese):
        found[f"$ {name}"] += place == end
        if name in heard:
            continue
        found[f". {name}"] += 1
        found[f"; {name}"] += last
        found[f"? {name}"] += clause[-1] == "?"
        found[f"^ {name}"] += place == 0 or (place < FIRST_PLACES and not heard)
        for before in heard:
            found[f"{before} > {name}"] += 1
        heard.append(name)


def weigh(text: str, weights: Mapping[str, int]) -> int:
    """Return the sum of a text's weights: above zero, it asks."""
    return weights["bias"] + sum(weights.get(name, 0) * count for name, count in features_of(text).items())


def written(language: str) -> list[tuple[str, bool]]:
    """Return the messages that were written to be learned from, with whether they want an answer."""
    lines = (HERE / "messages" / f"{language}.txt").read_text("utf-8").splitlines()
    return [(line[2:], line[0] == "+") for line in lines if line[:2] in {"+ ", "- "}]


def framed(language: str) -> list[tuple[str, bool]]:
    """Return plain messages made of sentence frames: a gap names a row of words that may fill it, or lists them (``{a|b}``)."""
    if not (path := HERE / "messages" / f"{language}_frames.txt").exists():
        return []
    lines = [line.split(" ", 1) for line in path.read_text("utf-8").splitlines()]
    fillers = {key: row.split() for key, row in lines if key.isalpha()}
    draw = random.Random(0)  # noqa: S311  # a sample
    made: dict[str, bool] = {}
    for key, frame in lines:
        for _ in range(0 if key.isalpha() else FRAMED):
            made[_GAP.sub(lambda gap: draw.choice(fillers.get(gap[1]) or gap[1].split("|")), frame)] = key == "+"
    return list(made.items())


def tuned_on(language: str) -> list[tuple[str, bool]]:
    """Return the half of the labelled sets that may be looked at."""
    rows = []
    for name in (language, f"{language}_later"):
        with (TESTS / f"{name}.ndjson").open(encoding="utf-8") as file:
            rows += [json.loads(line) for line in file]
    return [(row["text"], row["wants_answer"]) for row in rows if row["split"] == "tune"]


def chats(home: Path) -> list[tuple[str, bool]]:
    """Return messages of annotated chats: what looks like a question there, and what starts nothing and doesn't."""
    asking: list[str] = []
    known: set[str] = set()
    with gzip.open(home / "answers.ndjson.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            known.add(row["event_id"])
            if row["is_question_heuristic"]:
                asking.append(row["text"])
    with gzip.open(home / "events.ndjson.gz", "rt", encoding="utf-8") as file:
        others = [
            row["text"]
            for row in map(json.loads, file)
            if row.get("annotated") and row["type"] == "message" and not row.get("is_bot")
            if row["event_id"] not in known and row.get("text") and "?" not in row["text"]
        ]
    draw = random.Random(0)  # noqa: S311  # a sample
    draw.shuffle(asking)
    draw.shuffle(others)
    drawn = [(text, True) for text in asking[:CHAT_MESSAGES]] + [(text, False) for text in others[:CHAT_MESSAGES]]
    return [(_NAMED.sub("", text), label) for text, label in drawn]


def learn(
    language: str,
    messages: Sequence[tuple[str, bool]],
    made: Sequence[tuple[str, bool]] = (),
    more: Sequence[tuple[str, bool]] = (),
) -> dict[str, int]:
    """Return the weights learned from messages, from others made of frames, and lightly from more, of chats."""
    from sklearn.feature_extraction.text import CountVectorizer  # noqa: PLC0415  # an extra, and so the next
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    rows = [(text, label, 1.0) for text, label in messages] + [(text, label, FRAMED_WEIGHT) for text, label in made]
    own = len(rows)
    rows += [(_MARK.sub("", text), label, weight * UNMARKED) for text, label, weight in rows if _MARKED.search(text)]
    for text, label in more:
        rows += [(text, label, CHAT_WEIGHT / 2), (_MARK.sub("", text), label, CHAT_WEIGHT / 2)]
    found = [list(features_of(text).elements()) for text, *_ in rows]
    counter = CountVectorizer(analyzer=list, min_df=LEAST)
    counter.fit(found[:own])
    vectors = counter.transform(found)
    model: Any = LogisticRegression(C=PENALTY, solver="liblinear", random_state=0)
    model.fit(vectors, [label for _, label, _ in rows], sample_weight=[weight for *_, weight in rows])
    weights = {"bias": round(float(model.intercept_[0]) * SCALE)}
    for name, weight in sorted(zip(counter.get_feature_names_out(), model.coef_[0], strict=True)):
        number = max(-127, min(127, round(float(weight) * SCALE)))
        if abs(number) >= SMALLEST[language]:
            weights[name] = number
    return weights


def judged(language: str, more: Sequence[tuple[str, bool]]) -> str:
    """Return how right weights are on messages that they weren't learned from: a fifth of all is left out at a time.

    Messages that were written one after the other are alike, a question and the statement in nearly its words: they stay in
    one fold, :data:`TOGETHER` at a time.
    """
    others, made = written(language), framed(language)
    runs = [others[at : at + TOGETHER] for at in range(0, len(others), TOGETHER)] + [
        [row] for row in tuned_on(language)
    ]
    random.Random(1).shuffle(runs)  # noqa: S311  # a sample
    right = said = asked = 0
    for fold in range(FOLDS):
        known = [row for place, run in enumerate(runs) if place % FOLDS != fold for row in run]
        weights = learn(language, known, made, more)
        for text, label in (row for run in runs[fold::FOLDS] for row in run):
            asks = weigh(text, weights) > 0
            right, said, asked = right + (asks and label), said + asks, asked + label
    return f"precision {right / said:.3f}, recall {right / asked:.3f}, F1 {2 * right / (said + asked):.3f}"


def main() -> int:
    """Learn, and write the weights; or judge by cross-validation what learning brings."""
    parser = argparse.ArgumentParser(prog="python -m training.questions", description=__doc__)
    parser.add_argument("--to", type=Path, default=WEIGHTS, help="the file to write")
    parser.add_argument("--judge", action="store_true", help="write nothing, say how well it does by cross-validation")
    parser.add_argument(
        "--chats", type=Path, help="a directory with events.ndjson.gz and answers.ndjson.gz, in English"
    )
    options = parser.parse_args()
    learned: dict[str, Any] = {}
    for language in LANGUAGES:
        more = chats(options.chats) if options.chats and language == "en" else []
        if options.judge:
            print(language, judged(language, more))
            continue
        messages, made = written(language) + tuned_on(language), framed(language)
        learned[language] = {
            "made_by": "python -m training.questions" + (" --chats ubuntu" if more else ""),
            "messages": len(messages),
            "asking": sum(label for _, label in messages),
            "messages_of_frames": len(made),
            "messages_of_chats": len(more),
            "weights": learn(language, messages, made, more),
        }
        print(f"{language}: {len(messages)} messages, {len(learned[language]['weights'])} weights")
    if learned:
        options.to.write_text(json.dumps(learned, ensure_ascii=False, indent=0) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
