"""What a service reports to Prometheus, asked of the service itself."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families


def samples(url: str, name: str, seconds: float = 2.0) -> list[tuple[dict[str, str], float]]:
    """Return (labels, value) of every sample called ``name`` at ``url``; none when it does not answer as it should."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        if answer.status != http.client.OK:
            return []
        families = list(text_string_to_metric_families(text))
    except (OSError, http.client.HTTPException, ValueError):
        return []
    finally:
        connection.close()
    return [(s.labels, s.value) for family in families for s in family.samples if s.name == name]
