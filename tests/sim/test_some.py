"""A few schedules in this process: a second's work, for those who try many versions of the core (:mod:`tests.mutation`)."""

from __future__ import annotations

from tests.sim import schedule

SOME = 40


def test_a_few_schedules_end_with_what_the_pure_pipeline_shows() -> None:
    assert [run.told() for run in map(schedule.run, range(SOME)) if run.wrong] == []
