"""Canonical events signed as GitHub signs: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from huoqun.config import Source
from producers.sources.base import Answer, Opened
from producers.sources.canonical import MAX_ITEMS
from producers.verify import Denied
from tests.support.gateway_kit import gateway, run
from tests.support.specimens.base import Signed, deliver
from tests.support.specimens.github_style import SECRET, SPECIMEN, event, sign

SOURCES = (Source(name="bot", kind="github_style", secret_env="BOT_KEY"),)
ENVIRON = {"BOT_KEY": SECRET}


def signed(body: bytes, **headers: str) -> Signed:
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    fields = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
    return Signed(body, fields | {name.replace("_", "-"): value for name, value in headers.items()})


def test_the_published_vector_is_authentic() -> None:
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    vector = Signed(b"Hello, World!", {"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Event": "ping"})
    assert deliver(SPECIMEN, vector) == Answer(204)
    assert isinstance(deliver(SPECIMEN, vector._replace(body=b"Hello, World?")), Denied)


async def post(kit: Any, request: Signed) -> tuple[int, Any]:
    status, answer, _ = await kit.post("/webhooks/bot", request.body, dict(request.headers))
    return status, answer


@run
async def test_objects_arrays_and_lines_are_taken_and_the_sender_is_told() -> None:
    async with gateway(SOURCES, environ=ENVIRON) as kit:
        lines = b"\n".join(json.dumps(event(n)).encode() for n in (4, 5)) + b"\n\n"
        for request, count in (
            (sign(event(1), 0), 1),
            (sign([event(2), event(3)], 0), 2),
            (signed(lines, Content_Type="application/x-ndjson; charset=utf-8"), 2),
        ):
            assert await post(kit, request) == (202, {"accepted": count, "refused": []})
        assert [e["id"] for e in kit.stored()] == [f"irc-{n}" for n in range(1, 6)]
        assert {e["source"] for e in kit.stored()} == {"bot"}


@run
async def test_the_good_events_are_kept_and_the_bad_ones_named() -> None:
    async with gateway(SOURCES, environ=ENVIRON) as kit:
        deep: Any = []
        for _ in range(40):
            deep = [deep]
        body = [event(1), event(2, ts="yesterday"), 5, event(3, more=deep), event(4)]
        status, answer = await post(kit, sign(body, 0))
        assert (status, answer["accepted"]) == (202, 2)
        assert [(r["index"], r["where"]) for r in answer["refused"]] == [(1, "ts"), (2, ""), (3, "more")]
        assert [e["id"] for e in kit.stored()] == ["irc-1", "irc-4"]
        assert 'huoqun_gateway_refused_total{reason="event"} 3.0' in kit.metrics()
        status, problem = await post(kit, sign(body[1:3], 0))
        assert (status, problem["where"], len(problem["refused"])) == (400, "ts", 2)


@run
async def test_without_an_id_one_is_made_of_what_is_signed_and_a_repeat_has_it_too() -> None:
    async with gateway(SOURCES, environ=ENVIRON) as kit:
        bare = {name: value for name, value in event(1).items() if name != "id"}
        first, other = sign(bare, 0), sign(bare | {"text": "x"}, 0)
        again = first._replace(headers={**first.headers, "X-GitHub-Delivery": "another"})
        for request in (first, again, other):
            assert (await post(kit, request))[0] == 202
        ids = [e["id"] for e in kit.stored()]
        assert ids[0] == ids[1] != ids[2]
        assert ids[0].startswith("#garden:")


@pytest.mark.parametrize(
    ("request_", "status", "where"),
    [
        (signed(b"[]"), 400, "body"),
        (signed(b""), 400, "body"),
        (signed(b"{"), 400, "body"),
        (signed(b"{} {"), 400, "byte 4"),
        (signed(b"{}\n{", Content_Type="application/x-ndjson"), 400, "line 2"),
        (signed(json.dumps([{}] * (MAX_ITEMS + 1)).encode()), 400, "body"),
        (signed(b"{}\n" * (MAX_ITEMS + 1), Content_Type="application/x-ndjson"), 400, "body"),
        (signed(b'[{"id":[]}]'), 400, "type"),
        (signed(b"{}", Content_Type="application/x-www-form-urlencoded"), 415, "Content-Type"),
        (Signed(b"{}", {"Content-Type": "application/json"}), 401, "X-Hub-Signature-256"),
    ],
)
def test_refusals(request_: Signed, status: int, where: str) -> None:
    @run
    async def scenario() -> None:
        async with gateway(SOURCES, environ=ENVIRON) as kit:
            found, problem = await post(kit, request_)
            assert (found, problem["where"]) == (status, where)
            assert kit.stored() == []

    scenario()


def test_a_ping_is_answered_only_where_it_is_signed() -> None:
    assert deliver(SPECIMEN, signed(b'{"zen":"x"}', X_GitHub_Event="ping")) == Answer(204)
    bare = Signed(b'{"zen":"x"}', {"X-GitHub-Event": "ping"})
    assert isinstance(deliver(SPECIMEN, bare), Denied)
    assert isinstance(deliver(SPECIMEN, sign(event(1), 0)), Opened)
