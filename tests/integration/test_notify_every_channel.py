"""One alert through every kind of channel at once, to receivers that answer as their vendors do and fail half the time."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from huoqun.clock import now_ms
from sinks.notify.channels.webhook import iso
from tests.support.brokers import RunningBroker, tail
from tests.support.notifier import Notifier, alert
from tests.support.sinks import eventually

ANSWERS = {
    "feishu": (200, {"code": 0, "msg": "success", "data": {}}),
    "dingtalk": (200, {"errcode": 0, "errmsg": "ok"}),
    "wecom": (200, {"errcode": 0, "errmsg": "ok"}),
    "webhook": (200, {}),
    "alertmanager": (200, {}),
    "pagerduty": (202, {"status": "success"}),
    "apprise": (200, {}),
}
CHATS = ("feishu", "dingtalk", "wecom", "webhook", "apprise")


class Taken(NamedTuple):
    """What a receiver has, by the kind of channel."""

    port: int
    bodies: dict[str, list[Any]]
    failed: dict[str, int]


@pytest.fixture
def vendors() -> Iterator[Taken]:
    lock = threading.Lock()
    taken = Taken(0, {kind: [] for kind in ANSWERS}, dict.fromkeys(ANSWERS, 0))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kind = self.path.split("/")[1].partition("?")[0]
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                well = taken.failed[kind] > len(taken.bodies[kind])  # every other request
                if well:
                    taken.bodies[kind].append(body)
                else:
                    taken.failed[kind] += 1
            status, answer = ANSWERS[kind] if well else (500, {})
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield taken._replace(port=server.server_address[1])
    server.shutdown()
    server.server_close()


def told(bodies: list[Any], *, over: bool) -> int:
    """How many messages there are that say the alert's title, and that it is over, or not."""
    texts = [json.dumps(body, ensure_ascii=False) for body in bodies]
    return sum("提问没人回应 a" in text and ("已结束" in text) is over for text in texts)


def open_at_last(bodies: list[Any]) -> bool:
    """Whether an Alertmanager that heard all this would still hold the alert."""
    last = {json.dumps(each["labels"], sort_keys=True): each["endsAt"] for body in bodies for each in body}
    return any(ends > iso(now_ms()) for ends in last.values())


@pytest.mark.tansu
def test_every_channel_is_told_of_an_alert_once_and_of_its_end_once(
    tansu: RunningBroker, topic_prefix: str, tmp_path: Path, vendors: Taken
) -> None:
    at = f"http://127.0.0.1:{vendors.port}"
    environ = {f"{kind.upper()}_URL": f"{at}/{kind}" for kind in ANSWERS}
    environ |= {
        "DINGTALK_URL": f"{at}/dingtalk?access_token=x",
        "APPRISE_URL": f"json://127.0.0.1:{vendors.port}/apprise",
    }
    environ |= {"KEY": "k" * 32, "SIGN": "SECret"}
    secrets = {"feishu": "SIGN", "dingtalk": "SIGN", "pagerduty": "KEY"}
    channels = "".join(
        f"[[notify.channels]]\nname = '{kind}'\nkind = '{kind}'\nurl_env = '{kind.upper()}_URL'\n"
        + (f"secret_env = '{secrets[kind]}'\n" if kind in secrets else "")
        for kind in ANSWERS
    )
    route = f"[[notify.routes]]\nname = 'every'\nkinds = ['unanswered']\nchannels = {json.dumps(list(ANSWERS))}\n"
    notifier = Notifier.prepared(
        tansu.bootstrap, topic_prefix, tmp_path, f"{at}/webhook", route="kinds = ['flood']", groups=channels + route
    )
    notifier.environ |= environ
    notifier.start()
    try:
        eventually(notifier.ready, "the notifier is ready", state=lambda: tail(notifier.log))
        now = now_ms()
        notifier.hear([alert("a", now)])
        chats = {kind: vendors.bodies[kind] for kind in CHATS}
        eventually(
            lambda: (
                all(told(bodies, over=False) for bodies in chats.values())
                and bool(vendors.bodies["alertmanager"])
                and bool(vendors.bodies["pagerduty"])
            ),
            "all are told",
            60,
            state=lambda: f"{vendors}\n{tail(notifier.log)}",
        )
        notifier.hear([alert("a", now, version=2, state="resolved", resolved_at=now_ms())])
        eventually(
            lambda: (
                all(told(bodies, over=True) for bodies in chats.values())
                and not open_at_last(vendors.bodies["alertmanager"])
                and len(vendors.bodies["pagerduty"]) > 1
            ),
            "all are told of the end",
            60,
            state=lambda: f"{vendors}\n{tail(notifier.log)}",
        )
        eventually(lambda: len(notifier.deliveries()) == 2 * len(ANSWERS), "each is on record")
    finally:
        notifier.end()
    assert {kind: (told(b, over=False), told(b, over=True)) for kind, b in chats.items()} == dict.fromkeys(
        CHATS, (1, 1)
    )
    assert [event["event_action"] for event in vendors.bodies["pagerduty"]] == ["trigger", "resolve"]
    assert all(vendors.failed.values()), "each has failed at least once"
    log = notifier.log.read_text("utf-8")
    assert not any(secret in log for secret in ("SECret", "k" * 32, "access_token"))
