"""Local times: quiet hours over midnight, clock changes, weekdays."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.notify.calendar import Hours, Moment, is_quiet, last_time, next_time, quiet_ends

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NIGHT = Hours(SHANGHAI, 23 * 60, 7 * 60 + 30)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("time", "quiet"),
    [("22:59:59", False), ("23:00", True), ("00:00", True), ("07:29:59", True), ("07:30", False), ("12:00", False)],
)
def test_the_start_of_quiet_hours_is_in_and_their_end_is_not(time: str, quiet: bool) -> None:
    assert is_quiet(at(f"2026-11-22T{time}"), NIGHT) is quiet
    assert is_quiet(at(f"2026-11-22T{time}"), Hours(SHANGHAI, 7 * 60 + 30, 23 * 60)) is not quiet


def test_quiet_hours_end_in_the_morning_of_the_same_night() -> None:
    assert quiet_ends(at("2026-11-22T23:30"), NIGHT) == at("2026-11-23T07:30")
    assert quiet_ends(at("2026-11-23T01:00"), NIGHT) == at("2026-11-23T07:30")


def test_a_moment_is_its_own_next_and_last_one() -> None:
    nine = Moment(SHANGHAI, 9 * 60)
    for find in (next_time, last_time):
        assert find(at("2026-11-22T09:00"), nine) == at("2026-11-22T09:00")
    assert next_time(at("2026-11-22T09:00") + 1, nine) == at("2026-11-23T09:00")
    assert last_time(at("2026-11-22T09:00") - 1, nine) == at("2026-11-21T09:00")


def test_a_day_with_a_changed_clock_has_its_nine_in_the_morning() -> None:
    nine = Moment(BERLIN, 9 * 60)
    assert next_time(at("2026-10-24T09:01", BERLIN), nine) == at("2026-10-25T09:00", BERLIN)
    assert at("2026-10-25T09:00", BERLIN) - at("2026-10-24T09:00", BERLIN) == 25 * 3_600_000


@given(
    st.integers(0, 4_000_000_000_000),
    st.integers(0, 1439),
    st.sampled_from([None, *range(7)]),
    st.sampled_from([SHANGHAI, BERLIN]),
)
def test_next_and_last_are_around_the_instant_and_at_the_time_asked_for(
    instant: int, minutes: int, weekday: int | None, zone: ZoneInfo
) -> None:
    moment = Moment(zone, minutes, weekday)
    after, before = next_time(instant, moment), last_time(instant, moment)
    assert before <= instant <= after
    assert after - before <= 8 * 86_400_000
    if weekday is not None:
        assert datetime.fromtimestamp(after / 1000, UTC).astimezone(zone).weekday() == weekday
