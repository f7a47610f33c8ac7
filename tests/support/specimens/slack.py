"""Slack as its documentation has it: https://docs.slack.dev/authentication/verifying-requests-from-slack, /reference/events."""

import hashlib
import hmac
import json
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


def sign(payload: Any, now_s: int) -> Signed:
    body = json.dumps(payload, ensure_ascii=False).encode()
    digest = hmac.new(SECRET.encode(), f"v0:{now_s}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": str(now_s),
        "X-Slack-Signature": f"v0={digest}",
    }
    return Signed(body, headers)


def outer(**event: Any) -> dict[str, Any]:
    """Return an event in what wraps it (https://docs.slack.dev/apis/events-api/#callback-field)."""
    return {
        "token": "XXYYZZ",
        "team_id": "T0001",
        "api_app_id": "A0001",
        "event": event,
        "type": "event_callback",
        "authorizations": [{"team_id": "T0001", "user_id": "U0BOT", "is_bot": True, "is_enterprise_install": False}],
        "event_id": "Ev0001",
        "event_time": AT,
        "event_context": "4-abc",
    }


def message(text: str = "how do I get a refund?", **fields: Any) -> dict[str, Any]:
    """Return a message (https://docs.slack.dev/reference/events/message)."""
    return outer(
        **{
            "type": "message",
            "channel": "C0001",
            "user": "U0002",
            "text": text,
            "ts": f"{AT}.000100",
            "event_ts": f"{AT}.000100",
            "channel_type": "channel",
            "team": "T0001",
            **fields,
        }
    )


def membership(kind: str, **fields: Any) -> dict[str, Any]:
    """Return a join or a leave (https://docs.slack.dev/reference/events/member_joined_channel, …/member_left_channel)."""
    return outer(
        **{
            "type": kind,
            "user": "U0002",
            "channel": "C0001",
            "channel_type": "C",
            "team": "T0001",
            "event_ts": f"{AT}.000200",
            **fields,
        }
    )


EDITED = {
    "type": "message",
    "user": "U0002",
    "text": "how do I get a *refund*?",
    "ts": f"{AT - 30}.000100",
    "edited": {"user": "U0002", "ts": f"{AT}.000000"},
}

PAYLOADS: dict[str, Any] = {
    "message": message(),
    "reply": message(
        "<@U0002> here: <https://example.com/refunds|the form> &amp; <#C0009|help>",
        user="U0003",
        ts=f"{AT + 5}.000100",
        event_ts=f"{AT + 5}.000100",
        thread_ts=f"{AT}.000100",
        parent_user_id="U0002",
    ),
    "join": membership("member_joined_channel", inviter="U0003"),
    "leave": membership("member_left_channel"),
    "edit": message(
        subtype="message_changed",
        hidden=True,
        message=EDITED,
        previous_message={k: v for k, v in EDITED.items() if k != "edited"},
    ),
    "delete": message(
        subtype="message_deleted",
        hidden=True,
        deleted_ts=f"{AT - 30}.000100",
        previous_message=EDITED,
    ),
    "reaction": outer(
        type="reaction_added",
        user="U0003",
        reaction="thumbsup",
        item_user="U0002",
        item={"type": "message", "channel": "C0001", "ts": f"{AT}.000100"},
        event_ts=f"{AT + 9}.000200",
    ),
    "rename": message("has renamed", subtype="channel_name", name="help-desk", old_name="help"),
}

SPECIMEN = Specimen(
    kind="slack",
    secret=SECRET,
    sign=sign,
    guarded=("X-Slack-Signature", "X-Slack-Request-Timestamp"),
    payloads=PAYLOADS,
)
