"""A member's rhythm: what the facts come to, and what is said of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import rhythm, risk_model
from tests.support.scenes import DAY, T0, Scene

DAY_S = 86_400
days_of_messages = st.sets(st.integers(0, 200), min_size=1, max_size=60)


@given(days_of_messages, st.integers(1, 40))
def test_usual_day_by_day_is_the_sum_over_all_days(days: set[int], later: int) -> None:
    ordered = sorted(days)
    usual, last = 0.0, 0
    for day in ordered:
        usual, last = rhythm.add_day(usual, day - last), day
    midnight = last + later
    expected = sum(0.5 ** ((midnight - 1 - day) / rhythm.HALF_LIFE) for day in ordered)
    assert rhythm.faded(usual, midnight - 1 - last) == pytest.approx(expected)


@given(st.integers(1, 1_000))
def test_who_was_there_every_day_has_all_that_there_is_to_have(days: int) -> None:
    usual = sum(0.5 ** (n / rhythm.HALF_LIFE) for n in range(days))
    assert rhythm.spread(days) == pytest.approx(usual)


facts = st.tuples(st.integers(1, 671), st.integers(1, 28), st.integers(28, 900), st.integers(0, 900))


@given(facts, st.floats(0.01, 1.0))
def test_the_risk_is_a_probability_and_grows_with_silence(found: tuple[int, int, int, int], share: float) -> None:
    silent, active, known, before = found
    usual = max(1.0, share * rhythm.spread(known))
    now = rhythm.probability(silent, active, usual, known, known + before)
    later = rhythm.probability(silent + 24, active, usual, known, known + before)
    assert 0 < now < later < 1


@given(facts, st.floats(0.01, 1.0))
def test_the_risk_is_what_the_five_terms_weigh_together(found: tuple[int, int, int, int], share: float) -> None:
    silent, active, known, before = found
    usual, observed = share * rhythm.spread(known), known + before
    ever = sum(0.5 ** (n / 120) for n in range(20_000))
    odds = risk_model.INTERCEPT + sum(
        weight * term
        for weight, term in [
            (risk_model.SILENT, math.log(1 + silent / 24)),
            (risk_model.ACTIVE, math.log(active)),
            (risk_model.USUAL, math.log(usual * ever / (rhythm.spread(observed) + 10) + 0.5)),
            (risk_model.MISSED, share * silent / 24),
            (risk_model.KNOWN, math.log(1 + known)),
        ]
    )
    assert rhythm.probability(silent, active, usual, known, observed) == pytest.approx(1 / (1 + math.exp(-odds)))


def test_silence_against_the_own_rhythm_is_a_reason_with_both_figures() -> None:
    ((weight, text),) = rhythm.reasons(12 * 24 + 5, 12, rhythm.spread(60) / 1.5, 60)
    assert text == "沉默 12 天，平时每 1.5 天发言 · silent for 12 d, usually every 1.5 d"
    assert weight == pytest.approx(12.2 / 1.5, rel=0.01)


def test_who_always_wrote_once_a_week_is_not_silent_after_a_week() -> None:
    assert rhythm.reasons(7 * 24, 4, rhythm.spread(100) / 7, 100) == []


def test_rarer_than_usual_is_a_reason_only_where_there_is_a_usual() -> None:
    usual = rhythm.spread(100) / 2
    assert [text for _, text in rhythm.reasons(20, 5, usual, 100)] == [
        "28 天内活跃 5 天，平时约 14 天 · active on 5 of 28 days, usually 14"
    ]
    assert rhythm.reasons(20, 5, rhythm.spread(20) / 2, 20) == []


def test_over_all_days_of_a_scene_the_members_silence_counts_from_the_hour_of_the_last_message() -> None:
    scene = Scene()
    scene.add(10 * 3600 + 59 * 60, "u", "早")
    scene.silence_until(2 * DAY_S)
    first, second = sorted((r["as_of"], r["risk"]) for r in scene.rows("MemberRisk"))
    assert first == (T0 + DAY, round(rhythm.probability(14, 1, 1.0, 1, 1), 4))
    assert second == (T0 + 2 * DAY, round(rhythm.probability(38, 1, rhythm.faded(1.0, 1), 2, 2), 4))


def said(silent: int, active: int, usual: float, known: int) -> list[str]:
    return [text.partition(" · ")[2] for _, text in rhythm.reasons(silent, active, usual, known)]


def test_silence_is_a_reason_from_two_days_and_twice_the_own_rhythm() -> None:
    daily, every_three = rhythm.spread(40), rhythm.spread(40) / 3
    assert said(47, 20, daily, 40) == []
    assert said(48, 20, daily, 40) == ["silent for 2 d, usually every 1.0 d"]
    assert said(6 * 24 - 1, 9, every_three, 40) == []
    assert said(6 * 24 + 1, 9, every_three, 40) == ["silent for 6 d, usually every 3.0 d"]


def test_rarer_than_half_the_usual_is_a_reason_after_eight_weeks_and_two_days_of_28_before() -> None:
    usual = rhythm.spread(56) / 2
    assert said(20, 6, usual, 56) == ["active on 6 of 28 days, usually 14"]
    assert said(20, 7, usual, 56) == []
    assert said(20, 6, rhythm.spread(55) / 2, 55) == []
    assert said(20, 2, rhythm.spread(55) / 2, 55) == ["active on 2 of 28 days only"]
    assert said(20, 3, rhythm.spread(55) / 2, 55) == []
    assert [weight for weight, _ in rhythm.reasons(20, 2, usual, 56)] == pytest.approx([7.0])
    assert [weight for weight, _ in rhythm.reasons(20, 2, rhythm.spread(20), 20)] == [1.0]


def test_without_a_reason_the_plain_fact_is_told() -> None:
    assert rhythm.no_reason(5, 14).endswith("known for 14 d only")
    assert rhythm.no_reason(5, 15).endswith("active on 5 of 28 days")
