"""Dead letters: what was found, where, and what is wrong with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun import codec
from huoqun.events import Refused
from huoqun.results import DeadLetter
from streams.core.interface import Bad
from streams.deadletters import MAX_VALUE_BYTES, letter, letter_key, reason_kind

BROKER_LIMIT = 1_000_000


@given(st.binary(max_size=50), st.one_of(st.none(), st.binary(max_size=20)))
def test_a_value_is_kept_as_it_was(value: bytes, key: bytes | None) -> None:
    dead = letter(Bad(7, value, Refused("ts", "required")), topic="p.events", partition=2, key=key, at=5)
    assert codec.decode_dead_letter(codec.encode(dead)) == DeadLetter(
        topic="p.events", partition=2, offset=7, reason="ts: required", value=value, key=key, at=5, service="worker"
    )
    assert letter_key(dead) == b"p.events/2/7"


def test_the_largest_record_still_fits_into_a_letter() -> None:
    bad = Bad(7, b"\xff" * 4 * BROKER_LIMIT, Refused("", "y" * BROKER_LIMIT))
    dead = letter(bad, topic="t" * 249, partition=0, key=b"k" * 1000, at=5)
    assert len(codec.encode(dead)) < BROKER_LIMIT
    assert len(dead.value) == MAX_VALUE_BYTES
    assert "4000000 bytes" in dead.reason
    assert dead.cut == 4 * BROKER_LIMIT


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "empty"),
        (b"{", "malformed"),
        (b"", "malformed"),
        (b'{"id":"1"}', "schema"),
        (b"null", "schema"),
        (b'{"control":"tock"}', "schema"),
        (b'{"id":"\xff"}', "encoding"),
    ],
)
def test_reasons_have_few_names(value: bytes | None, kind: str) -> None:
    refused = codec.decode_record(value)
    assert isinstance(refused, Refused)
    assert reason_kind(Bad(0, value, refused)) == kind
