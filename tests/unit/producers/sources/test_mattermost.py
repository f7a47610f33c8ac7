"""Mattermost's posts, written after https://developers.mattermost.com/integrate/webhooks/outgoing/."""

import json
from typing import Any

import pytest

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources.base import Opened
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.base import read as read_all
from tests.support.specimens.mattermost import SECRET, SPECIMEN, message, sign, sign_form

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def read(payload: dict[str, Any]) -> Any:
    found = read_all(SPECIMEN, payload)
    return found if isinstance(found, Refused) else found[0]


def test_a_post() -> None:
    assert read(message()) == Event(
        id="j7q6y9b8k3r5zx1c4v2n6m8d0f:b4g8k1m3p5r7t9v2x4z6a8c0e1",
        type="message",
        ts=AT * 1000 + 123,
        platform="mattermost",
        group_id="j7q6y9b8k3r5zx1c4v2n6m8d0f",
        group_name="town-square",
        user_id="tk5mmzm3yjyyxqrgyccqocb1jh",
        user_name="ada",
        text="@channel wie tief kommen die Zwiebeln?",
        received_at=NOW,
        source="here",
        extra={"at_all": True},
    )


def test_the_form_says_the_same_to_the_second() -> None:
    opened = deliver(SPECIMEN, sign_form(message(text="1 + 1 = 2 & so on%")))
    assert isinstance(opened, Opened)
    assert opened.payload["text"] == "1 + 1 = 2 & so on%"
    assert opened.payload["timestamp"] == str(AT)


@pytest.mark.parametrize(
    ("text", "everybody"), [("@here", True), ("a@here.example", False), ("@@all", False), ("@allan", False)]
)
def test_whoever_calls_everybody_is_marked(text: str, everybody: bool) -> None:
    assert read(message(text=text)).extra == ({"at_all": True} if everybody else {})


@pytest.mark.parametrize(
    ("text", "files", "shown"),
    [("", "a,b", "[file] [file]"), ("look", "a", "look\n[file]"), ("hi", "", "hi"), ("hi", ["a"], "hi"), (5, ",,", "")],
)
def test_files_stand_in_the_text(text: Any, files: Any, shown: str) -> None:
    assert read(message(text=text, file_ids=files)).text == shown


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (f"token={SECRET}&text=%ff".encode(), FORM),
        (b"\xff", FORM),
        (b"&".join(b"a%d=1" % n for n in range(99)), FORM),
        (b"[]", {}),
        (b"", {}),
    ],
)
def test_what_is_no_form_and_no_object_is_refused(body: bytes, headers: dict[str, str]) -> None:
    assert isinstance(deliver(SPECIMEN, Signed(body, headers)), Refused)


@pytest.mark.parametrize("token", [None, "", 5, ["x"], "other", SECRET.upper()])
def test_a_token_that_does_not_fit_is_denied(token: Any) -> None:
    body = json.dumps(message(token=token)).encode()
    assert isinstance(deliver(SPECIMEN, Signed(body, {})), Denied)


@pytest.mark.parametrize("field", ["channel_id", "user_id", "post_id", "timestamp"])
def test_what_is_missing_is_refused_with_its_place(field: str) -> None:
    found = read(message(**{field: None}))
    assert isinstance(found, Refused)
    assert found.where == field


@run
async def test_both_content_types_are_taken_and_the_answer_posts_nothing() -> None:
    source = Source(name="town", kind="mattermost", secret_env="KEY")
    async with gateway((source,), environ={"KEY": f"{SECRET},another-hook-of-another-channel"}) as kit:
        for signed in (sign(message(), 0), sign_form(message(text="x"))):
            status, answer, headers = await kit.post("/webhooks/town", signed.body, dict(signed.headers))
            assert (status, answer, headers["Content-Type"]) == (200, {}, "application/json")
        assert len({e["id"] for e in kit.stored()}) == 1
        assert (await kit.post("/webhooks/town", b"<xml/>", {"Content-Type": "text/xml"}))[0] == 415
