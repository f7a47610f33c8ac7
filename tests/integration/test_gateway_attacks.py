"""Bombs and giants against the gateway as it is run: they are refused, and its memory stays flat.

That others don't feel slow clients and floods is measured in ``tests/timing``.
"""

import gzip
import http.client
import json
import os
import signal
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_gateway_process import Stack, event
from tests.support.brokers import RunningBroker
from tests.support.running import MIB, memory_bytes

pytestmark = pytest.mark.tansu


@pytest.fixture
def stack(tansu: RunningBroker, topic_prefix: str, tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tansu.bootstrap, topic_prefix, tmp_path)
    stack.start()
    yield stack
    if stack.process is not None:
        stack.end(signal.SIGKILL)


def healthy(port: int, seconds: float) -> list[float]:
    """Send events over one connection, some hundred a second; return how long each took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken = []
    ending = time.monotonic() + seconds
    number = 0
    while time.monotonic() < ending:
        number += 1
        document = json.dumps(event(number))
        began = time.perf_counter()
        connection.request("POST", "/v1/events", document, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        taken.append(time.perf_counter() - began)
        assert answer.status == 202
        time.sleep(0.005)
    connection.close()
    return sorted(taken)


def p99(taken: list[float]) -> float:
    return taken[len(taken) * 99 // 100]


def answer_to(port: int, head: bytes, *parts: bytes) -> bytes:
    """Send a request in parts until it is refused; return the status line."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        try:
            connection.sendall(head)
            for part in parts:
                connection.sendall(part)
        except ConnectionError:
            pass  # refused before it was through
        try:
            return connection.recv(4096).partition(b"\r\n")[0]
        except ConnectionError:
            return b""


def request(body: bytes, *, coding: str = "", kind: str = "application/json") -> tuple[bytes, bytes]:
    head = f"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}{f'Content-Encoding: {coding}' + chr(13) + chr(10) if coding else ''}\r\n".encode(), body


def bombs() -> dict[str, tuple[bytes, bytes, int]]:
    """Return what to send, and the status that it gets."""
    million = b"1" * 1_000_000
    keys = b"{" + b",".join(b'"%x":0' % n for n in range(90_000)) + b"}"
    giant = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = b"".join([*(giant.compress(bytes(MIB)) for _ in range(1024)), giant.flush()])
    members = gzip.compress(b" " * 1000) * 10_000
    return {
        "nested arrays": (*request(b"[" * 500_000), 400),
        "nested objects": (*request(b'{"a":' * 100_000), 400),
        "a nested field": (*request(json.dumps(event(1))[:-1].encode() + b',"x":' + b"[" * 100_000), 400),
        "a number of a million digits": (*request(json.dumps(event(1))[:-1].encode() + b',"x":' + million + b"}"), 400),
        "a fraction of a million digits": (*request(b'{"ts":0.' + million + b"}"), 400),
        "ninety thousand keys": (*request(keys), 400),
        "as many empty events": (*request(b"[" + b"{}," * 9_000 + b"{}]"), 400),
        "a gigabyte of zeros": (*request(zeros, coding="gzip"), 413),
        "zeros, deflated": (*request(zlib.compress(bytes(64 * MIB)), coding="deflate"), 413),
        "ten thousand members": (*request(members[: MIB - 1], coding="gzip"), 413),
        "half a gzip": (*request(gzip.compress(os.urandom(100_000))[:50_000], coding="gzip"), 400),
        "lone surrogates": (*request(b'{"id":"\\ud800"}'), 400),
    }


def test_bombs_are_refused_at_once_and_the_memory_stays_flat(stack: Stack) -> None:
    assert stack.process is not None
    pid = stack.process.pid
    healthy(stack.port, 1)
    made = bombs()
    before = memory_bytes(pid)
    slowest = {}
    for name, (head, body, status) in made.items():
        began = time.monotonic()
        for _ in range(5):
            said = answer_to(stack.port, head, body)
            assert said.startswith(b"HTTP/1.1 %d " % status), (name, said)
        slowest[name] = (time.monotonic() - began) / 5
    grown, peak = memory_bytes(pid) - before, memory_bytes(pid, "VmHWM") - before
    print({name: f"{seconds * 1000:.0f} ms" for name, seconds in slowest.items()})
    print(f"grown by {grown / MIB:.1f} MiB, at most by {peak / MIB:.1f} MiB")
    assert max(slowest.values()) < 2
    assert peak < 32 * MIB
    assert healthy(stack.port, 0.5)


@pytest.mark.parametrize("chunked", [False, True])
def test_two_hundred_bodies_of_five_megabytes_at_once_are_refused_and_the_memory_stays_flat(
    stack: Stack, chunked: bool
) -> None:
    assert stack.process is not None
    pid = stack.process.pid
    healthy(stack.port, 1)
    before = memory_bytes(pid)
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (5 * MIB)
    head = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + length + b"\r\n\r\n"
    part = b"x" * (MIB // 4)
    part = b"%x\r\n" % len(part) + part + b"\r\n" if chunked else part
    said: list[bytes] = []
    clients = [
        threading.Thread(target=lambda: said.append(answer_to(stack.port, head, *[part] * 20))) for _ in range(200)
    ]
    for client in clients:
        client.start()
    among = healthy(stack.port, 2)
    for client in clients:
        client.join()
    grown, peak = memory_bytes(pid) - before, memory_bytes(pid, "VmHWM") - before
    statuses = {status: said.count(status) for status in set(said)}
    print(
        f"{statuses}; grown by {grown / MIB:.1f} MiB, at most by {peak / MIB:.1f} MiB; p99 of others {p99(among):.3f} s"
    )
    # Whose body is cut off while he still sends it may see his connection reset before he reads why.
    assert set(said) <= {b"", b"HTTP/1.1 413 Request Entity Too Large", b"HTTP/1.1 503 Service Unavailable"}
    assert peak < 64 * MIB  # the bodies that may be held at one time are 32 MiB
    assert grown < 48 * MIB
