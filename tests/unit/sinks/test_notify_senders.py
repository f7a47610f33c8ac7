"""Each channel against a server that answers as its vendor does, well and badly."""

import asyncio
import json
import logging
import random
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from huoqun.notify_config import ChannelKind, Notify, NotifyChannel, problems
from sinks.notify.channels import open_channel
from sinks.notify.channels.alertmanager import HOLDS_MS
from sinks.notify.channels.answers import by_code, by_status
from sinks.notify.channels.base import Poster
from sinks.notify.channels.webhook import iso
from sinks.notify.notice import Again, Channel, Notice, Refused, Sent
from sinks.notify.outbound import Reply
from sinks.notify.targets import Forbidden, allowed
from tests.support.notices import AT, MINUTE, every_step, item, notice
from tests.support.receiver import Asked, in_loop, receiver

CANARY = "canary-5ecre7"
PATHS: dict[ChannelKind, str] = {
    "feishu": f"/open-apis/bot/v2/hook/{CANARY}",
    "dingtalk": f"/robot/send?access_token={CANARY}",
    "wecom": f"/cgi-bin/webhook/send?key={CANARY}",
    "webhook": f"/{CANARY}",
    "alertmanager": "",
    "pagerduty": "/v2/enqueue",
    "apprise": f"/{CANARY}",
}
WELL: dict[ChannelKind, tuple[int, str]] = {
    "feishu": (200, '{"code":0,"msg":"success","data":{},"StatusCode":0,"StatusMessage":"success","Extra":null}'),
    "dingtalk": (200, '{"errcode":0,"errmsg":"ok"}'),
    "wecom": (200, '{"errcode":0,"errmsg":"ok"}'),
    "webhook": (204, ""),
    "alertmanager": (200, ""),
    "pagerduty": (202, '{"status":"success","message":"Event processed","dedup_key":"x"}'),
    "apprise": (200, "ok"),
}
KINDS: list[ChannelKind] = list(PATHS)
POSTERS = [kind for kind in KINDS if kind != "apprise"]
SECRETS = {"webhook": "whsec_" + "QUJD" * 8, "wecom": "", "apprise": ""}

Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


def opened(kind: ChannelKind, port: int, **notify: Any) -> Channel:
    clear = "http" if notify.get("allow_private", "127.0.0.1") else "https"
    scheme = "json" if kind == "apprise" else clear
    secret = SECRETS.get(kind, CANARY)
    environ = {"URL": f"{scheme}://127.0.0.1:{port}{PATHS[kind]}", "SECRET": secret}
    config = NotifyChannel(name="ops", kind=kind, url_env="URL", secret_env="SECRET" if secret else "")
    found = open_channel(config, Notify(**({"allow_private": "127.0.0.1"} | notify)), environ)
    assert not isinstance(found, str), found
    return found


def answering(status: int, body: str = "", **headers: str) -> Answering:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers=headers)

    return answer


async def sent(kind: ChannelKind, told: Notice, answer: Answering | None = None) -> tuple[Any, list[Asked]]:
    async with receiver(answer or answering(*WELL[kind])) as (port, asked):
        channel = opened(kind, port)
        outcome = await channel.send(told)
        await channel.close()
        return outcome, asked


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_every_step_is_taken_by_who_takes_it(kind: ChannelKind) -> None:
    async with receiver(answering(*WELL[kind])) as (port, asked):
        channel = opened(kind, port)
        for told in every_step():
            before = len(asked)
            outcome = await channel.send(told)
            if channel.resolves and not told.items and told.step != "test":
                assert isinstance(outcome, Refused)
                assert len(asked) == before
            else:
                assert outcome == Sent(), (told.step, outcome)
                assert len(asked) > before
                json.loads(asked[-1].body)
        await channel.close()


