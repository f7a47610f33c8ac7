"""What the desk tells Prometheus of itself."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Histogram

REQUESTS: Final = Counter("huoqun_desk_requests_total", "Requests answered.", ["route", "status"])
REQUEST_SECONDS: Final = Histogram(
    "huoqun_desk_request_seconds",
    "From a request to its answer; those that wait for news left out.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
ACTIONS: Final = Counter("huoqun_desk_actions_total", "What operators did, acknowledged by the broker.", ["action"])
SIGN_INS: Final = Counter(
    "huoqun_desk_sign_ins_total", "Who came with a token: known, unknown, or too often wrong to be heard.", ["outcome"]
)
