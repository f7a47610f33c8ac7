"""Asking a service over HTTP whether it is ready; as a program, the health check of a container.

``python -m huoqun.local.probe [URL]`` ends with 0 when URL (default: the variable ``HEALTH_URL``) answers 200, else with 1.
"""

from __future__ import annotations

import http.client
import os
import sys
from urllib.parse import urlsplit


def unready(url: str, seconds: float = 2.0) -> str | None:
    """Return ``None`` when ``url`` answers 200, else why not, in a few words."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        body = answer.read(500).decode("utf-8", "replace").strip()
    except (OSError, http.client.HTTPException) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    finally:
        connection.close()
    return None if answer.status == http.client.OK else f"{answer.status} {body}".strip()


if __name__ == "__main__":
    sys.exit(unready(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("HEALTH_URL", "")))