BADLY: list[tuple[ChannelKind, int, str, type, str]] = [
    (
        "feishu",
        200,
        '{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}',
        Refused,
        "signing secret",
    ),
    ("feishu", 200, '{"code":19022,"msg":"Ip Not Allowed"}', Refused, "address"),
    ("feishu", 200, '{"code":19024,"msg":"Key Words Not Found"}', Refused, "keyword"),
    (
        "feishu",
        200,
        '{"code":19001,"msg":"param invalid: incoming webhook access token invalid"}',
        Refused,
        "copy its webhook address",
    ),
    ("feishu", 400, '{"code":9499,"msg":"Bad Request","data":{}}', Refused, "did not understand"),
    ("feishu", 200, '{"code":11232,"msg":"frequency limited"}', Again, "wait"),
    ("feishu", 429, '{"code":99991400,"msg":"request trigger frequency limit"}', Again, "wait"),
    ("feishu", 200, '{"StatusCode":0,"StatusMessage":"success"}', Sent, ""),
    ("feishu", 200, '{"code":424242}', Again, "424242"),
    ("feishu", 200, "<html>", Again, "robot"),
    ("dingtalk", 200, '{"errcode":310000,"errmsg":"sign not match, more: [x]"}', Refused, "SEC"),
    ("dingtalk", 200, '{"errcode":300001,"errmsg":"token is not exist"}', Refused, "copy its webhook address"),
    ("dingtalk", 200, '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}', Again, "wait"),
    ("dingtalk", 200, '{"errcode":-1,"errmsg":"system busy"}', Again, "wait"),
    ("dingtalk", 502, "Bad Gateway", Again, "502"),
    ("wecom", 200, '{"errcode":93000,"errmsg":"invalid webhook url, hint: [x]"}', Refused, "copy its webhook address"),
    ("wecom", 200, '{"errcode":45009,"errmsg":"api freq out of limit"}', Again, "wait"),
    (
        "wecom",
        200,
        '{"errcode":40058,"errmsg":"markdown.content exceed max length 4096"}',
        Refused,
        "did not understand",
    ),
    ("wecom", 200, '{"errcode":true}', Again, "robot"),
    ("webhook", 401, "", Refused, "secret"),
    ("webhook", 404, "", Refused, "copy the URL"),
    ("webhook", 410, "", Refused, "gone"),
    ("webhook", 302, "", Refused, "final address"),
    ("webhook", 500, "", Again, "500"),
    ("webhook", 503, "", Again, "503"),
    ("webhook", 408, "", Again, "408"),
    ("alertmanager", 400, '"bad"', Refused, "did not understand"),
    ("alertmanager", 401, "", Refused, "secret"),
    ("pagerduty", 400, '{"status":"invalid event","errors":["x"]}', Refused, "routing key"),
    ("pagerduty", 429, "", Again, "429"),
    ("apprise", 401, "", Refused, "tokens"),
    ("apprise", 500, "", Again, "500"),
    ("apprise", 302, "", Again, ""),
]


@pytest.mark.parametrize(("kind", "status", "body", "outcome", "word"), BADLY)
@in_loop
async def test_what_the_vendor_answers_becomes_what_it_means(
    kind: ChannelKind, status: int, body: str, outcome: type, word: str
) -> None:
    found, asked = await sent(kind, notice(), answering(status, body))
    assert isinstance(found, outcome), found
    assert word in getattr(found, "why", "")
    assert len(asked) == 1


@pytest.mark.parametrize("kind", POSTERS)
@in_loop
async def test_a_wait_that_is_asked_for_is_kept(kind: ChannelKind) -> None:
    found, _ = await sent(kind, notice(), answering(429, "", **{"Retry-After": "77"}))
    assert isinstance(found, Again)
    assert found.after_ms == 77_000


