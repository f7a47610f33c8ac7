"""Clients that mean no good, as a process of their own: ``python -m tests.support.slow_clients PORT COUNT``.

A quarter each dribbles a head, dribbles a body, stops in the middle of a head, and says nothing at all. Prints, as JSON, how
many seconds each was borne with.
"""

import asyncio
import contextlib
import itertools
import json
import sys
import time

HEAD = b"POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
KINDS = {
    "head": (HEAD, b"X-A: b\r\n"),
    "body": (HEAD + b"Content-Length: 5000\r\n\r\n", b"x"),
    "stops": (b"POST /v1/events HTT", b""),
    "idle": (b"", b""),
}
DRIP_SECONDS = 1.0


async def bother(port: int, kind: str, late: float) -> tuple[str, float]:
    """Connect, and return how long it took the other side to close."""
    await asyncio.sleep(late)
    first, drip = KINDS[kind]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    writer.write(first)

    async def drips() -> None:
        while drip:
            await asyncio.sleep(DRIP_SECONDS)
            writer.write(drip)

    dripping = asyncio.create_task(drips())
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(60):
            await reader.read()
    taken = time.monotonic() - began
    dripping.cancel()
    writer.close()
    return kind, taken


async def main(port: int, count: int) -> None:
    kinds = list(itertools.islice(itertools.cycle(KINDS), count))
    print("ready", flush=True)
    found = await asyncio.gather(*(bother(port, kind, n / count) for n, kind in enumerate(kinds)))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
