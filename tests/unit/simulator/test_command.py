"""``huoqun simulate`` writes what it was asked for, and says what is wrong."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from huoqun.cli import main
from producers.simulator import sample_community


def run(*arguments: str):
    return CliRunner().invoke(main, ["simulate", *arguments], catch_exceptions=False)


def test_the_same_seed_and_end_write_the_same_file(tmp_path: Path) -> None:
    same = ["--days", "1", "--groups", "2", "--end", "2026-11-21T20:00:00+08:00"]
    for name in ("a", "b"):
        assert run(*same, "--out", str(tmp_path / name)).exit_code == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    events = [json.loads(line) for line in (tmp_path / "a").read_text("utf-8").splitlines()]
    assert {e["extra"]["simulated"] for e in events} == {True}
    assert max(e["ts"] for e in events) <= 1_795_262_400_000


def test_the_sample_goes_to_standard_output_without_being_asked_for_a_file() -> None:
    result = run("--sample", "--end", "1795262400000")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 800
    assert "simulated events written" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--send", "--out", "x"], "--send and --out exclude each other"),
        (["--url", "http://127.0.0.1:1"], "--url is for --send"),
        (["--end", "yesterday"], "RFC 3339"),
        (["--groups", "0"], "--groups"),
    ],
)
def test_wrong_use_is_status_2_and_names_the_option(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_a_file_that_cannot_be_written_is_status_1_with_its_name(tmp_path: Path) -> None:
    result = run("--days", "0.1", "--out", str(tmp_path / "no" / "file"))
    assert result.exit_code == 1
    assert "No such file" in result.output


def test_sending_posts_every_event_to_the_gateways_door() -> None:
    got: list[str] = []

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.extend(json.loads(line)["id"] for line in body.splitlines())
            assert self.path == "/v1/events"
            self.send_response(202)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        result = run("--sample", "--send", "--end", "1795262400000", "--url", f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
    assert result.exit_code == 0, result.output
    assert got == [e["id"] for e in sample_community(1_795_262_400_000)]
    assert f"{len(got):,} simulated events sent" in result.stderr
