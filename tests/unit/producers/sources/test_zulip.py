"""What a Zulip bot is told, written after https://zulip.com/api/outgoing-webhook-payload."""

import json
from typing import Any

import pytest

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources import PLATFORMS
from producers.sources.base import Ignored
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.base import read as read_all
from tests.support.specimens.zulip import SECRET, SPECIMEN, sign, told


def read(payload: dict[str, Any]) -> Any:
    found = read_all(SPECIMEN, payload)
    return found if isinstance(found, Refused) else found[0]


def test_a_message_that_mentions_the_bot() -> None:
    assert read(told()) == Event(
        id="5:112",
        type="message",
        ts=AT * 1000,
        platform="zulip",
        group_id="5",
        group_name="general",
        user_id="7",
        user_name="Mei",
        text="@huoqun does @Ada L or @helpers know when the @Market opens?",
        thread_id="5:opening hours",
        mentions=["25", "8"],
        received_at=NOW,
        source="here",
    )


def test_everybody_may_be_called() -> None:
    rendered = '<p><span class="user-mention channel-wildcard-mention" data-user-id="*">@all</span></p>'
    found = read(told(content="@**all**", rendered_content=rendered))
    assert (found.text, found.mentions, found.extra) == ("@all", [], {"at_all": True})


@pytest.mark.parametrize("text", ["@**", "@****", "@**a", "@**a|b**", "**@a**", "@*", "@** **"])
def test_marks_that_mention_nobody_stay(text: str) -> None:
    assert read(told(content=text, rendered_content=None)).text == text.replace("@** **", "@ ")


def test_it_sees_mentions_only_whatever_is_configured() -> None:
    assert PLATFORMS["zulip"].narrow("full") == "mentions"


def test_a_direct_message_is_private_and_the_unknown_unknown() -> None:
    assert read(told(type="private", display_recipient=[{"id": 7}])) == Ignored("private")
    assert read(told(type="direct")) == Ignored("private")
    assert read(told(type="of next year")) == Ignored("unknown")
    assert read(told(type=["no", "text"])) == Ignored("unknown")


@pytest.mark.parametrize("field", ["stream_id", "sender_id", "id", "timestamp"])
def test_what_is_missing_is_refused_with_its_place(field: str) -> None:
    found = read(told(**{field: None}))
    assert isinstance(found, Refused)
    assert found.where == f"message.{field}"
    assert isinstance(read(told() | {"message": None}), Refused)


def test_another_bot_is_denied_where_one_is_named() -> None:
    other = sign(told() | {"bot_email": "other-bot@garden.example"}, 0)
    assert isinstance(deliver(SPECIMEN, other), Denied)


@pytest.mark.parametrize("token", [None, "", 5, "other"])
def test_a_token_that_does_not_fit_is_denied(token: Any) -> None:
    assert isinstance(deliver(SPECIMEN, Signed(json.dumps(told() | {"token": token}).encode(), {})), Denied)


@run
async def test_the_bot_is_asked_to_say_nothing_and_the_source_is_known_to_be_partial() -> None:
    source = Source(name="garden", kind="zulip", secret_env="KEY")
    async with gateway((source,), environ={"KEY": SECRET}) as kit:
        signed = sign(told(), 0)
        status, answer, _ = await kit.post("/webhooks/garden", signed.body, dict(signed.headers))
        assert (status, answer) == (200, {"response_not_required": True})
        assert [e["coverage"] for e in kit.stored()] == ["mentions"]
