"""Nothing that comes of talk thrown together by a seed changes unnoticed: rows, saves, and what each judgement looks at."""

from __future__ import annotations

import pytest

from huoqun.control import Tick
from tests.golden.scenarios import rough
from tests.golden.scenarios.judge import play_disordered
from tests.support.core import Machine, encoded, shuffled_within

LATENESS = 119_000
"""Within the bound (ms) in which events may come out of order."""


@pytest.mark.parametrize("seed", rough.SEEDS)
def test_what_comes_of_rough_talk_is_as_recorded(seed: int) -> None:
    assert rough.came_of(seed) == rough.recorded()[str(seed)], "meant? see tests/golden/scenarios/rough.py"


@pytest.mark.parametrize("seed", rough.SEEDS)
def test_disorder_and_two_deaths_change_nothing_of_it(seed: int) -> None:
    config, events = rough.CONFIGS[seed % len(rough.CONFIGS)], rough.rough(seed)
    end = events[-1].ts + rough.HOUR
    mixed = shuffled_within(events, LATENESS, seed)
    assert play_disordered(config, mixed, end) == Machine(config).run(encoded([*events, Tick(end)]))


def test_rough_talk_is_about_everything() -> None:
    kinds = {kind for seed in rough.SEEDS for kind in rough.recorded()[str(seed)]}
    assert {"Alert", "Question", "MemberRisk", "saved middle", "told Alert", "judged"} <= kinds
