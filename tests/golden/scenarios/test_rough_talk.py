"""Nothing that comes of talk thrown together by a seed changes unnoticed: rows, saves, and what each judgement looks at."""

from __future__ import annotations

import pytest

from tests.golden.scenarios import rough


@pytest.mark.parametrize("seed", rough.SEEDS)
def test_what_comes_of_rough_talk_is_as_recorded(seed: int) -> None:
    assert rough.came_of(seed) == rough.recorded()[str(seed)], "meant? see tests/golden/scenarios/rough.py"


def test_rough_talk_is_about_everything() -> None:
    kinds = {kind for seed in rough.SEEDS for kind in rough.recorded()[str(seed)]}
    assert {"Alert", "Question", "MemberRisk", "saved middle", "told Alert", "judged"} <= kinds
