"""The training command reads an archive through the core: facts before a midnight, outcomes after it."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from streams.core import rhythm
from training import churn

FIRST = 20_000
"""A day."""


def archive(directory: Path, said: list[tuple[float, str, str]]) -> Path:
    path = directory / "made.events.ndjson.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for number, (day, group, user) in enumerate(sorted(said)):
            at = datetime.fromtimestamp((FIRST + day) * 86_400, tz=UTC).isoformat()
            event = {"event_id": f"m{number}", "type": "message", "ts": at, "platform": "irc", "group_id": group,
                     "user_id": user, "text": None, "mentions": []}  # fmt: skip
            file.write(json.dumps(event) + "\n")
    return path


@pytest.fixture
def community(tmp_path: Path) -> churn.Community:
    every_day = [(day + 0.5, "a", "steady") for day in range(101)]
    return churn.read(archive(tmp_path, [*every_day, (0.25, "b", "gone"), (20.75, "a", "gone"), (90.5, "b", "gone")]))


def test_facts_are_those_over_all_groups_before_the_midnight_and_the_outcome_is_the_thirty_days_after(
    community: churn.Community,
) -> None:
    found = {
        (e.day - FIRST, e.terms): (e.messages, y) for e, y in zip(community.examples, community.outcomes, strict=True)
    }
    usual = rhythm.faded(rhythm.add_day(1.0, 20), 9)
    gone = (30, rhythm.terms(9 * 24 + 6, 1, usual, 30, 30))
    assert found[gone] == (1, 1), "silent for 30 days from day 30 on, back on day 90"
    assert sum(y for _, y in found.values()) == 4, "at four midnights they had written in the 28 days before"


def test_midnights_lie_five_days_apart_from_the_28th_on_and_are_all_judged_by_what_came(
    community: churn.Community,
) -> None:
    days = sorted({e.day - FIRST for e in community.examples})
    assert days == [30, 35, 40, 45, 50, 55, 60, 65, 70]
    assert community.cut - FIRST == 60


def test_a_person_is_in_one_fold(community: churn.Community) -> None:
    assert len({e.fold for e in community.examples if e.messages > 5}) == 1


def test_nothing_to_learn_from_is_status_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["training.churn", str(tmp_path)])
    assert churn.main() == 2
    assert "nothing to learn from" in capsys.readouterr().err
