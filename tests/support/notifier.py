"""``huoqun notify`` as a child process, and a receiver that may fail, be slow, or never answer."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

from huoqun import broker, codec, config, records, topics
from huoqun.results import Alert, Delivery, Result
from tests.support.brokers import free_port
from tests.support.service_process import ServiceProcess


class Receiver:
    """Takes notices over HTTP. What it answers 2xx it has; everything else it has not."""

    def __init__(self, *, fails: float = 0.0, hangs: float = 0.0, slow: float = 0.0, seed: int = 1) -> None:
        """Shares of requests that are refused with 500, never answered in time, or answered after a second."""
        self.taken: list[dict[str, Any]] = []
        self.tries = 0
        self.before_answer: Callable[[dict[str, Any]], None] = lambda _notice: None
        self._shares = fails, hangs, slow
        self._chance, self._lock = random.Random(seed), threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver._answer(self, body["data"])

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def _answer(self, handler: BaseHTTPRequestHandler, notice: dict[str, Any]) -> None:
        fails, hangs, slow = self._shares
        with self._lock:
            self.tries += 1
            chance = self._chance.random()
        if chance < fails:
            handler.send_error(500)
            return
        if chance < fails + hangs:
            time.sleep(12)  # longer than any channel waits
            return
        if chance < fails + hangs + slow:
            time.sleep(1)
        with self._lock:
            self.taken.append(notice)
        self.before_answer(notice)
        handler.send_response(204)
        handler.end_headers()

    def told(self, step: str) -> Counter[str]:
        """How often each alert was told by a step."""
        with self._lock:
            return Counter(
                item["alert_id"] for notice in self.taken if notice["step"] == step for item in notice["items"]
            )

    def steps(self) -> list[str]:
        with self._lock:
            return [notice["step"] for notice in self.taken]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Notifier(ServiceProcess):
    """A notifier with one webhook channel; ``notify`` is TOML for its section, ``groups`` of groups."""

    name = "notify"
    environ: dict[str, str]

    @classmethod
    def prepared(
        cls,
        bootstrap: str,
        prefix: str,
        directory: Path,
        url: str,
        *,
        notify: str = "",
        route: str = "",
        groups: str = "",
    ) -> Notifier:
        file = directory / "huoqun.toml"
        # A server that is not there: names and weekly figures are missing, everything else works.
        store = f"[store]\nkind = 'clickhouse'\nport = {free_port()}\n"
        file.write_text(
            f"data_dir = '{directory}/data'\n[kafka]\nbootstrap = '{bootstrap}'\ntopic_prefix = '{prefix}'\npartitions = 2\n{store}"
            f"[notify]\nallow_private = '127.0.0.1'\nmetrics_port = {free_port()}\ngroup_wait_seconds = 0.5\n"
            f"group_interval_seconds = 1.0\n{notify}\n"
            "[[notify.channels]]\nname = 'hook'\nkind = 'webhook'\nurl_env = 'HUOQUN_HOOK_URL'\n"
            f"[[notify.routes]]\nname = 'all'\nchannels = ['hook']\n{route}\n{groups}\n"
        )
        environ = {"HUOQUN_HOOK_URL": url}
        found = config.load(file, environ)
        broker.provision(found)
        return cls(found, directory, environ)

    @property
    def file(self) -> Path:
        return self.directory / "huoqun.toml"

    def settings(self) -> dict[str, str]:
        return self.environ | {"HUOQUN_CONFIG": str(self.file)}

    @property
    def metrics_port(self) -> int:
        return self.config.notify.metrics_port

    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def hear(self, found: Iterable[Result], topic: str = topics.ALERTS) -> None:
        producer = KafkaProducer(bootstrap_servers=self.config.kafka.bootstrap, linger_ms=5)
        name = topics.full_name(self.config.kafka.topic_prefix, topic)
        for record in found:
            key = f"{record.platform}/{record.group_id}".encode()
            producer.send(name, key=key, value=codec.encode(record))
        producer.flush()
        producer.close()

    def deliveries(self) -> list[Delivery]:
        name = topics.full_name(self.config.kafka.topic_prefix, topics.DELIVERIES)
        found = [codec.decode_result(record.value or b"") for record in records.read(self.config.kafka, name)]
        return [record for record in found if isinstance(record, Delivery)]


def alert(name: str, at: int, *, group: str = "1", version: int = 1, **more: Any) -> Alert:
    return Alert(
        **(
            {
                "platform": "qq", "group_id": group, "alert_id": name, "kind": "unanswered", "severity": "warning",
                "raised_at": at, "updated_at": at, "state": "open", "title": f"提问没人回应 {name}", "version": version,
            } | more
        )
    )  # fmt: skip
