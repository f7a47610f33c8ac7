"""Replay: files in, batches in order out, patient with a gateway that comes and goes."""

import gzip
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from huoqun.cli import main
from producers import verify
from producers.replay import Client, Line, ReplayError, Totals, batches, paced, read_lines
from tests.support.door import Door
from tests.support.gateway_kit import NOW, SECRET, event


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.server.shutdown()
    door.server.server_close()


def write(path: Path, count: int = 100, **fields: Any) -> Path:
    path.write_text("".join(json.dumps(event(n, **fields)) + "\n" for n in range(count)))
    return path


def lines(*data: bytes) -> list[Line]:
    return [Line(each, "f", number) for number, each in enumerate(data, 1)]


@given(st.lists(st.binary(min_size=1, max_size=40)), st.integers(1, 7), st.integers(1, 100))
def test_batches_keep_order_and_bounds(data: list[bytes], max_events: int, max_bytes: int) -> None:
    cut = list(batches(lines(*data), max_events=max_events, max_bytes=max_bytes))
    assert [line.data for batch in cut for line in batch] == data
    for batch in cut:
        assert 1 <= len(batch) <= max_events
        assert len(batch) == 1 or sum(len(line.data) + 1 for line in batch) <= max_bytes


@given(st.lists(st.integers(0, 100_000)), st.sampled_from([0.5, 1.0, 60.0]))
def test_pacing_keeps_order_and_never_sends_an_event_early(offsets: list[int], speed: float) -> None:
    clock = [50.0]
    times = sorted(offsets)

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    data = [json.dumps({"ts": NOW + t}).encode() for t in times]
    seen: list[bytes] = []
    for batch in paced(lines(*data), speed, now=lambda: clock[0], sleep=sleep):
        for line in batch:
            due = (json.loads(line.data)["ts"] - NOW - times[0]) / 1000 / speed
            assert clock[0] - 50.0 >= due - 0.21
            seen.append(line.data)
    assert seen == data


def test_lines_of_plain_and_gzip_files_are_the_same_and_blank_ones_keep_their_number(tmp_path: Path) -> None:
    text = b'{"id":1}\r\n\n  \n{"id":2}'
    (tmp_path / "plain").write_bytes(text)
    (tmp_path / "packed.txt").write_bytes(gzip.compress(text))
    for name in ("plain", "packed.txt"):
        path = tmp_path / name
        read: list[int] = []
        found = list(read_lines(path, read.append))
        assert [(line.data, line.number) for line in found] == [(b'{"id":1}', 1), (b'{"id":2}', 4)]
        assert sum(read) == path.stat().st_size


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"x" * 100_000)[:-20])
    with pytest.raises(ReplayError, match=r"cut\.gz: damaged gzip"):
        list(read_lines(path, lambda _count: None))


def replay(door: Door, files: list[Path], *options: str, env: dict[str, str] | None = None) -> Any:
    return CliRunner().invoke(main, ["replay", *map(str, files), "--url", door.url, "--quiet", *options], env=env)


def test_a_file_arrives_whole_and_in_order(door: Door, tmp_path: Path) -> None:
    result = replay(door, [write(tmp_path / "a", 1234), write(tmp_path / "b", 3)])
    assert result.exit_code == 0, result.output
    assert door.ids == [f"m{n}" for n in range(1234)] + ["m0", "m1", "m2"]
    assert "1,237 events accepted" in result.output
    assert len(door.requests) == 3


def test_a_gateway_that_stumbles_is_asked_again_and_order_is_kept(door: Door, tmp_path: Path) -> None:
    door.answers = [None, (503, {"detail": "d"}, {"Retry-After": "0"}), (202, {}, {}), (429, {}, {}), None]
    result = replay(door, [write(tmp_path / "a", 1100)])
    assert result.exit_code == 0, result.output
    assert door.ids == [f"m{n}" for n in range(1100)]
    assert "4 times a batch had to be sent again" in result.output


