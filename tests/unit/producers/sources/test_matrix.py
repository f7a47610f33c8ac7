"""Matrix transactions: https://spec.matrix.org/latest/application-service-api/ and its room events."""

import json
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from mautrix.appservice.as_handler import AppServiceServerMixin
from mautrix.types import Event as TheirEvent
from mautrix.types import Membership, RelationType

from huoqun.config import Source
from huoqun.events import Event, Refused
from producers.sources.base import Answer, Ignored, Opened, Stamp
from producers.sources.matrix import WEBHOOK, parse
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import AT, NOW, Signed, deliver
from tests.support.specimens.matrix import (
    ALICE,
    BOB,
    CAROL,
    IN,
    PAYLOADS,
    ROOM,
    SECRET,
    SPECIMEN,
    event,
    member,
    sign,
    text,
    transaction,
)

MATRIX = (Source(name="hs", kind="matrix", secret_env="MATRIX_KEY"),)
ENVIRON = {"MATRIX_KEY": SECRET}
BEARER = {"Authorization": f"Bearer {SECRET}"}


def read(*events: Any) -> Any:
    """Return what the events become: the one notice, or all."""
    found = parse(transaction(*events), Stamp(NOW, "hs", "full"))
    assert not isinstance(found, Refused)
    return found[0] if len(found) == 1 else found


def test_a_text_message() -> None:
    assert read(text(1, "hello")) == Event(
        id="$event1",
        type="message",
        ts=(AT + 1) * 1000,
        platform="matrix",
        group_id=ROOM,
        user_id=ALICE,
        text="hello",
        received_at=NOW,
        source="hs",
    )


def test_a_reply_loses_the_quote_that_older_clients_put_before_it() -> None:
    relation = {"m.relates_to": {"m.in_reply_to": {"event_id": "$event1"}}}
    found = read(text(2, "> <@a:b> first\n> second\n\nyes\n> really", **relation))
    assert (found.text, found.reply_to) == ("yes\n> really", "$event1")
    assert read(text(2, "> a quote of mine\nyes", **relation)).text == "> a quote of mine\nyes"
    assert read(text(2, "> <@a:b> no reply")).text == "> <@a:b> no reply"


def test_a_thread_and_an_answer_within_it() -> None:
    thread = {"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$last"}}
    for falling_back, reply_to in ((True, ""), (False, "$last")):
        found = read(text(2, "x", **{"m.relates_to": thread | {"is_falling_back": falling_back}}))
        assert (found.thread_id, found.reply_to) == ("$root", reply_to)


def test_mentions_are_listed_or_linked() -> None:
    pills = f'<a href="https://matrix.to/#/{BOB}">Bob</a> <a href="https://matrix.to/#/%40c%3Ad">C</a> <a href="https://matrix.to/#/{BOB}">'
    assert read(text(1, "x", formatted_body=pills)).mentions == [BOB]
    assert read(text(1, "x", formatted_body=pills, **{"m.mentions": {}})).mentions == []
    found = read(text(1, "x", **{"m.mentions": {"user_ids": [BOB, CAROL, BOB, 5, None], "room": True}}))
    assert found.mentions == [BOB, CAROL, "5"]
    assert found.extra == {"at_all": True}


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ({"msgtype": "m.emote", "body": "waves"}, "* waves"),
        ({"msgtype": "m.image", "body": "IMG_1.jpg", "url": "mxc://a/b"}, "[image]"),
        ({"msgtype": "m.image", "body": "my tomatoes", "filename": "IMG_1.jpg"}, "[image] my tomatoes"),
        ({"msgtype": "m.file", "body": "plan.pdf"}, "[file] plan.pdf"),
        ({"msgtype": "m.location", "body": "here", "geo_uri": "geo:1,2"}, "[location]"),
        ({"msgtype": "of next year", "body": "text all the same"}, "text all the same"),
        ({"msgtype": "m.text"}, ""),
    ],
)
def test_what_is_no_text_is_named(content: dict[str, Any], shown: str) -> None:
    assert read(event(1, "m.room.message", content)).text == shown


