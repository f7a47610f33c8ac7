"""What holds for every platform: only what it signed is taken, a delivery is read the same each time, nothing raises."""

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.config import SourceKind
from huoqun.events import Event, Refused
from producers.sources import PLATFORMS
from producers.sources.base import Answer, Opened, Stamp
from producers.verify import Denied
from tests.support.nonsense import anything, changed, places
from tests.support.specimens import SPECIMENS
from tests.support.specimens.base import NOW, Signed, Specimen, deliver, read

every = pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.kind)
each_payload = pytest.mark.parametrize(
    ("specimen", "name"), [(s, name) for s in SPECIMENS for name in s.payloads], ids=lambda v: getattr(v, "kind", v)
)


def test_every_kind_that_can_be_configured_is_understood_and_has_a_specimen() -> None:
    assert set(PLATFORMS) | {"canonical"} == set(get_args(SourceKind))
    assert {s.kind for s in SPECIMENS} == set(PLATFORMS)


@each_payload
def test_a_payload_of_the_documentation_becomes_events_with_ids_that_stay(specimen: Specimen, name: str) -> None:
    first, again = (read(specimen, specimen.payloads[name]) for _ in range(2))
    assert not isinstance(first, Refused), first
    assert first == again
    events = [notice for notice in first if isinstance(notice, Event)]
    assert events
    assert len({e.id for e in events}) == len(events)
    assert all(e.ts <= NOW and e.source == "here" and e.received_at == NOW for e in events)


def flips(signed: Signed, specimen: Specimen) -> list[tuple[str, Signed]]:
    """Return the request with single bits flipped: every bit of the guarded headers, many of the body."""
    found = []
    for name in specimen.guarded:
        is_query = name.startswith("?")
        fields = dict(signed.query if is_query else signed.headers)
        text = fields[name.lstrip("?")]
        for bit in range(len(text) * 7):
            at, flipped = bit // 7, chr(ord(text[bit // 7]) ^ (1 << bit % 7))
            if flipped.isprintable():
                changed = fields | {name.lstrip("?"): text[:at] + flipped + text[at + 1 :]}
                found.append((name, signed._replace(**{"query" if is_query else "headers": changed})))
    if specimen.guarded_text:
        text = specimen.guarded_text.encode()
        assert signed.body.count(text) == 1
        for bit in range(len(text) * 8):
            forged = bytearray(text)
            forged[bit // 8] ^= 1 << bit % 8
            found.append((f"text bit {bit}", signed._replace(body=signed.body.replace(text, bytes(forged)))))
    if specimen.binds_body:
        bits = range(len(signed.body) * 8)
        for bit in random.Random(7).sample(bits, min(len(bits), 4_000)):
            body = bytearray(signed.body)
            body[bit // 8] ^= 1 << bit % 8
            found.append((f"body bit {bit}", signed._replace(body=bytes(body))))
    return found


@every
def test_any_flipped_bit_of_what_is_signed_is_refused(specimen: Specimen) -> None:
    signed = specimen.sign(next(iter(specimen.payloads.values())), NOW // 1000)
    assert isinstance(deliver(specimen, signed), Opened)
    tried = flips(signed, specimen)
    assert tried
    taken = [where for where, forged in tried if isinstance(deliver(specimen, forged), Opened | Answer)]
    assert taken == []


@every
def test_without_any_header_or_argument_it_is_denied(specimen: Specimen) -> None:
    signed = specimen.sign(next(iter(specimen.payloads.values())), NOW // 1000)
    for name in specimen.guarded:
        bare = signed._replace(
            headers={k: v for k, v in signed.headers.items() if k != name},
            query={k: v for k, v in signed.query.items() if f"?{k}" != name},
        )
        assert isinstance(deliver(specimen, bare), Denied), name


@every
def test_a_new_secret_can_be_put_before_the_old_one(specimen: Specimen) -> None:
    if "," in specimen.secret:
        pytest.skip("its specimen has two already")
    signed = specimen.sign(next(iter(specimen.payloads.values())), NOW // 1000)
    other = "".join(chr(ord(c) ^ 1) if c.isalnum() and chr(ord(c) ^ 1).isalnum() else c for c in specimen.secret)
    assert isinstance(deliver(specimen, signed, secret=f"{other},{specimen.secret}"), Opened)
    assert isinstance(deliver(specimen, signed, secret=other), Denied)


@every
@given(data=st.data())
def test_nonsense_anywhere_in_a_payload_is_refused_or_ignored_and_never_raises(
    specimen: Specimen, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(specimen.payloads)))
    opened = deliver(specimen, specimen.sign(specimen.payloads[name], NOW // 1000))
    assert isinstance(opened, Opened)
    path = data.draw(st.sampled_from(places(opened.payload)[1:]))
    payload = changed(opened.payload, path, data.draw(anything))
    found = PLATFORMS[specimen.kind].parse(payload, Stamp(NOW, "here", "full"))
    assert isinstance(found, Refused | list | tuple)
