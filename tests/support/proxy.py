"""A TCP proxy on loopback that fails in chosen ways."""

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

INSERTED = b"INSERT INTO"


class Proxy:
    """Passes bytes to a port. While ``cut_replies`` is above 0, a connection that has sent an insert loses its replies.

    The whole insert reaches the server, which stores it; the connection is then cut before any answer to the data comes
    back, and ``cut_replies`` counts down.

    ``swallow()`` makes it a black hole until ``release()``: connections stand and are taken, and no byte gets through.
    """

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self.cut_replies = 0
        self._passing = threading.Event()
        self._passing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for connection in list(self._open):
            connection.close()

    def swallow(self) -> None:
        self._passing.clear()

    def release(self) -> None:
        self._passing.set()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self._open |= {client, server}
            threading.Thread(target=self._serve, args=(client, server), daemon=True).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        state = {"inserting": False, "data": 0}
        up = threading.Thread(target=self._up, args=(client, server, state), daemon=True)
        up.start()
        with contextlib.suppress(OSError):
            while chunk := server.recv(65536):
                self._passing.wait()
                # The first answer to an insert is the table's header, which the client waits for before it sends data.
                if state["inserting"] and state["data"] and self.cut_replies > 0:
                    self.cut_replies -= 1
                    break
                client.sendall(chunk)
        for connection in (client, server):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _up(self, client: socket.socket, server: socket.socket, state: dict[str, int]) -> None:
        with contextlib.suppress(OSError):
            while chunk := client.recv(65536):
                self._passing.wait()
                if INSERTED in chunk and b"VALUES" in chunk:
                    state["inserting"], state["data"] = 1, 0
                elif state["inserting"]:
                    state["data"] += len(chunk)
                server.sendall(chunk)
