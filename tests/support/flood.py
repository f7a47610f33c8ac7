"""A source that sends too much, as a process of its own: ``python -m tests.support.flood PORT PATH RATE SECONDS``.

Prints, as JSON, how often each status was answered.
"""

import asyncio
import json
import sys
import time
from collections import Counter

CONNECTIONS = 20


async def send(port: int, path: str, rate: float, seconds: float, number: int, found: Counter[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(number / rate)  # one after the other
    began = time.monotonic()
    sent = 0
    while time.monotonic() < began + seconds:
        note = {
            "post_type": "message",
            "message_type": "group",
            "time": int(time.time()),
            "group_id": 1,
            "user_id": 2,
            "message_id": number * 1_000_000 + sent,
            "message": "x",
        }
        body = json.dumps(note).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        found[answer.split(b" ")[1].decode()] += 1
        length = next(
            (int(line[15:]) for line in answer.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        await reader.readexactly(length)
        sent += 1
        await asyncio.sleep(max(0.0, began + sent * CONNECTIONS / rate - time.monotonic()))
    writer.close()


async def main(port: int, path: str, rate: float, seconds: float) -> None:
    found: Counter[str] = Counter()
    print("ready", flush=True)
    await asyncio.gather(*(send(port, path, rate, seconds, number, found) for number in range(CONNECTIONS)))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
