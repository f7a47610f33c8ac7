"""Nothing that the core tells of a scripted community changes unnoticed."""

import pytest

from tests.golden.scenarios.recorded import checksums, recorded
from tests.golden.scenarios.run import outcome, scripts

NAMES = list(scripts())


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_as_recorded(name: str) -> None:
    assert checksums(outcome(name).view) == recorded().get(name), "meant? see tests/golden/scenarios/recorded.py"


def test_nothing_is_recorded_of_a_community_that_is_no_more() -> None:
    assert list(recorded()) == NAMES
