"""Zulip as its documentation has it: https://zulip.com/api/outgoing-webhook-payload."""

import json
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "nK7fGqWm3xTz9bRvD2sLhYc5pJ8aQe4u"


def sign(payload: Any, _now_s: int) -> Signed:
    return Signed(json.dumps(payload | {"token": SECRET}).encode(), {"Content-Type": "application/json"})


def told(**fields: Any) -> dict[str, Any]:
    """Return what the bot is told of a message; ``fields`` are the message's."""
    content = "@**huoqun** does @**Ada L|8** or @*helpers* know when the @_**Market** opens?"
    message = {
        "avatar_url": None,
        "client": "website",
        "content": content,
        "display_recipient": "general",
        "id": 112,
        "is_me_message": False,
        "reactions": [],
        "recipient_id": 20,
        "rendered_content": '<p><span class="user-mention" data-user-id="25">@huoqun</span> does '
        '<span class="user-mention" data-user-id="8">@Ada L</span> know when the '
        '<span class="user-mention silent" data-user-id="9">Market</span> opens?</p>',
        "sender_email": "user7@garden.example",
        "sender_full_name": "Mei",
        "sender_id": 7,
        "sender_realm_str": "garden",
        "stream_id": 5,
        "subject": "opening hours",
        "submessages": [],
        "timestamp": AT,
        "topic_links": [],
        "type": "stream",
        **fields,
    }
    return {
        "bot_email": "huoqun-bot@garden.example",
        "bot_full_name": "huoqun",
        "data": message["content"],
        "message": message,
        "token": SECRET,
        "trigger": "mention",
    }


SPECIMEN = Specimen(
    kind="zulip",
    secret=SECRET,
    account="huoqun-bot@garden.example",
    sign=sign,
    binds_body=False,
    guarded_text=SECRET,
    payloads={"message": told()},
)