def test_a_gateway_that_is_not_there_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    result = CliRunner().invoke(
        main, ["replay", str(write(tmp_path / "a", 3)), "--url", url, "--give-up", "0.5", "--quiet"]
    )
    assert result.exit_code == 1
    assert "no progress for 0.5 s" in result.output
    assert "huoqun up" in result.output


def test_refused_lines_are_listed_with_file_and_line_and_the_status_is_1(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "some.ndjson"
    path.write_text("\n".join(json.dumps(event(n, text="bad" if n % 2 else "ok")) for n in range(60)))
    result = replay(door, [path])
    assert result.exit_code == 1
    assert f"{path}:2: ts: bad" in result.output
    assert result.output.count("ts: bad") == 20
    assert "... and 10 more" in result.output
    assert "30 events accepted" in result.output


def test_a_batch_of_nothing_but_bad_lines_does_not_end_the_replay(door: Door, tmp_path: Path) -> None:
    result = replay(door, [write(tmp_path / "bad", 3, text="bad"), write(tmp_path / "good", 2)])
    assert result.exit_code == 1
    assert "2 events accepted" in result.output
    assert "3 refused" in result.output


def test_a_batch_beyond_the_limit_is_split_in_order_and_a_line_beyond_it_is_refused(door: Door, tmp_path: Path) -> None:
    door.limit = 2000
    path = write(tmp_path / "a", 100)
    with path.open("a") as file:
        file.write(json.dumps(event(100, text="x" * 5000)) + "\n" + json.dumps(event(101)) + "\n")
    result = replay(door, [path])
    assert result.exit_code == 1
    assert door.ids == [f"m{n}" for n in range(100)] + ["m101"]
    assert f"{path}:101: the line is too large" in result.output


def test_a_refusal_that_repeating_cannot_mend_ends_it_at_once(door: Door, tmp_path: Path) -> None:
    door.answers = [(401, {"detail": "sign it"}, {})]
    result = replay(door, [write(tmp_path / "a", 3)])
    assert result.exit_code == 1
    assert "status 401: sign it" in result.output


def test_requests_are_signed_and_labelled(door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "huoqun.toml").write_text('[[sources]]\nname = "relay"\nkind = "canonical"\nsecret_env = "RELAY_KEY"\n')
    result = replay(door, [write(tmp_path / "a", 3)], "--source", "archive", env={"RELAY_KEY": SECRET})
    assert result.exit_code == 0, result.output
    (request,) = door.requests
    headers = {name.lower(): value for name, value in request["headers"].items()}
    assert headers["x-huoqun-source"] == "archive"
    keys = verify.standard_keys(SECRET)
    assert isinstance(keys, list)
    assert (
        verify.standard_webhooks(
            ids=[headers["webhook-id"]],
            timestamps=[headers["webhook-timestamp"]],
            signatures=[headers["webhook-signature"]],
            body=request["data"],
            keys=keys,
            now_s=int(time.time()),  # the command reads the clock
        )
        is None
    )


def test_speed_paces_by_event_time(door: Door, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("\n".join(json.dumps(event(n, ts=NOW + n * 30_000)) for n in range(3)))
    result = replay(door, [path], "--speed", "60")
    assert result.exit_code == 0, result.output
    first, second, third = (request["at"] for request in door.requests)
    assert 0.4 < second - first < 5
    assert 0.25 < third - second < 5


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_a_wrong_speed_is_wrong_use(speed: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["replay", str(write(tmp_path / "a", 1)), f"--speed={speed}"])
    assert result.exit_code == 2
    assert "max, or a number above 0" in result.output


def test_a_missing_file_is_wrong_use() -> None:
    assert CliRunner().invoke(main, ["replay", "/nowhere/at/all"]).exit_code == 2


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://x", "http://", "http://x:99999"])
def test_a_wrong_address_is_named(url: str) -> None:
    with pytest.raises(ReplayError, match="an address looks like"):
        Client(url, source=None, key=None, give_up_seconds=1)


def test_totals_keep_the_first_refused_lines_only() -> None:
    totals = Totals()
    for number in range(1000):
        totals.refuse(Line(b"x", "f", number), "w", "y")
    assert (totals.refused, len(totals.shown), totals.shown[-1].number) == (1000, 20, 19)
