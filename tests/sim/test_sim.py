"""Nothing is lost, shown twice, or left standing, whatever dies and whenever; and schedules find bugs that are planted."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.sim import schedule
from tests.sim.mutants import MUTANTS, planted

SECONDS = float(os.environ.get("HUOQUN_SIM_SECONDS", "30"))
"""What the quick form may take; a whole round of schedules is ended."""
LEAST = 50
WITHIN = 100
"""Schedules in which each planted bug is found, from its first one on."""
FIRST = {
    "results are told anywhere": 340,
    "a state is kept that others wrote to": 12_850,
    "the sink commits before it stores": 140,
}
"""Where to begin with those that are found in one schedule of some hundreds."""


def test_many_schedules_end_with_what_the_pure_pipeline_shows() -> None:
    command = [sys.executable, "-m", "tests.sim", "--seconds", str(SECONDS), "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.match(r"(\d+) schedules", done.stdout)
    assert found is not None
    assert int(found.group(1)) >= LEAST


@pytest.mark.parametrize("name", MUTANTS)
def test_it_finds(name: str) -> None:
    first = FIRST.get(name, 0)
    with planted(name):
        assert any(schedule.run(number).wrong for number in range(first, first + WITHIN)), "nothing was found"


def test_the_same_number_is_the_same_schedule_and_what_is_found_gets_smaller() -> None:
    with planted("dead letters are not written"):
        found = next(run for run in map(schedule.run, range(WITHIN)) if run.wrong)
        again = schedule.run(found.seed)
        assert (again.items, again.actions, again.wrong) == (found.items, found.actions, found.wrong)
        least = schedule.shrunk(found)
    assert len(least.items) == 1
    assert len(least.actions) <= 1
    assert f"seed {found.seed}" in least.told()
