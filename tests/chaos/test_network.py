"""The line does what is said of it: a fault that does not happen proves nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.network import Line


@pytest.fixture
def heard() -> list[bytes]:
    """What the server was sent."""
    return []


@pytest.fixture
def line(heard: list[bytes]) -> Iterator[Line]:
    """A line to a server that says everything back."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        try:
            while chunk := connection.recv(65536):
                heard.append(chunk)
                connection.sendall(chunk)
        except OSError:
            pass

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with Line(listener.getsockname()[1]) as running:
        yield running
    listener.close()


def connect(line: Line) -> socket.socket:
    return socket.create_connection(("127.0.0.1", line.port), timeout=2)


def asked(line: Line, *said: bytes) -> list[bytes]:
    """What comes back of each, on a connection of its own."""
    answers = []
    with connect(line) as client:
        for each in said:
            client.sendall(each)
            answers.append(client.recv(10))
            if not answers[-1]:
                raise ConnectionError("closed")
    return answers


def test_it_passes_bytes_both_ways(line: Line) -> None:
    with connect(line) as client:
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"


def test_it_takes_its_time(line: Line) -> None:
    line.latency = 0.15
    with connect(line) as client:
        began = time.monotonic()
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"
        assert time.monotonic() - began >= 0.3


def test_it_refuses_and_resets_what_stands(line: Line) -> None:
    with connect(line) as client:
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"
        line.refuse()
        with pytest.raises(ConnectionResetError):
            client.recv(10)
    with pytest.raises(ConnectionError):
        asked(line, b"hello")
    line.heal()
    test_it_passes_bytes_both_ways(line)


def test_a_black_hole_lets_nothing_through_until_it_is_healed(line: Line) -> None:
    line.holding = True
    with connect(line) as client:
        client.sendall(b"hello")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(10)
        line.heal()
        client.settimeout(2)
        assert client.recv(10) == b"hello"


def test_it_tears_a_request_after_so_many_bytes(line: Line, heard: list[bytes]) -> None:
    line.cut(3)
    with pytest.raises(ConnectionError):
        asked(line, b"hello")
    time.sleep(0.1)
    assert b"".join(heard) in (b"", b"hel"), "a reset may overtake what was sent"
    assert line.cuts == 1


def test_it_cuts_every_other_reply_and_the_server_has_heard_all(line: Line, heard: list[bytes]) -> None:
    line.cut_replies_to = b"INSERT"
    with pytest.raises(ConnectionError):
        asked(line, b"INSERT", b"rows")
    assert heard == [b"INSERT", b"rows"]
    assert asked(line, b"INSERT", b"rows") == [b"INSERT", b"rows"]


def test_it_closes_one_half(line: Line) -> None:
    line.half_closing = True
    with connect(line) as client:
        client.sendall(b"hello")
        assert client.recv(10) == b"hello"
        assert client.recv(10) == b""
        client.sendall(b"still")
