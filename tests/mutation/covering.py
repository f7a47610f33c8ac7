"""Which tests run which lines without any fault, and how long each takes: a fault meets those that can notice it, quickest first."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import pytest

from tests.mutation.mutants import Fault

PATIENCE = 12.0
"""Tests of each sort that a fault meets: so many seconds of them, by what they take without one while their lines are recorded,
which makes them two to four times as slow."""
RECORDED = {"test_scenarios", "test_rough_talk"}
"""The files of tests that compare every row of many communities: they see most, but not at once where a fault is."""


_STATE = (
    "test_taken_back", "test_saved_is_all", "test_every_field_is_saved", "test_saved", "test_saved_whole_then_not", "test_latest",
    "test_determinism", "test_read_again", "test_lag", "test_rests", "test_some",
)  # fmt: skip
_ASKING = ("test_questions", "test_answering", "test_warmth")
_STRUCTURE = ("test_structure", "test_pairs", "test_taken_back")
FITTING = {
    "partition": _STATE, "history": _STATE, "saved": _STATE, "arrivals": _STATE, "changes": _STATE, "state": _STATE,
    "group": _STATE, "tracked": _STATE, "arrival": _STATE,
    "unanswered": _ASKING, "answering": _ASKING, "answer_features": _ASKING, "answer_model": _ASKING, "asks": _ASKING,
    "reactions": _ASKING, "questions": _ASKING,
    "newcomers": ("test_churn",), "risk": ("test_churn",), "risk_model": ("test_churn",), "midnight": ("test_churn", "test_stages"),
    "stages": ("test_stage_bounds",), "leaving": ("test_leaving_bounds",), "erasing": ("test_erasing_bounds",), "referral": ("test_referral_bounds",),
    "decline": ("test_churn", "test_stages"), "record": ("test_stages",), "harms": ("test_flood", "test_leaving"),
    "troubles": ("test_flood", "test_advertising"), "alerts": ("test_questions", "test_flood"),
    "roles": (*_STRUCTURE, "test_roles_bounds"), "fabric": _STRUCTURE, "structure_changes": _STRUCTURE, "kinds": ("test_coverage", "test_structure"),
    "selling": ("test_wording", "test_labelled_texts", "test_advertising"), "rules": ("test_wording",),
    "vocabulary": ("test_openings", "test_reactions"), "rows": ("test_activity", "test_questions"),
}  # fmt: skip
"""Source -> the files of tests that are about it, where they have another name."""


class Test(NamedTuple):
    """A test that passes without a fault."""

    name: str
    seconds: float


class Ran(NamedTuple):
    """What a run without faults showed."""

    tests: dict[str, Test]
    failed: list[str]
    lines: dict[str, dict[int, list[str]]]
    """File -> line -> the tests that run it; an empty name: what runs at import."""

    def fitting(self, file: str, fault: Fault) -> list[Test]:
        """Return the tests that run a fault's statement: those about its file, what is recorded of communities, and others.

        Of each sort the quickest, up to a limit; of the communities those that run most of the file.
        What runs at import only is met by all tests that run anything of the file; of a file of mere constants, by all.
        """
        lines = self.lines.get(file, {})
        names = {name for line in fault.lines for name in lines.get(line, ())}
        if names == {""}:
            names = {name for found in lines.values() for name in found}
            names = self.tests.keys() if names == {""} else names  # type: ignore[assignment]  # a set, too
        own = {f"test_{Path(file).stem}", *FITTING.get(Path(file).stem, ())}
        sorts: tuple[list[Test], ...] = ([], [], [])
        runs = Counter(name for found in lines.values() for name in found)
        for test in sorted((self.tests[name] for name in names if name in self.tests), key=lambda test: test.seconds):
            about = Path(test.name.partition("::")[0]).stem
            sorts[0 if about in own else 1 if about in RECORDED else 2].append(test)
        sorts[1].sort(key=lambda test: -runs[test.name])
        return [test for sort in sorts for test in _within(sort)]


def _within(tests: list[Test]) -> Iterator[Test]:
    spent = 0.0
    for test in tests:
        if spent + test.seconds <= PATIENCE:
            spent += test.seconds
            yield test


class Recorder:
    """Watches a run, as a plugin of pytest."""

    def __init__(self, sources: list[str]) -> None:
        self._coverage = coverage.Coverage(data_file=None, include=sources, config_file=False)
        self._tests: dict[str, Test] = {}
        self._failed: list[str] = []
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        """Record under the test's name."""
        self._coverage.switch_context(item.nodeid)
        begun = time.process_time()
        result = yield
        if item.nodeid in self._tests:
            self._tests[item.nodeid] = Test(item.nodeid, time.process_time() - begun)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what passes, and what does not."""
        if report.failed:
            self._failed.append(report.nodeid)
        elif report.when == "call" and report.passed:
            self._tests[report.nodeid] = Test(report.nodeid, 0.0)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what cannot even be collected."""
        if report.failed:
            self._failed.append(report.nodeid)

    def result(self) -> Ran:
        """End, and return what was seen."""
        self._coverage.stop()
        data = self._coverage.get_data()
        lines = {file: data.contexts_by_lineno(file) for file in data.measured_files()}
        return Ran(self._tests, self._failed, lines)
