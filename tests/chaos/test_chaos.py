"""The quick forms of the chaos harness; ``python -m tests.chaos`` has the long ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.chaos import kills
from tests.chaos.beds import standing
from tests.chaos.timeline import Timeline
from tests.support.brokers import RunningBroker

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.tansu, pytest.mark.chdb, pytest.mark.slow, pytest.mark.timeout(400)]

SEED = 1


def test_ten_kills_of_each_component_in_turn_lose_nothing_show_nothing_twice_and_everybody_is_told(
    tansu: RunningBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Some 50 s: starting everything, ten kills, and deadlines that have to pass."""
    timeline = Timeline(tmp_path / "timeline.ndjson")
    soon = {"question_minutes": 0.05, "newcomer_minutes": 0.04, "cold_start_minutes": 0.04, "mention_minutes": 0.03}
    settings: dict[str, dict[str, Any]] = {"deadlines": soon, "kafka": {"topic_prefix": topic_prefix}}
    with standing(tmp_path, timeline, tansu, settings=settings) as bed:
        found = kills.run(bed, seed=SEED, kills=10, rate=80, at_once=True, silence=11)
    again = f"python -m tests.chaos kills --kills 10 --seed {SEED}; what happened: {timeline.file}"
    assert not found.wrong, "\n".join([*found.wrong[:10], again])
    assert found.figures["accepted"] > 100
    assert found.figures["deduplicated"] > 0
