"""CloudEvents with a bearer token: https://github.com/cloudevents/spec (http-webhook.md 3, http-protocol-binding.md)."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "mF_9.B5f-4.1JqM"


def sign(payload: Any, _now_s: int) -> Signed:
    kind = "application/cloudevents-batch+json" if isinstance(payload, list) else "application/cloudevents+json"
    return Signed(
        json.dumps(payload, ensure_ascii=False).encode(),
        {"Content-Type": f"{kind}; charset=UTF-8", "Authorization": f"Bearer {SECRET}"},
    )


def envelope(number: int, kind: str, **data: Any) -> dict[str, Any]:
    """Return a canonical event as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": f"ce-{number}",
        "source": "urn:example:forum",
        "type": f"org.example.chat.{kind}",
        "time": datetime.fromtimestamp(AT + number, UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": {"platform": "forum", "group_id": "garden", "user_id": "alice", **data},
    }


SPECIMEN = Specimen(
    kind="cloudevents",
    secret=SECRET,
    sign=sign,
    binds_body=False,
    guarded=("Authorization",),
    payloads={
        "message": envelope(1, "message", text="How do I prune tomatoes?"),
        "batch": [envelope(2, "join", user_id="bob", inviter_id="alice"), envelope(3, "reaction", reply_to="ce-1")],
    },
)
