"""The small HTTP server that every service without one of its own runs: ``/metrics``, ``/healthz``, ``/readyz``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest


def serve(host: str, port: int, ready: Callable[[], str | None]) -> ThreadingHTTPServer:
    """Serve in a daemon thread; ``ready`` returns ``None`` when the service can do its work, else why not.

    Port 0 takes any free one: read it from ``server_address``. Raises :class:`OSError` when the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, generate_latest(REGISTRY), CONTENT_TYPE_LATEST)
            elif self.path == "/healthz":
                self._answer(200, b"ok\n")
            elif self.path == "/readyz":
                why = ready()
                self._answer(200 if why is None else 503, f"{why or 'ready'}\n".encode())
            else:
                self._answer(404, b"/metrics, /healthz or /readyz\n")

        def _answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            """Probes come every few seconds: not worth a line each."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def address(server: ThreadingHTTPServer) -> str:
    """Return where a server answers, as a URL."""
    host, port = server.server_address[:2]
    return f"http://{host!s}:{port}"
