"""What posts events meets this in tests: a door that answers as it is told."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Door:
    """Stands in for the gateway: takes NDJSON, answers what ``answers`` says, then 202."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.requests: list[dict[str, Any]] = []
        self.answers: list[tuple[int, dict[str, Any], dict[str, str]] | None] = []
        self.limit = 10**9
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                door.requests.append({"headers": dict(self.headers), "data": data, "at": time.monotonic()})
                answer = door.answers.pop(0) if door.answers else (202, {}, {})
                if answer is None:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                status, document, headers = answer
                lines = data.split(b"\n")
                if len(data) > door.limit:
                    status, document = 413, {"detail": "too large"}
                elif status == 202:
                    refused = [
                        {"index": i, "where": "ts", "why": "bad"} for i, line in enumerate(lines) if b'"bad"' in line
                    ]
                    door.ids += [json.loads(line)["id"] for line in lines if b'"bad"' not in line]
                    document = {"accepted": len(lines) - len(refused), "refused": refused}
                    if len(refused) == len(lines):
                        status = 400
                payload = json.dumps(document).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
