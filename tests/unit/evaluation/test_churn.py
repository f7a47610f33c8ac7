"""What is made of the daily risk on archives."""

import sys

import pytest

from bench.table import at_least
from evaluation import data
from evaluation.archives import figures
from evaluation.churn import Activity, Label, judged, labels_of, last_third
from tests.support.chats import archive
from tests.support.scorers import churn_scorer
from tests.support.stack import REAL_CHATS


def label(as_of: str, user: str = "u", group: str = "*", messages: int = 5, silent: bool = False) -> Label:
    return Label(user, group, as_of, messages, silent)


def test_the_last_third_is_of_the_days_not_of_the_rows() -> None:
    days = ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22", "2024-01-29", "2024-02-05", "2024-02-12"]
    labels = [label(days[0])] * 50 + [label(day) for day in days]
    assert last_third(labels) == "2024-02-05"
    assert last_third([label("2024-01-01")]) == "2024-01-01"
    assert last_third([]) == ""


def test_what_has_no_row_counts_as_no_risk() -> None:
    there, gone = label("2024-01-01", "a"), label("2024-01-01", "b", silent=True)
    found = judged([there, gone], {there.key: 0.25})
    assert (found.risks, found.without_row, found.base) == ([0.25, 0.0], 1, 0.5)
    assert found.auc() == 0


def test_the_simple_ranks_see_nothing_of_the_day_itself_or_later() -> None:
    events = [
        {"type": "message", "user_id": "u", "group_id": "g", "ts": f"2024-01-{day:02}T12:00:00Z"}
        for day in (2, 2, 5, 9)
    ]
    events += [{"type": "join", "user_id": "u", "group_id": "g", "ts": "2024-01-07T12:00:00Z"}]
    events += [{"type": "message", "user_id": "u", "group_id": "h", "ts": "2024-01-06T12:00:00Z"}]
    active = Activity(events)
    assert active.days_silent(label("2024-01-08", group="g")) == 2.5
    assert active.days_silent(label("2024-01-08")) == 1.5
    assert active.days_active(label("2024-01-08", group="g")) == 2
    assert active.days_active(label("2024-01-09")) == 3
    assert active.days_active(label("2024-02-04")) == 1


@pytest.mark.real_chats
def test_the_baseline_is_that_of_the_archives_own_scorer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scorer = churn_scorer()
    community = next(c for c in data.communities(REAL_CHATS) if c.name.startswith("raku"))
    labels = labels_of(data.rows(community.labels))
    kept = [each for each in labels if each.group == "*" and each.messages >= 5]
    active = Activity(data.rows(community.events))
    arguments = [str(community.labels), "--baselines", str(community.events), "--min-messages", "5"]
    monkeypatch.setattr(sys, "argv", ["score_churn", *arguments])
    scorer.main()
    theirs = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("c5"))
    ours = scorer.auc([each.silent for each in kept], active.baseline(kept))
    assert f"AUC {ours:.4f}" in theirs


def test_a_perfect_risk_gives_perfect_figures_and_none_gives_none() -> None:
    events, raws = archive()
    labels, active = labels_of(raws), Activity(events)
    knowing = {each.key: float(each.silent) for each in labels}
    found = {(row.name, row.on.partition(", ")[2]): row for row in figures(labels, knowing, active, "x", at_least(0.9))}
    late = "5+ messages, group *, last third of time"
    assert (found["churn, AUC", late].value, found["churn, AUC", late].met) == (1, True)
    assert found["churn, calibration error", late].value == 0
    assert found["churn, Brier skill over the base rate", late].value == 1
    assert found["churn, AUC", "5+ messages, single groups, last third of time"].value == 1
    assert all("0 without a row" in row.beside for row in found.values() if row.name == "churn, AUC")

    of_groups = {key: risk for key, risk in knowing.items() if key[1] != "*"}
    rows = list(figures(labels, of_groups, active, "x", at_least(0.9)))
    assert [row.absent for row in rows[:3]] == ["member_risk has no rows of group *"] * 3
    assert [row.asked for row in rows[:3]] == ["≥ 0.9", "≤ 0.03", "≥ 0.3"]
    assert rows[-1].value == 1


def test_a_quick_run_is_not_judged() -> None:
    events, raws = archive()
    labels = labels_of(raws)
    knowing = {each.key: float(each.silent) for each in labels}
    assert {row.met for row in figures(labels, knowing, Activity(events), "x", at_least(0.9), judge=False)} == {None}
