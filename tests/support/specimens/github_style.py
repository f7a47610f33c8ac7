"""Canonical events signed as GitHub signs: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries."""

import hashlib
import hmac
import json
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "It's a Secret to Everybody"


def sign(payload: Any, _now_s: int) -> Signed:
    body = json.dumps(payload, ensure_ascii=False).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return Signed(
        body,
        {
            "Content-Type": "application/json",
            "X-GitHub-Event": "chat",
            "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
            "X-Hub-Signature-256": f"sha256={digest}",
        },
    )


def event(number: int, **fields: Any) -> dict[str, Any]:
    """Return a canonical event."""
    return {
        "id": f"irc-{number}",
        "type": "message",
        "ts": (AT + number) * 1000,
        "platform": "irc",
        "group_id": "#garden",
        "user_id": "alice",
        **fields,
    }


SPECIMEN = Specimen(
    kind="github_style",
    secret=SECRET,
    sign=sign,
    guarded=("X-Hub-Signature-256",),
    payloads={
        "message": event(1, text="How do I prune tomatoes?"),
        "several": [event(2, type="join", user_id="bob"), event(3, type="leave", user_id="bob", reason="left")],
        "without an id": {k: v for k, v in event(4, text="hello").items() if k != "id"},
    },
)
