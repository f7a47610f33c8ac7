"""What ``huoqun status`` makes of what the broker and a worker tell."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from huoqun.broker import PartitionLag
from huoqun.cli.status import GroupLag, by_topic
from huoqun.local.samples import samples


def partition(number: int, committed: int | None, end: int, topic: str = "events") -> PartitionLag:
    return PartitionLag(topic, number, committed, end)


def test_a_worker_that_saves_late_has_a_large_saved_lag_and_a_small_applied_one() -> None:
    found = [partition(0, 10, 1000), partition(1, None, 500)]
    assert by_topic("w", ["events"], {0: 998, 1: 499}, found) == [GroupLag("w", "events", 1, 1490)]


def test_what_is_applied_is_unknown_if_a_partition_with_work_is_held_by_another_worker() -> None:
    found = [partition(0, 10, 1000), partition(1, 7, 500)]
    assert by_topic("w", ["events"], {0: 998}, found) == [GroupLag("w", "events", None, 1483)]
    assert by_topic("w", ["events"], {}, found) == [GroupLag("w", "events", None, 1483)]


def test_where_all_is_saved_all_is_applied_whoever_holds_it() -> None:
    found = [partition(0, 10, 1000), partition(1, 500, 500)]
    assert by_topic("w", ["events"], {0: 998}, found) == [GroupLag("w", "events", 1, 990)]


def test_a_worker_that_has_just_started_has_what_is_not_saved_before_it() -> None:
    assert by_topic("w", ["events"], {0: -1}, [partition(0, 900, 1000)]) == [GroupLag("w", "events", 100, 100)]


def test_more_may_be_applied_than_there_was_when_the_ends_were_asked() -> None:
    assert by_topic("w", ["events"], {0: 1005}, [partition(0, 900, 1000)]) == [GroupLag("w", "events", 0, 100)]


def test_a_sink_saves_what_it_applies_and_each_topic_is_told() -> None:
    found = [partition(0, 5, 9), partition(0, 1, 1, "alerts"), partition(1, 0, 2)]
    assert by_topic("s", ["events", "alerts", "gone"], None, found) == [
        GroupLag("s", "events", 6, 6), GroupLag("s", "alerts", 0, 0), GroupLag("s", "gone", 0, 0),
    ]  # fmt: skip


ANSWERS = {
    "/metrics": (200, b'# TYPE a gauge\na{partition="3"} 7.0\na{partition="4"} -1.0\na_b 2.0\n'),
    "/broken": (200, b"a{partition= nothing\n"),
    "/stopping": (503, b'a{partition="3"} 7.0\n'),
}


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Not on the tests' output."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_samples_are_read_from_a_service_by_name(url: str) -> None:
    assert samples(f"{url}/metrics", "a") == [({"partition": "3"}, 7.0), ({"partition": "4"}, -1.0)]


@pytest.mark.parametrize("path", ["/broken", "/stopping"])
def test_a_service_that_tells_nothing_of_use_has_no_samples(url: str, path: str) -> None:
    assert samples(url + path, "a") == []


def test_where_nobody_answers_there_are_no_samples() -> None:
    assert samples("http://127.0.0.1:1/metrics", "a") == []
