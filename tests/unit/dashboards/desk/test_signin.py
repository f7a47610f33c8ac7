"""Who is let in to the desk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.desk.signin import VALID_MS, TokenError, from_proxy, is_local, opened, read_tokens, sealed, who

ZHOU, LI = "0123456789abcdef-zhou", "0123456789abcdef-li"
TOKENS = {"小周": ZHOU, "li": LI}
NOW = 1_800_000_000_000


def test_everybody_has_a_token_of_their_own_or_there_is_one_for_all() -> None:
    assert read_tokens(f"小周:{ZHOU}, li:{LI}") == TOKENS
    assert read_tokens(ZHOU) == {"operator": ZHOU}
    assert read_tokens("") == {}


@pytest.mark.parametrize(
    ("text", "why"), [("short", "16 characters"), (f":{ZHOU}", "name"), (f"li:{LI},li:{ZHOU}", "of its own")]
)
def test_tokens_that_protect_nothing_are_refused_without_being_shown(text: str, why: str) -> None:
    with pytest.raises(TokenError, match=why) as caught:
        read_tokens(text)
    assert ZHOU not in str(caught.value)


def test_a_token_says_whose_it_is() -> None:
    assert [who(TOKENS, token) for token in (ZHOU, LI, "", ZHOU + "x", "é" * 20, "\ud800")] == [
        "小周",
        "li",
        *[None] * 4,
    ]


def test_a_cookie_is_good_for_two_weeks() -> None:
    cookie = sealed(TOKENS, "小周", NOW)
    assert opened(TOKENS, cookie, NOW + VALID_MS - 1) == "小周"
    assert opened(TOKENS, cookie, NOW + VALID_MS) is None


def test_a_cookie_ends_with_the_token_that_it_was_given_for() -> None:
    cookie = sealed(TOKENS, "小周", NOW)
    assert opened({"小周": ZHOU + "2", "li": LI}, cookie, NOW) is None
    assert opened({"li": LI}, cookie, NOW) is None


@given(st.integers(0, 200), st.characters())
def test_a_cookie_that_was_changed_anywhere_is_none(place: int, character: str) -> None:
    cookie = sealed(TOKENS, "小周", NOW)
    place %= len(cookie)
    changed = cookie[:place] + character + cookie[place + 1 :]
    assert opened(TOKENS, changed, NOW) == ("小周" if changed == cookie else None)


@given(st.text())
def test_whatever_comes_as_a_cookie_is_read_without_complaint(text: str) -> None:
    assert opened(TOKENS, text, NOW) is None


@pytest.mark.parametrize(
    ("peer", "believed"), [("10.1.2.3", True), ("10.2.0.1", False), ("127.0.0.1", True), ("nonsense", False)]
)
def test_only_the_proxies_that_were_named_may_say_who_somebody_is(peer: str, believed: bool) -> None:
    assert from_proxy(peer, ["10.1.0.0/16", "127.0.0.1"]) is believed


def test_this_machine_is_known_by_its_loopback() -> None:
    assert [is_local(peer) for peer in ("127.0.0.1", "::1", "10.0.0.1", "")] == [True, True, False, False]