def test_stickers_and_polls_are_messages() -> None:
    assert read(event(1, "m.sticker", {"body": "a cat", "url": "mxc://a/b"})).text == "[sticker] a cat"
    stable = {"m.poll": {"question": {"m.text": [{"body": "When?"}]}, "answers": []}}
    unstable = {"org.matrix.msc3381.poll.start": {"question": {"org.matrix.msc1767.text": "When?"}}}
    assert read(event(1, "m.poll.start", stable)).text == "[poll] When?"
    assert read(event(1, "org.matrix.msc3381.poll.start", unstable)).text == "[poll] When?"


def test_a_notice_is_said_by_a_bot() -> None:
    assert read(event(1, "m.room.message", {"msgtype": "m.notice", "body": "build failed"})).is_bot
    assert not read(text(1, "x")).is_bot


def test_an_encrypted_message_shows_who_and_when_and_what_it_belongs_to() -> None:
    secret = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA"}
    found = read(event(1, "m.room.encrypted", secret | {"m.relates_to": {"m.in_reply_to": {"event_id": "$q"}}}))
    assert (found.type, found.text, found.reply_to, found.extra) == ("message", "", "$q", {"encrypted": True})
    edit = read(event(1, "m.room.encrypted", secret | {"m.relates_to": {"rel_type": "m.replace", "event_id": "$q"}}))
    assert (edit.type, edit.reply_to) == ("edit", "$q")


def test_edits_reactions_and_redactions_name_what_they_are_about() -> None:
    _, _, reaction, edit, redaction = read(*PAYLOADS["talk"]["events"])
    assert (reaction.type, reaction.reply_to, reaction.extra) == ("reaction", "$event2", {"emoji": "👍"})
    assert (edit.type, edit.reply_to, edit.text) == ("edit", "$event3", "Which of them?")
    assert (redaction.type, redaction.reply_to) == ("delete", "$event3")
    assert read(event(6, "m.room.redaction", {}, redacts="$old")).reply_to == "$old"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (member(1, "join", displayname="Bob"), {"type": "join", "user_id": BOB, "user_name": "Bob", "inviter_id": ""}),
        (member(1, "join", before={"membership": "invite"}), {"type": "join", "inviter_id": ALICE}),
        (member(1, "join", before={"membership": "leave"}), {"type": "join", "inviter_id": ""}),
        (member(1, "join", before=IN, displayname="Bo"), {"type": "rename", "user_name": "Bo"}),
        (member(1, "leave", before=IN), {"type": "leave", "reason": "left", "user_name": "Bob", "extra": {}}),
        (member(1, "leave"), {"type": "leave", "reason": "left"}),
        (
            member(1, "leave", before=IN, sender=ALICE),
            {"type": "leave", "reason": "kicked", "user_id": BOB, "extra": {"operator_id": ALICE}},
        ),
        (member(1, "ban", before=IN, sender=ALICE), {"type": "leave", "reason": "banned"}),
        (event(1, "m.room.name", {"name": "Garden"}, state_key=""), {"type": "rename", "group_name": "Garden"}),
    ],
)
def test_members_and_names(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    found = read(raw)
    assert {name: getattr(found, name) for name in expected} == expected
    assert found.id == "$event1"


def test_who_is_given_power_is_staff_from_then_on_each_by_an_event_of_their_own() -> None:
    levels = {"users": {ALICE: 100, BOB: "50", CAROL: 49, "@x:y": [], "@z:y": 10**30}}
    first = read(event(1, "m.room.power_levels", levels, state_key=""))
    assert [(e.id, e.user_id, e.is_staff) for e in first] == [
        (f"$event1:{ALICE}", ALICE, True),
        (f"$event1:{BOB}", BOB, True),
    ]
    before = {"prev_content": {"users": {ALICE: 100}}}
    assert read(event(2, "m.room.power_levels", levels, state_key="", unsigned=before)).user_id == BOB
    same = {"prev_content": levels}
    assert read(event(2, "m.room.power_levels", levels, state_key="", unsigned=same)) == Ignored("state")


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (member(1, "join", before=IN, displayname="Bob", avatar_url="mxc://a/b"), "profile"),
        (member(1, "join", before=IN), "profile"),
        (member(1, "invite", sender=ALICE), "invite"),
        (member(1, "knock"), "knock"),
        (member(1, "leave", before={"membership": "invite"}), "not_a_member"),
        (member(1, "leave", before={"membership": "ban"}, sender=ALICE), "not_a_member"),
        (member(1, "ban", before={"membership": "leave"}, sender=ALICE), "not_a_member"),
        (member(1, "of next year"), "unknown"),
        (event(1, "m.room.message", {}), "redacted"),
        (event(1, "m.reaction", {}), "redacted"),
        (event(1, "m.room.message", {"msgtype": "m.key.verification.request", "body": "x"}), "verification"),
        (event(1, "m.room.topic", {"topic": "x"}, state_key=""), "state"),
        (event(1, "m.call.invite", {}), "call"),
        (event(1, "m.poll.response", {}), "poll"),
        (event(1, "of next year", {}), "unknown"),
        (event(1, "m.room.name", {"name": ""}, state_key=""), "state"),
        ({}, "malformed"),
        ([], "malformed"),
        (text(1, "x") | {"event_id": None}, "malformed"),
        (text(1, "x") | {"origin_server_ts": 0}, "malformed"),
        (text(1, "x") | {"room_id": "a\nb"}, "malformed"),
        (text(1, "x") | {"sender": ["@a:b"]}, "malformed"),
        (event(1, "m.room.redaction", {}), "malformed"),
    ],
)
def test_what_is_no_event_is_passed_over_by_name(raw: Any, what: str) -> None:
    assert read(raw) == Ignored(what)