@in_loop
async def test_dingtalk_shuts_out_for_ten_minutes_and_we_wait_as_long() -> None:
    found, _ = await sent("dingtalk", notice(), answering(200, '{"errcode":130101}'))
    assert isinstance(found, Again)
    assert found.after_ms == 10 * MINUTE


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_a_receiver_that_fails_half_the_time_gets_every_notice_once_it_answers(kind: ChannelKind) -> None:
    dice = random.Random(7)
    taken: list[bool] = []

    async def moody(request: web.Request) -> web.StreamResponse:
        well = dice.random() < 0.5
        taken.append(well)
        return web.Response(status=WELL[kind][0], text=WELL[kind][1]) if well else web.Response(status=500)

    async with receiver(moody) as (port, _):
        channel = opened(kind, port)
        for number in range(10):
            told = notice(delivery_id=f"d{number}", items=(item(alert_id=f"a{number}"),))
            for _try in range(60):
                if isinstance(await channel.send(told), Sent):
                    break
            else:
                pytest.fail(f"{number} was never taken")
        assert sum(taken) == 10
        await channel.close()


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_a_receiver_that_never_answers_is_given_up_and_tried_again(
    kind: ChannelKind,
) -> None:
    hanging = asyncio.Event()

    async def hang(request: web.Request) -> web.StreamResponse:
        await hanging.wait()
        return web.Response()

    async with receiver(hang) as (port, asked):
        channel = opened(kind, port)
        if isinstance(channel, Poster):
            channel._outbound._total_seconds = 0.2
        else:
            channel._seconds = 0.2  # type: ignore[attr-defined]
        found = await channel.send(notice())
        assert isinstance(found, Again)
        assert "0.2 s" in found.why
        assert len(asked) == 1
        if kind == "apprise":
            assert await channel.send(notice()) == Again(5_000, "the last notice is still on its way")
        hanging.set()
        await channel.close()


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_nothing_is_sent_inside_unless_it_is_allowed(kind: ChannelKind) -> None:
    async with receiver(answering(*WELL[kind])) as (port, asked):
        channel = opened(kind, port, allow_private="")
        found = await channel.send(notice())
        assert isinstance(found, Refused)
        assert "allow_private" in found.why
        assert asked == []
        await channel.close()


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_no_secret_is_in_any_word_or_log(kind: ChannelKind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.WARNING)

    async def echo(request: web.Request) -> web.StreamResponse:
        """As a badly made receiver does: it says the secret in its answer."""
        return web.Response(status=400, text=json.dumps({"errmsg": CANARY, "code": 424242, "errcode": 424242}))

    async with receiver(echo) as (port, _):
        channel = opened(kind, port)
        outcome = await channel.send(notice())
        assert CANARY not in f"{outcome!r}{channel!r}{channel}"
        await channel.close()
    channel = opened(kind, 9)
    outcome = await channel.send(notice())
    assert CANARY not in f"{outcome!r}"
    assert [r.getMessage() for r in caplog.records if r.name != "aiohttp.access" and CANARY in r.getMessage()] == []


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_is_said_with_the_variable_and_without_its_value(kind: ChannelKind) -> None:
    config = NotifyChannel(name="ops", kind=kind, url_env="THE_URL", secret_env="THE_SECRET")
    found = open_channel(config, Notify(), {})
    assert isinstance(found, str)
    assert "THE_URL" in found
    found = open_channel(config, Notify(), {"THE_URL": f"file:///{CANARY}", "THE_SECRET": CANARY})
    assert isinstance(found, str)
    assert "THE_URL" in found
    assert CANARY not in found


@pytest.mark.parametrize("kind", ["feishu", "dingtalk", "wecom", "pagerduty"])
def test_a_vendors_secret_does_not_go_out_in_the_clear(kind: ChannelKind) -> None:
    config = NotifyChannel(name="ops", kind=kind, url_env="THE_URL", secret_env="THE_SECRET")

    def found(url: str, allow: str = "") -> Channel | str:
        return open_channel(config, Notify(allow_private=allow), {"THE_URL": url, "THE_SECRET": CANARY})

    assert "https://" in str(found(f"http://robots.example/{CANARY}"))
    assert CANARY not in str(found(f"http://robots.example/{CANARY}"))
    assert not isinstance(found(f"https://robots.example/{CANARY}"), str)
    assert not isinstance(found(f"http://proxy/{CANARY}", "proxy"), str)
    assert not isinstance(found(f"http://10.1.2.3/{CANARY}", "10.0.0.0/8"), str)


def test_a_webhooks_secret_must_be_one() -> None:
    config = NotifyChannel(name="ops", kind="webhook", url_env="THE_URL", secret_env="THE_SECRET")
    found = open_channel(config, Notify(), {"THE_URL": "https://a.example/x", "THE_SECRET": "whsec_short"})
    assert isinstance(found, str)
    assert "THE_SECRET" in found
    assert "short" not in found


@in_loop
async def test_pagerduty_gets_one_key_from_trigger_to_resolve() -> None:
    actions = []
    for told in (
        notice(),
        notice(step="acked", items=(item(assigned_to="阿禾"),)),
        notice(step="escalated", items=(item(severity="critical"),)),
        notice(step="resolved", items=(item(ended="resolved", ended_at=AT),)),
        notice(step="resolved", items=(item(ended="expired", ended_at=AT),)),
    ):
        _, asked = await sent("pagerduty", told)
        actions += [json.loads(each.body) for each in asked]
    assert [each["event_action"] for each in actions] == ["trigger", "acknowledge", "trigger", "resolve", "resolve"]
    assert {each["dedup_key"] for each in actions} == {"unanswered:qq:42:m1"}
    assert {each["routing_key"] for each in actions} == {CANARY}
    assert [each["payload"]["severity"] for each in actions if "payload" in each] == ["warning", "critical"]


