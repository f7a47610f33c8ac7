"""A line to a TCP server on loopback that goes wrong as lines do; its own small asyncio proxy.

What goes wrong is said by attributes, which may be changed at any time; they hold for connections that stand as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

_CHUNK = 64 * 1024
_RESET = struct.pack("ii", 1, 0)
_LOOK_SECONDS = 0.02


class Line:
    """Passes bytes from a port of its own to ``target``."""

    def __init__(self, target: int = 0) -> None:
        self.target = target
        self.latency = 0.0
        """Seconds that every chunk takes longer, each way."""
        self.holding = False
        """A black hole: connections stand and are taken, and nothing gets through."""
        self.refusing = False
        """Connections are reset, new ones at once."""
        self.cut_after: int | None = None
        """Connections are reset when so many bytes have gone to the server in all (less than a request: it is torn)."""
        self.half_closing = False
        """What the server says is followed by the end of the stream, while the client may go on sending."""
        self.cut_replies_to: bytes | None = None
        """A connection that sent this loses the reply, which the server has given, every other time that there is one."""
        self.cuts = 0
        """How many connections were ended here on purpose."""
        self._every_other = 0
        self._sent = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._run, name="line", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(5)

    def heal(self) -> None:
        """Nothing goes wrong any more."""
        self.latency, self.holding, self.refusing, self.half_closing = 0.0, False, False, False
        self.cut_after, self.cut_replies_to = None, None

    def drop(self) -> None:
        """Reset every connection that stands."""
        self._loop.call_soon_threadsafe(self._drop)

    def refuse(self) -> None:
        """Reset what stands and whatever comes."""
        self.refusing = True
        self.drop()

    def cut(self, after: int) -> None:
        """Reset connections after so many more bytes."""
        self._sent = 0
        self.cut_after = after

    def _drop(self) -> None:
        for writer in list(self._writers):
            self._reset(writer)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._take, sock=self._listener)
        await self._ended.wait()
        server.close()
        self._drop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            self._reset(writer)
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            self._reset(writer)
            return
        self._writers |= {writer, back}
        state = {"asked": False}
        try:
            await asyncio.gather(
                self._quietly(self._up(reader, back, writer, state)),
                self._quietly(self._down(there, writer, back, state)),
            )
        finally:
            self._writers -= {writer, back}
            for each in (writer, back):
                each.close()

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await work

    async def _up(
        self,
        reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
        state: dict[str, bool],
    ) -> None:
        while chunk := await reader.read(_CHUNK):
            await self._delay()
            if self.cut_after is not None and self._sent + len(chunk) > self.cut_after:
                server.write(chunk[: self.cut_after - self._sent])
                self.cut_after = None
                self._cut(server, client)
                return
            self._sent += len(chunk)
            if self.cut_replies_to is not None and self.cut_replies_to in chunk:
                state["asked"] = True
            elif state["asked"]:
                state["data"] = True  # the first reply to an insert is the table's head, before any data
            server.write(chunk)
            await server.drain()
        server.write_eof()

    async def _down(
        self,
        reader: asyncio.StreamReader,
        client: asyncio.StreamWriter,
        server: asyncio.StreamWriter,
        state: dict[str, bool],
    ) -> None:
        while chunk := await reader.read(_CHUNK):
            await self._delay()
            if self.cut_replies_to is not None and state.get("data"):
                state["asked"] = state["data"] = False
                self._every_other += 1
                if self._every_other % 2:
                    self._cut(server, client)
                    return
            client.write(chunk)
            await client.drain()
            if self.half_closing:
                self.cuts += 1
                client.write_eof()
                return
        client.write_eof()

    async def _delay(self) -> None:
        if self.latency:
            await asyncio.sleep(self.latency)
        while self.holding:  # noqa: ASYNC110  # set from another thread
            await asyncio.sleep(_LOOK_SECONDS)

    def _cut(self, *writers: asyncio.StreamWriter) -> None:
        self.cuts += 1
        for writer in writers:
            self._reset(writer)

    @staticmethod
    def _reset(writer: asyncio.StreamWriter) -> None:
        found = writer.get_extra_info("socket")
        with contextlib.suppress(OSError, AttributeError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        if writer.transport is not None:
            writer.transport.abort()