def test_one_bad_event_does_not_stop_the_transaction_for_ever() -> None:
    found = read(text(1, "x"), {"type": 5}, text(2, "y"))
    assert [getattr(each, "id", each) for each in found] == ["$event1", Ignored("malformed"), "$event2"]


def test_what_is_no_transaction_is_refused() -> None:
    for payload in ({}, {"events": {}}, {"events": None}):
        found = parse(payload, Stamp(NOW, "hs", "full"))
        assert isinstance(found, Refused)
        assert found.where == "events"


def test_typing_and_receipts_are_passed_over() -> None:
    assert parse({"events": [], "ephemeral": [{"type": "m.typing"}]}, Stamp(NOW, "hs", "full")) == [
        Ignored("ephemeral")
    ]


def asked(method: str, path: str, *, body: bytes = b"{}", headers: Any = BEARER, query: Any = None) -> Any:
    return deliver(SPECIMEN, Signed(body, headers, method, path, query or {}))


def test_the_token_may_come_as_an_argument_and_never_beside_a_header_that_is_wrong() -> None:
    path = "/_matrix/app/v1/transactions/1"
    query = {"access_token": SECRET}
    assert isinstance(asked("PUT", path, headers={}, query=query), Opened)
    assert isinstance(asked("PUT", path, headers={}, query={"access_token": "x"}), Denied)
    assert isinstance(asked("PUT", path, headers={"Authorization": "Bearer x"}, query=query), Denied)
    assert isinstance(asked("PUT", path, headers={"Authorization": SECRET}), Denied)
    assert isinstance(asked("PUT", path, headers={}), Denied)


@pytest.mark.parametrize(
    ("method", "path", "status", "errcode"),
    [
        ("POST", "/_matrix/app/v1/ping", 200, None),
        ("POST", "/_matrix/app/unstable/fi.mau.msc2659/ping", 200, None),
        ("GET", "/_matrix/app/v1/users/@a:b", 404, "M_NOT_FOUND"),
        ("GET", "/_matrix/app/v1/rooms/#a:b", 404, "M_NOT_FOUND"),
        ("GET", "/rooms/#a:b", 404, "M_NOT_FOUND"),
        ("GET", "/_matrix/app/v1/thirdparty/protocol/irc", 404, "M_NOT_FOUND"),
        ("GET", "/_matrix/app/v1/transactions/1", 405, "M_UNRECOGNIZED"),
        ("PUT", "/_matrix/app/v1/ping", 405, "M_UNRECOGNIZED"),
        ("PUT", "/_matrix/app/v1/elsewhere", 404, "M_UNRECOGNIZED"),
        ("POST", "", 404, "M_UNRECOGNIZED"),
    ],
)
def test_what_else_a_homeserver_asks(method: str, path: str, status: int, errcode: str | None) -> None:
    found = asked(method, path)
    assert isinstance(found, Answer)
    assert found.status == status
    assert json.loads(found.body).get("errcode") == errcode
    assert isinstance(asked(method, path, headers={}), Denied)


