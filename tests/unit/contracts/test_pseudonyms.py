"""Pseudonyms: stable, of one platform, worth nothing without the key, and their own pseudonyms."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.config import Config, ConfigError, Group, Privacy, load
from huoqun.events import Event
from huoqun.pseudonyms import PREFIX, Pseudonyms, read_key
from streams.core.settings import resolve

KEY = b"a key of the tests, long enough"
NAMED = Pseudonyms(KEY)
ids = st.text(min_size=1, max_size=30)


def event(**fields: Any) -> Event:
    return Event(**({"id": "m1", "type": "message", "ts": 1, "platform": "qq", "group_id": "g"} | fields))


@given(ids, ids)
def test_the_same_each_time_and_another_for_every_other(one: str, other: str) -> None:
    assert NAMED.user("qq", one) == Pseudonyms(KEY).user("qq", one)
    assert NAMED.user("qq", one).startswith(PREFIX)
    assert len(NAMED.user("qq", one)) == 26
    assert (NAMED.user("qq", one) == NAMED.user("qq", other)) == (one == other)
    assert NAMED.user("qq", one) != NAMED.user("wecom", one)
    assert NAMED.user("qq", one) != Pseudonyms(KEY + b"!").user("qq", one)


@given(ids)
def test_a_pseudonym_is_its_own_pseudonym(name: str) -> None:
    once = NAMED.user("qq", name)
    assert NAMED.user("qq", once) == once
    assert Pseudonyms(KEY + b"!").user("qq", once) != once


@pytest.mark.parametrize(
    "name", ["p.", "p." + "A" * 24, "p." + "é" * 24, "p." + "!" * 24, "p." + "=" * 24, "p.AAAA", "\ud800"]
)
def test_what_only_looks_like_one_is_replaced(name: str) -> None:
    assert NAMED.user("qq", name) not in ("", name)


def test_the_shape_of_what_it_replaces_stays() -> None:
    asked = event(id="m1", user_id="7", thread_id="m1", text="x", mentions=["8", "9"], user_name="Ada")
    answer = event(id="m2", user_id="8", reply_to="m1", inviter_id="7")
    NAMED.mask(asked)
    NAMED.mask(answer)
    assert answer.reply_to == asked.id == asked.thread_id
    assert asked.mentions == [answer.user_id, NAMED.user("qq", "9")]
    assert answer.inviter_id == asked.user_id != asked.id
    assert (asked.user_name, asked.text, asked.group_id) == ("", "x", "g")
    assert (answer.mentions, answer.thread_id) == ([], "")


def test_ids_of_mentioned_people_in_texts_are_replaced() -> None:
    found = event(user_id="1", text="@1234 @123 see <@U1|x> @@a:b.c 123", mentions=["123", "1234", "U1", "@a:b.c"])
    NAMED.mask(found)
    short, long, slack, matrix = found.mentions
    assert found.text == f"@{long} @{short} see <@{slack}|x> @@{matrix} 123"


def test_of_unknown_fields_only_those_that_tell_of_nobody_stay() -> None:
    extra = {
        "operator_id": "7",
        "approved_by": 7,
        "user_ids": ["7", {"a": 1}],
        "emoji": "x",
        "simulated": True,
        "nick": "Ada",
        "profile": {"mail": "ada@example.org"},
    }
    found = event(user_id="7", extra=extra)
    NAMED.mask(found)
    seven = NAMED.user("qq", "7")
    assert found.extra == {
        "operator_id": seven,
        "approved_by": seven,
        "user_ids": [seven, None],
        "emoji": "x",
        "simulated": True,
    }


def test_the_people_of_the_configuration_are_still_recognised() -> None:
    config = Config(
        staff=["qq/1", "wecom/1"],
        bots=[f"qq/{NAMED.user('qq', '2')}"],
        groups=[Group(platform="qq", group_id="g", staff=["3"], bots=["4"])],
    )
    settings = resolve(NAMED.configuration(config), "qq", "g")
    assert settings.staff == {NAMED.user("qq", "1"), NAMED.user("qq", "3")}
    assert settings.bots == {NAMED.user("qq", "2"), NAMED.user("qq", "4")}


def test_the_key_is_read_from_the_environment(tmp_path: Path) -> None:
    assert read_key(Config(), {}) is None
    config = Config(privacy=Privacy(pseudonym_key_env="HUOQUN_PEOPLE"))
    with pytest.raises(ConfigError, match="HUOQUN_PEOPLE is not set"):
        read_key(config, {})
    with pytest.raises(ConfigError, match="holds 5 characters"):
        read_key(config, {"HUOQUN_PEOPLE": "short"})
    found = read_key(config, {"HUOQUN_PEOPLE": KEY.decode()})
    assert found is not None
    assert found.user("qq", "1") == NAMED.user("qq", "1")
    file = tmp_path / "huoqun.toml"
    file.write_text('[privacy]\npseudonym_key_env = "HUOQUN_PEOPLE"\n')
    other = {"HUOQUN_PRIVACY_PSEUDONYM_KEY_ENV": "HUOQUN_OTHER", "HUOQUN_OTHER": "y"}
    assert load(file, {"HUOQUN_PEOPLE": "x"}).privacy.pseudonym_key_env == "HUOQUN_PEOPLE"
    assert load(file, {"HUOQUN_PEOPLE": "x"} | other).privacy.pseudonym_key_env == "HUOQUN_OTHER"
    with pytest.raises(ConfigError, match="HUOQUN_THIRD overrides no setting"):
        load(file, {"HUOQUN_THIRD": "x"} | other)
