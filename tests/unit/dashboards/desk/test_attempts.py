"""How often somebody may be wrong about a token."""

import pytest

from dashboards.desk.attempts import ADDRESSES, MOST, MOST_OF_ALL, WITHIN_MS, Attempts

NOW = 1_800_000_000_000


def wrong(attempts: Attempts, peer: str, times: int, now: int = NOW) -> None:
    for _ in range(times):
        attempts.wrong(peer, now)


def test_who_was_wrong_ten_times_within_a_minute_has_to_wait_and_others_need_not() -> None:
    attempts = Attempts()
    wrong(attempts, "192.0.2.1", MOST - 1)
    assert attempts.wait_seconds("192.0.2.1", NOW) == 0
    wrong(attempts, "192.0.2.1", 1, NOW + 1000)
    assert attempts.wait_seconds("192.0.2.1", NOW + 1000) == 59
    assert attempts.wait_seconds("192.0.2.2", NOW) == 0
    assert attempts.wait_seconds("192.0.2.1", NOW + WITHIN_MS) == 0


@pytest.mark.parametrize(
    ("one", "other"), [("2001:db8::1", "2001:db8::ffff:1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("nonsense", "")]
)
def test_addresses_of_one_customer_count_together(one: str, other: str) -> None:
    attempts = Attempts()
    wrong(attempts, one, MOST)
    assert attempts.wait_seconds(other, NOW) > 0


def test_whoever_has_many_addresses_gets_no_further_and_fills_no_memory() -> None:
    attempts = Attempts()
    for n in range(ADDRESSES * 3):
        attempts.wrong(f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", NOW + n)
    assert attempts.wait_seconds("192.0.2.1", NOW + ADDRESSES * 3) > 0
    assert len(attempts._of) == ADDRESSES
    assert len(attempts._all) == MOST_OF_ALL
