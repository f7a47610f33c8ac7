"""The parts' own preparations: folds, labelled messages, outcomes of scenarios."""

import json
from pathlib import Path

import pytest

from evaluation.detection import event
from evaluation.folding import FoldError, listed
from evaluation.running import Store
from evaluation.scripted import outcome_of
from huoqun.config import Config
from huoqun.events import Event, read_event
from producers.replay import Totals

FILES = ["a", "b", "c"]


def test_each_file_is_judged_by_the_weights_of_its_fold(tmp_path: Path) -> None:
    (tmp_path / "folds.json").write_text(json.dumps({"a": 1, "b": 0, "c": 1, "elsewhere": 0}))
    found = listed(tmp_path, FILES)
    assert [fold.files for fold in found] == [["b"], ["a", "c"]]
    assert found[1].settings == f'[streams]\nanswer_weights = "{tmp_path.resolve()}/fold-1.json"\n'


def test_a_file_that_no_fold_leaves_out_is_an_error_and_so_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(FoldError, match=r"folds\.json"):
        listed(tmp_path, FILES)
    (tmp_path / "folds.json").write_text(json.dumps({"a": 0, "b": 1}))
    with pytest.raises(FoldError, match="1 files, such as c"):
        listed(tmp_path, FILES)


def test_a_labelled_message_is_an_event_of_its_own_group() -> None:
    raws = [event({"id": f"zh-{n}", "text": "在吗"}, n) for n in range(2)]
    events = [read_event(raw, received_at=1_800_000_000_000, source="t") for raw in raws]
    assert all(isinstance(each, Event) for each in events)
    assert len({each.group for each in events if isinstance(each, Event)}) == 2


def test_a_community_is_as_specified_if_all_its_expectations_are_met() -> None:
    report = """<testsuites><testsuite>
      <testcase name="test_it[a_quarrel-0 alert]"/><testcase name="test_it[a_quarrel-1 nothing else]"/>
      <testcase name="test_order[a_quarrel]"><system-out/></testcase>
      <testcase name="test_it[a_flood-0 alert]"><failure/></testcase><testcase name="test_it[a_flood-1 stage]"/>
      <testcase name="test_it[a_crowd-0 alert]"><skipped type="pytest.xfail"/></testcase>
      <testcase name="test_it[a_farm-0 alert]"><skipped type="pytest.skip"/></testcase>
      <testcase name="test_table"><error/></testcase></testsuite></testsuites>"""
    found = outcome_of(report)
    assert found.communities == {"a_quarrel": [True] * 3, "a_flood": [False, True], "a_crowd": [False]}
    assert (found.whole, found.others, found.skipped) == (1, [False], 1)
    assert found.expectations.count(True) == 4
    assert found.unmet == ["a_flood-0 alert", "a_crowd-0 alert", "test_table"]


def test_refused_events_are_remarked_on() -> None:
    totals = Totals()
    totals.accepted = 3
    assert Store(Config(), totals, 1.0).remark == ""
    totals.refused = 1
    assert Store(Config(), totals, 1.0).remark == "1 of 4 events were refused"
