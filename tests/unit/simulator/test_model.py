"""The modelled community is plausible, ordered, bounded and repeatable."""

from __future__ import annotations

import random
from collections import Counter
from itertools import islice

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from huoqun.events import Event, read_event
from producers.simulator import Model, poisson, simulate

END = 1_795_300_000_000
DAY = 86_400_000

# A failing model is best read as it was found: shrinking means simulating thousands of communities.
FAST = (Phase.explicit, Phase.generate)

models = st.builds(
    Model,
    end_ms=st.integers(1_600_000_000_000, 1_800_000_000_000),
    days=st.floats(0.05, 3),
    groups=st.integers(0, 4),
    members=st.integers(0, 40),
    seed=st.integers(0, 1000),
    joins_per_member=st.floats(0, 0.5),
    leaves_per_member=st.floats(0, 0.9),
    gone_quiet_per_member=st.floats(0, 0.9),
    messages_per_member=st.floats(0, 3),
    left_alone=st.floats(0, 1),
    hello=st.floats(0, 1),
    welcomed=st.floats(0, 1),
    median_reply_seconds=st.floats(1, 600),
)


@given(models)
@settings(max_examples=25, deadline=None, phases=FAST, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_parameters_events_are_accepted_in_order_labelled_and_unique(model: Model) -> None:
    events = list(simulate(model))
    times = [e["ts"] for e in events]
    assert times == sorted(times)
    assert len({e["id"] for e in events}) == len(events)
    left: set[str] = set()
    for raw in events:
        assert model.end_ms - model.days * DAY - 1 <= raw["ts"] <= model.end_ms
        event = read_event(raw, received_at=model.end_ms, source="test")
        assert isinstance(event, Event)
        assert event.extra["simulated"] is True
        assert event.user_id not in left, "nobody acts after leaving"
        if event.type == "leave":
            left.add(event.user_id)


@given(models)
@settings(max_examples=10, deadline=None, phases=FAST, suppress_health_check=[HealthCheck.too_slow])
def test_the_same_model_gives_the_same_events(model: Model) -> None:
    assert list(simulate(model)) == list(simulate(model))


def test_volume_follows_members_and_days() -> None:
    small = sum(1 for _ in simulate(Model(END, days=4, groups=6, members=50)))
    large = sum(1 for _ in simulate(Model(END, days=4, groups=6, members=200)))
    assert 2.5 * small < large < 6 * small


def test_a_few_members_say_most_of_it_and_nights_are_quiet() -> None:
    events = [e for e in simulate(Model(END, days=7, groups=3, members=80)) if e["type"] == "message"]
    group = [e for e in events if e["group_id"] == events[0]["group_id"]]
    top = sum(n for _, n in Counter(e["user_id"] for e in group).most_common(8))
    assert top > 0.35 * len(group)
    hours = Counter((e["ts"] // 3_600_000 + 8) % 24 for e in events)
    assert sum(hours[h] for h in range(2, 6)) * 8 < sum(hours[h] for h in range(19, 23))


def test_a_year_of_many_groups_starts_at_once() -> None:
    assert len(list(islice(simulate(Model(END, days=365, groups=50, members=500)), 100))) == 100


@given(st.floats(0.01, 400), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_poisson_has_the_mean_it_was_asked_for(mean: float, seed: int) -> None:
    rng = random.Random(seed)
    draws = [poisson(rng, mean) for _ in range(400)]
    assert abs(sum(draws) / 400 - mean) < 6 * (mean / 400) ** 0.5 + 0.06