@in_loop
async def test_a_test_leaves_no_incident_open() -> None:
    _, asked = await sent("pagerduty", notice(step="test", items=()))
    told = [json.loads(each.body) for each in asked]
    assert [each["event_action"] for each in told] == ["trigger", "resolve"]
    assert len({each["dedup_key"] for each in told}) == 1
    assert "test" in told[0]["payload"]["summary"]


def by_labels(asked: list[Asked]) -> dict[str, dict[str, Any]]:
    """What an Alertmanager would hold: the last word for each set of labels."""
    return {json.dumps(each["labels"], sort_keys=True): each for one in asked for each in json.loads(one.body)}


@in_loop
async def test_alertmanager_sees_one_alert_whatever_changes_about_it() -> None:
    async with receiver(answering(200)) as (port, asked):
        channel = opened("alertmanager", port)
        await channel.send(notice())
        await channel.send(
            notice(step="again", at=AT + MINUTE, items=(item(title="12 min · 12 min", reasons=(), group_name="Z"),))
        )
        held = by_labels(asked)
        open_then = [each for each in held.values() if each["endsAt"] > iso(AT + MINUTE)]
        (alert,) = open_then
        assert alert["labels"]["severity"] == "warning"
        assert alert["endsAt"] == iso(AT + MINUTE + HOLDS_MS)
        assert alert["startsAt"] == iso(AT - 9 * MINUTE)
        assert "12 min" in alert["annotations"]["summary"]
        assert channel.refresh_ms * 3 < HOLDS_MS
        await channel.send(notice(step="escalated", at=AT + 2 * MINUTE, items=(item(severity="critical"),)))
        held = by_labels(asked)
        assert [each["labels"]["severity"] for each in held.values() if each["endsAt"] > iso(AT + 2 * MINUTE)] == [
            "critical"
        ]
        ended = item(severity="critical", ended="resolved", ended_at=AT + 3 * MINUTE)
        await channel.send(notice(step="resolved", at=AT + 3 * MINUTE, items=(ended,)))
        assert [each for each in by_labels(asked).values() if each["endsAt"] > iso(AT + 3 * MINUTE)] == []
        assert {each.path for each in asked} == {"/api/v2/alerts"}
        assert asked[0].headers["Authorization"] == f"Bearer {CANARY}"
        await channel.close()


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_each_channel_names_a_limit_below_what_its_vendor_publishes(kind: ChannelKind) -> None:
    published = {"feishu": 100, "dingtalk": 20, "wecom": 20}
    async with receiver() as (port, _):
        channel = opened(kind, port)
        a_minute = channel.limit.most * 60_000 / channel.limit.per_ms
        assert 0 < a_minute <= published.get(kind, 600)
        await channel.close()


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_no_channel_follows_a_redirect(kind: ChannelKind) -> None:
    found, asked = await sent(kind, notice(), answering(307, "", Location="/elsewhere"))
    assert not isinstance(found, Sent)
    assert len(asked) == 1


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["::1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["10.0.0.1"]])
@in_loop
async def test_apprise_is_stopped_at_the_connection_whatever_the_name_resolves_to(
    answers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def resolving(host: str, *args: Any, **kwargs: Any) -> Any:
        return real(answers[0] if host == "rebind.example" else host, *args, **kwargs)

    async with receiver() as (port, asked):
        found = open_channel(
            NotifyChannel(name="a", kind="apprise", url_env="URL"),
            Notify(),
            {"URL": f"json://rebind.example:{port}/{CANARY}"},
        )
        assert not isinstance(found, str)
        monkeypatch.setattr(socket, "getaddrinfo", resolving)
        outcome = await found.send(notice())
        assert isinstance(outcome, Refused)
        assert asked == []
        await found.close()


@in_loop
async def test_the_guard_of_apprise_holds_for_its_thread_alone() -> None:
    async with receiver() as (port, _):
        channel = opened("apprise", port, allow_private="")
        assert isinstance(await channel.send(notice()), Refused)
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await channel.close()


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_a_notice_that_can_not_be_written_is_refused_and_nothing_is_raised(kind: ChannelKind) -> None:
    for told in (
        notice(items=(item(raised_at=10**18, group_id="\ud800", title="\ud800", alert_id="\ud800"),)),
        notice(at=10**18),
    ):
        found, _ = await sent(kind, told)
        assert isinstance(found, Refused | Sent)


@given(st.binary(max_size=200), st.integers(100, 599), st.none() | st.floats(0, 3600))
def test_whatever_a_receiver_answers_is_an_outcome(body: bytes, status: int, wait: float | None) -> None:
    for fields in (("code", "StatusCode"), ("errcode",)):
        outcome = by_code(Reply(status, body, wait), fields, refused={1: "no"}, later={2: 7})
        assert isinstance(outcome, Sent | Again | Refused)
        if isinstance(outcome, Sent):
            assert 200 <= status < 300


@given(st.integers(), st.integers(100, 599))
def test_only_a_code_of_zero_with_a_good_status_is_taken(code: int, status: int) -> None:
    outcome = by_code(
        Reply(status, json.dumps({"errcode": code}).encode()), ("errcode",), refused={1: "no"}, later={2: 7}
    )
    assert isinstance(outcome, Sent) == (code == 0 and 200 <= status < 300)


@pytest.mark.parametrize(
    ("statuses", "outcome", "words"),
    [
        ((200, 201, 204, 299), Sent, ""),
        ((300, 302, 308, 399), Refused, "put the final address"),
        ((408, 425, 500, 502, 503, 504, 599), Again, "answered"),
        ((400,), Refused, "did not understand"),
        ((401,), Refused, "secret"),
        ((403,), Refused, "allowed addresses"),
        ((404,), Refused, "copy the URL again"),
        ((405,), Refused, "no POST"),
        ((410,), Refused, "for good"),
        ((413,), Refused, "too long"),
        ((415,), Refused, "no JSON"),
        ((100, 199, 402, 418, 499), Refused, "does not take it"),
    ],
)
def test_each_status_means_what_it_says(statuses: tuple[int, ...], outcome: type, words: str) -> None:
    for status in statuses:
        found = by_status(Reply(status, b""))
        assert isinstance(found, outcome), status
        assert words in getattr(found, "why", "")
        assert getattr(found, "after_ms", 0) == 0


def test_who_says_too_many_without_a_time_is_left_alone_for_half_a_minute() -> None:
    assert by_status(Reply(429, b"")) == Again(30_000, "the receiver answered 429")
    assert by_status(Reply(429, b"", 2.5)) == Again(2_500, "the receiver answered 429")


def test_a_code_that_nobody_knows_is_tried_again_after_a_minute() -> None:
    found = by_code(Reply(200, b'{"errcode":5}'), ("errcode",), refused={}, later={})
    assert found == Again(60_000, "the platform answered code 5")
    for body in (
        b"hello",
        b"5",
        b"null",
        b"[]",
        b'"errcode"',
        b'["errcode"]',
        b"{}",
        b'{"errcode":null}',
        b"\xff",
        b"",
    ):
        strange = by_code(Reply(200, body), ("errcode",), refused={}, later={})
        assert isinstance(strange, Again), body
        assert strange.after_ms == 60_000


def test_the_longer_of_two_waits_is_kept() -> None:
    found = by_code(Reply(429, b'{"errcode":5}', 90.0), ("errcode",), refused={}, later={5: 10_000})
    assert isinstance(found, Again)
    assert found.after_ms == 90_000


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "10.0.0.0/8",
        "10.0.0.1/8",
        "fd00::/8",
        "::1",
        "alertmanager",
        "Alert.Manager.",
        "a_b",
        "127.1",
        "x/8",
        "a b",
        "*.x",
        "http://x",
        "-",
        ".",
    ],
)
def test_the_configuration_takes_just_what_the_channels_take(entry: str) -> None:
    """Each judges an entry of allow_private by itself: the shared room does not know the channels."""
    wrong = [p for p in problems(Notify(allow_private=entry), lambda _text: 0) if "allow_private" in p]
    entries = [entry] if entry else []
    assert bool(wrong) == isinstance(allowed(entries), Forbidden), (wrong, allowed(entries))
