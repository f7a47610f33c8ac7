"""Learning the weights for answers: the fit finds what made the data, and the command writes what the core can read."""

from __future__ import annotations

import gzip
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="needs the extra `train`")

from streams.core.answer_model import AnswerModel  # noqa: E402
from training import additive, answers  # noqa: E402

FEATURES = (("one", 3), ("two", 2))


def test_the_fit_finds_the_weights_that_made_the_data() -> None:
    rng = np.random.default_rng(1)
    places = np.stack([rng.integers(0, 3, 40_000), 3 + rng.integers(0, 2, 40_000)], 1)
    weights = np.array([-1.0, 0.0, 1.0, 0.5, -0.5])
    truth = (rng.random(40_000) < 1 / (1 + np.exp(1.0 - weights[places].sum(1)))).astype(float)
    found = additive.fit(FEATURES, places, truth, np.ones(40_000))
    every = np.array([[a, b] for a in range(3) for b in (3, 4)])
    assert np.abs(found.odds(every) - (weights[every].sum(1) - 1.0)).max() < 0.1


def test_a_class_that_is_never_seen_lies_between_its_neighbours() -> None:
    places = np.array([[0, 3]] * 500 + [[2, 3]] * 500)
    truth = np.array([0.0, 1.0] * 50 + [0.0] * 400 + [1.0] * 400 + [0.0, 1.0] * 50)
    weights = additive.fit(FEATURES, places, truth, np.ones(1000)).weights
    assert weights[0] < weights[1] < weights[2]


def test_of_the_judgements_before_the_last_some_count_for_all() -> None:
    counts = np.array([answers.EARLIER] * 8 + [1.0, answers.CONTINUING])
    thinned = answers._thinned(answers.Sample(np.arange(10).reshape(-1, 1), np.zeros(10), counts))
    assert thinned.places.ravel().tolist() == [0, 4, 8, 9]
    assert thinned.counts.sum() == pytest.approx(counts.sum())


def chats(directory: Path) -> None:
    """Some made-up chats: a question, an answer to it with or without the name, chatter."""
    rng = random.Random(3)
    events: list[dict[str, Any]] = []
    gold: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    for file in ("a", "b", "c", "d"):
        line = 0

        def say(user: str, text: str, to: list[str], file: str = file, **more: Any) -> str:
            nonlocal line
            event, ts = f"{file}:{line}", f"2020-01-01T{line // 60 % 24:02}:{line % 60:02}:00.000Z"
            events.append(
                {"event_id": event, "file": file, "line": line, "type": "message", "ts": ts, "platform": "irc",
                 "group_id": "g", "user_id": user, "nick": user, "text": text, "mentions": more.get("names", []),
                 "mention_ids": more.get("names", []), "mention_ids_any": more.get("names", []), "annotated": True}
            )  # fmt: skip
            gold.append({"event_id": event, "file": file, "line": line, "reply_to": to or [event], "replied_by": []})
            line += 1
            return event

        for number in range(25):
            asker, helper = rng.sample(["annika", "bertil", "cecilia", "davide"], 2)
            question = say(asker, f"how do I mount disk {number}?", [])
            asked.append(
                {"event_id": question, "is_question_heuristic": True, "starts_conversation": True,
                 "seconds_remaining_in_file": 3600}
            )  # fmt: skip
            if number % 2:
                named = rng.random() < 0.7
                say(helper, f"{asker}: mount it" if named else "mount it", [question], names=[asker] if named else [])
            for _ in range(rng.randint(0, 3)):
                say(rng.choice(["erik", "frida"]), "what a day", [])
    for name, records in (("events", events), ("gold", gold), ("answers", asked)):
        with gzip.open(directory / f"{name}.ndjson.gz", "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(record) + "\n" for record in records)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["training.answers", *arguments])
    return answers.main()


def test_the_command_writes_weights_that_the_core_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chats(tmp_path)
    out = tmp_path / "weights.json"
    assert run(monkeypatch, str(tmp_path), "--out", str(out)) == 0
    numbers = json.loads(out.read_text())
    AnswerModel(numbers)
    assert numbers["from"]["files"] == 4
    named = numbers["directed"]
    assert named["bias"] + named["weights"]["seconds"][8] > numbers["undirected"]["bias"], "a name says more than none"


def test_folds_are_the_same_each_time_and_leave_their_files_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats(tmp_path)
    written = []
    for out in (tmp_path / "one", tmp_path / "two"):
        assert run(monkeypatch, str(tmp_path), "--folds", "2", "--out", str(out)) == 0
        written.append({file.name: file.read_text() for file in sorted(out.iterdir())})
    assert written[0] == written[1]
    assert sorted(written[0]) == ["fold-0.json", "fold-1.json", "folds.json"]
    assert json.loads(written[0]["folds.json"]) == {"a": 0, "b": 1, "c": 0, "d": 1}
    assert written[0]["fold-0.json"] != written[0]["fold-1.json"]


def test_a_directory_without_chats_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, str(tmp_path)) == 2
    assert "gold.ndjson.gz" in capsys.readouterr().err
