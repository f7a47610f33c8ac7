"""What is said of a value that can't be used never quotes it: it may be a message, a name or a secret."""

from typing import Any

import msgspec
import pytest

from dashboards.desk.acting import Refusal, read_action
from dashboards.desk.server import Access
from huoqun import codec
from huoqun.config import Config, Source
from huoqun.events import Event, Refused, read_event
from huoqun.faults import without_values
from huoqun.notify_config import NotifyChannel
from producers.gateway.admission import read_sources
from producers.sources import PLATFORMS
from producers.sources.base import Opened, Stamp
from sinks.errors import without_rows
from sinks.notify.channels.base import Post
from sinks.notify.channels.webhook import Webhook
from sinks.notify.outbound import Outbound
from sinks.notify.targets import Allowed
from tests.support.canaries import TEXT
from tests.support.nonsense import changed, places
from tests.support.specimens import SPECIMENS
from tests.support.specimens.base import NOW, Specimen, deliver

HOSTILE = (TEXT, f"{TEXT}' - at `$.x`", f"a'{TEXT}\n{TEXT}`", f"`{TEXT}`")
RAW: dict[str, Any] = {
    "id": "1", "type": "message", "ts": NOW, "platform": "qq", "group_id": "g", "user_id": "u", "text": "t", "mentions": ["a"],
    "is_bot": False, "amount": 1.5, "coverage": "full", "extra": {"a": [1]},
}  # fmt: skip


def in_place_of(document: Any, value: Any) -> list[Any]:
    return [changed(document, path, value) for path in places(document)[1:]]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("wrap", [lambda t: t, lambda t: [t], lambda t: {t: t}], ids=["text", "list", "object"])
def test_a_refused_event_is_not_quoted(text: str, wrap: Any) -> None:
    refused = 0
    for raw in in_place_of(RAW, wrap(text)):
        found = read_event(raw, received_at=NOW, source="s")
        if isinstance(found, Refused):
            refused += 1
            assert TEXT not in f"{found.where}{found.why}"
    assert refused >= 5


@pytest.mark.parametrize("text", HOSTILE)
def test_a_record_that_can_not_be_read_is_not_quoted(text: str) -> None:
    event = msgspec.to_builtins(Event(**{**RAW, "received_at": NOW}))
    refused = 0
    for document in (*in_place_of(event, text), {"record": text}, {"record": "alert", "kind": text}, text, [text]):
        value = msgspec.json.encode(document)
        for reader in (codec.decode_record, codec.decode_result, codec.decode_dead_letter, codec.decode_letter):
            found = reader(value)
            if isinstance(found, Refused):
                refused += 1
                assert TEXT not in f"{found.where}{found.why}"
    assert refused >= 20


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.kind)
def test_a_platforms_payload_that_is_refused_is_not_quoted(specimen: Specimen) -> None:
    for payload in specimen.payloads.values():
        opened = deliver(specimen, specimen.sign(payload, NOW // 1000))
        assert isinstance(opened, Opened)
        for value in (TEXT, [TEXT], {TEXT: TEXT}):
            for wrong in in_place_of(opened.payload, value):
                found = PLATFORMS[specimen.kind].parse(wrong, Stamp(NOW, "here", "full"))
                for each in [found] if isinstance(found, Refused) else found:
                    assert not isinstance(each, Refused) or TEXT not in f"{each.where}{each.why}"


@pytest.mark.parametrize("text", HOSTILE)
def test_an_action_that_is_none_is_not_quoted(text: str) -> None:
    act = {"id": "1", "item": "i", "kind": "k", "action": "note", "platform": "p", "group_id": "1", "note": "n"}
    for wrong in ({"action": text}, {"note": [text]}, {text: 1}, {"until": text}):
        found = read_action(msgspec.json.encode(act | wrong), by="x", now=NOW)
        assert isinstance(found, Refusal)
        assert TEXT not in f"{found.where}{found.why}"


def test_what_is_no_quotation_stays() -> None:
    for message in ("Expected `str`, got `int` - at `$.a`", "JSON is malformed: invalid character (byte 3)"):
        assert without_values(ValueError(message)) == message
    assert (
        without_values(ValueError("Invalid enum value 'x' - at `$.kind`")) == "none of the allowed values - at `$.kind`"
    )


@pytest.mark.parametrize(
    "message",
    [
        f"Constraint `c` for table h.events_rows is violated at row 1. Expression: (text != 'x'). Column values: text = '{TEXT}'",
        f"Cannot parse string '{TEXT}' as DateTime: syntax error at position 0",
        f"Cannot parse string 'it\\'s {TEXT}' as Int64",
        f"Cannot parse input: expected ',' before: {TEXT}",
        f"Cannot read '{TEXT} that was cut off at five hundr",
    ],
)
def test_what_an_engine_has_against_rows_is_told_without_them(message: str) -> None:
    assert TEXT not in without_rows(message)
    assert without_rows(message)[:9] == message[:9]


def test_what_holds_a_secret_does_not_show_it() -> None:
    """``repr`` is what ends up in logs, tracebacks and the messages of libraries."""
    config = Config(sources=[Source(name="a", kind="onebot11", secret_env="A")])
    config.notify.channels.append(NotifyChannel(name="b", kind="webhook", url_env="B"))
    holders = [
        config,
        read_sources(config, {"A": TEXT}),
        Access({"somebody": TEXT}),
        Post(f"https://example.com/{TEXT}", TEXT.encode(), {"Authorization": TEXT}),
        Webhook(Outbound(Allowed()), f"https://example.com/{TEXT}", TEXT),
    ]
    assert [repr(each) for each in holders if TEXT in f"{each!r} {each}"] == []