@run
async def test_over_http() -> None:
    async with gateway(MATRIX, environ=ENVIRON) as kit:
        signed = sign(PAYLOADS["talk"], 0)
        for path in (signed.path, "/transactions/36%2F7"):
            url = f"{kit.address}/webhooks/hs{path}"
            async with kit.client.put(url, data=signed.body, headers=signed.headers) as got:
                assert (got.status, await got.read(), got.content_type) == (200, b"{}", "application/json")
        assert [e["id"] for e in kit.stored()] == [f"$event{n}" for n in range(2, 7)] * 2
        refusals = [
            ("PUT", signed.path, signed.body, {"Content-Type": "application/json"}, 403, "M_FORBIDDEN"),
            ("PUT", signed.path, b"{", signed.headers, 400, "M_BAD_JSON"),
            ("PUT", signed.path, b"{}", signed.headers, 400, "M_BAD_JSON"),
            ("DELETE", signed.path, b"", signed.headers, 405, "M_UNRECOGNIZED"),
            ("GET", "/_matrix/app/v1/users/%40a%3Ab", b"", signed.headers, 404, "M_NOT_FOUND"),
        ]
        for method, path, data, headers, status, errcode in refusals:
            url = f"{kit.address}/webhooks/hs{path}"
            async with kit.client.request(method, url, data=data, headers=headers) as got:
                answer = await got.json(content_type=None)
                assert (got.status, answer["errcode"]) == (status, errcode)
                assert answer["error"]


def theirs(raw: dict[str, Any]) -> Any:
    return TheirEvent.deserialize(json.loads(json.dumps(raw)))


def test_mautrix_reads_the_same_from_the_same_events() -> None:
    for payload in PAYLOADS.values():
        for raw in payload["events"]:
            their, ours = theirs(raw), read(raw)
            assert (their.event_id, their.room_id, their.timestamp) == (
                ours.id.partition(":")[0],
                ours.group_id,
                ours.ts,
            )
    _, thread, reaction, edit, redaction = (theirs(raw) for raw in PAYLOADS["talk"]["events"])
    ours = read(*PAYLOADS["talk"]["events"])
    assert theirs(PAYLOADS["talk"]["events"][0]).content.get_reply_to() == ours[0].reply_to
    assert thread.content.get_thread_parent() == ours[1].thread_id
    assert reaction.content.relates_to.event_id == ours[2].reply_to
    assert reaction.content.relates_to.key == ours[2].extra["emoji"]
    assert edit.content.relates_to.rel_type == RelationType.REPLACE
    assert edit.content.get_edit() == ours[3].reply_to
    assert redaction.redacts == ours[4].reply_to
    for raw in PAYLOADS["membership"]["events"]:
        their = theirs(raw)
        left = their.content.membership in (Membership.LEAVE, Membership.BAN)
        assert (read(raw).type == "leave") is left
        assert read(raw).user_id == their.state_key


@run
async def test_mautrix_answers_a_homeserver_as_we_do() -> None:
    service = AppServiceServerMixin(hs_token=SECRET)
    service.log = __import__("logging").getLogger("theirs")
    app = web.Application()
    service.register_routes(app)
    signed = sign(PAYLOADS["message"], 0)
    requests = [
        ("PUT", "/_matrix/app/v1/transactions/1", signed.headers),
        ("PUT", "/transactions/2", signed.headers),
        ("POST", "/_matrix/app/v1/ping", signed.headers),
        ("GET", "/_matrix/app/v1/users/%40a%3Ab", signed.headers),
        ("GET", "/_matrix/app/v1/rooms/%23a%3Ab", signed.headers),
    ]
    async with TestClient(TestServer(app)) as client, gateway(MATRIX, environ=ENVIRON) as kit:
        for method, path, headers in requests:
            async with client.request(method, path, data=signed.body, headers=headers) as got:
                their = got.status, await got.json()
            url = f"{kit.address}/webhooks/hs{path}"
            async with kit.client.request(method, url, data=signed.body, headers=headers) as got:
                ours = got.status, await got.json()
            assert ours[0] == their[0]
            assert ours[0] != 200 or ours[1] == their[1] == {}


def test_it_is_described() -> None:
    assert {(route.method, route.path) for route in WEBHOOK.describe} >= {("PUT", "/transactions/{txnId}")}
    assert {route.method for route in WEBHOOK.describe} <= set(WEBHOOK.methods)
