"""Signatures as the platforms ask, by values of another program and by other people's code."""

import base64
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import apprise
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Judge
from yarl import URL

from producers.verify import standard_keys, standard_webhooks
from sinks.notify.channels import dingtalk, feishu
from sinks.notify.channels.webhook import Webhook
from sinks.notify.outbound import Outbound
from sinks.notify.targets import Allowed
from tests.support.notices import AT, every_step, notice

OUT = Outbound(Allowed())
KEY = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def test_feishu_signs_as_openssl_does() -> None:
    r"""By: printf '' | openssl dgst -sha256 -mac HMAC -macopt "key:$(printf '1599360473\nzs0T-test-secret')" -binary | base64."""
    assert feishu.signature("zs0T-test-secret", 1599360473) == "TD1BRqSXZFYciQlz9omu5TtIuiicrTqx/U9lyYg5eT4="


def test_dingtalk_signs_as_openssl_does() -> None:
    r"""By: printf '1599360473000\nSEC0123456789abcdef' | openssl dgst -sha256 -hmac SEC0123456789abcdef -binary | base64."""
    assert dingtalk.signature("SEC0123456789abcdef", 1599360473000) == "aKqBjoyC+NYhkgqBYxW0ACXynJFx9Q2eLA+Q9FLxhBY="


@pytest.mark.parametrize("secret", ["SECabcdef0123456789", "s"])
def test_dingtalk_signs_as_apprise_does(secret: str) -> None:
    plugin = apprise.Apprise.instantiate(f"dingtalk://{secret}@{'a' * 64}/")
    assert plugin is not None
    stamp, signed = plugin.get_signature()  # type: ignore[attr-defined]
    assert parse_qs(f"sign={signed}")["sign"] == [dingtalk.signature(secret, int(stamp))]


@given(st.text(min_size=1, max_size=40, alphabet=st.characters(codec="utf-8")), st.integers(0, 10**13))
def test_the_signature_arrives_through_the_url_as_it_was_made(secret: str, now: int) -> None:
    """Signs such as + and / mean something else in an address: what the other side reads must be what we signed."""
    (post,) = dingtalk.DingTalk(OUT, "https://oapi.example/robot/send?access_token=abc", secret).posts(notice(), now)
    for read in (dict(URL(post.url).query), {k: v[0] for k, v in parse_qs(urlsplit(str(URL(post.url))).query).items()}):
        assert read == {"access_token": "abc", "timestamp": str(now), "sign": dingtalk.signature(secret, now)}


def test_feishu_puts_time_in_seconds_and_signature_into_the_body() -> None:
    (post,) = feishu.Feishu(OUT, "https://open.example/hook/x", "secret").posts(notice(), AT)
    body = json.loads(post.body)
    assert body["timestamp"] == str(AT // 1000)
    assert body["sign"] == base64.b64encode(hmac.digest(f"{AT // 1000}\nsecret".encode(), b"", "sha256")).decode()
    (unsigned,) = feishu.Feishu(OUT, "https://open.example/hook/x", "").posts(notice(), AT)
    assert not {"timestamp", "sign"} & json.loads(unsigned.body).keys()


@pytest.mark.parametrize("told", every_step(), ids=lambda told: told.step)
def test_a_webhook_is_signed_as_our_gateway_and_the_standards_own_library_verify(told: object) -> None:
    (post,) = Webhook(OUT, "https://hooks.example/x", KEY).posts(told, AT)  # type: ignore[arg-type]
    keys = standard_keys(KEY)
    assert isinstance(keys, list)
    headers = {name.lower(): [value] for name, value in post.headers.items()}
    assert (
        standard_webhooks(
            ids=headers["webhook-id"],
            timestamps=headers["webhook-timestamp"],
            signatures=headers["webhook-signature"],
            body=post.body,
            keys=keys,
            now_s=AT // 1000,
        )
        is None
    )
    signed = Judge(KEY).sign(post.headers["webhook-id"], _time(AT), post.body.decode())
    assert signed == post.headers["webhook-signature"]


def test_a_delivery_has_one_id_however_often_it_is_sent() -> None:
    channel = Webhook(OUT, "https://hooks.example/x", KEY)
    first, second = (channel.posts(notice(), now)[0] for now in (AT, AT + 90_000))
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "d-1"
    (dotted,) = channel.posts(notice(delivery_id="a.b 中"), AT)
    assert dotted.headers["webhook-id"].isalnum()


def _time(ms: int) -> object:
    return datetime.fromtimestamp(ms / 1000, UTC)
