"""Who has to be told is told, and told once, whichever notifier dies or is overtaken; and schedules find bugs that are planted."""

import pytest

from tests.sim import notices
from tests.sim.careless_notifiers import MUTANTS, planted

SCHEDULES = 1_000
WITHIN = 50


def test_many_schedules_leave_nobody_untold_and_tell_nobody_twice() -> None:
    wrong = [run for run in map(notices.run, range(SCHEDULES)) if run.wrong]
    assert not wrong, notices.shrunk(wrong[0]).told()


@pytest.mark.parametrize("name", MUTANTS)
def test_it_finds(name: str) -> None:
    with planted(name):
        assert any(notices.run(number).wrong for number in range(WITHIN)), "nothing was found"
