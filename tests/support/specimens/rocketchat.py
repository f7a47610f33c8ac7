"""Rocket.Chat as it sends: https://docs.rocket.chat/docs/integrations, and the fields that its own source names.

Those are in github.com/RocketChat/Rocket.Chat, apps/meteor/app/integrations/server/lib/triggerHandler.ts, mapEventArgsToData.
"""

import json
from datetime import UTC, datetime
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "7JqzEXSgS9fTQzBs4XnTvKKg"


def iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sign(payload: Any, _now_s: int) -> Signed:
    """Send it where the operator has been told to send such a thing."""
    joins = "room" in payload and "message_id" not in payload
    body = json.dumps(payload | {"token": SECRET}).encode()
    return Signed(body, {"Content-Type": "application/json"}, path="/joined" if joins else "")


def message(**fields: Any) -> dict[str, Any]:
    return {
        "token": SECRET,
        "bot": False,
        "channel_id": "hTJ6vcQGmKWzPvLqY",
        "channel_name": "help",
        "message_id": "Tz3kLrX9fQbWm2sNd",
        "timestamp": iso(AT),
        "user_id": "aobEdbYhXfu5hkeqG",
        "user_name": "ada",
        "text": "where do I find the invoice?",
        "siteUrl": "https://chat.example",
        **fields,
    }


ROOM = {"_id": "hTJ6vcQGmKWzPvLqY", "t": "c", "name": "help", "usersCount": 41, "msgs": 900}


def membership(**fields: Any) -> dict[str, Any]:
    found = message(user={"_id": "aobEdbYhXfu5hkeqG", "username": "ada", "type": "user"}, room=ROOM, **fields)
    return {name: value for name, value in found.items() if name not in ("message_id", "text", "siteUrl")}


PAYLOADS: dict[str, Any] = {
    "message": message(),
    "reply": message(message_id="Rr3", user_id="u2", user_name="mei", text="in your profile", tmid="Tz3kLrX9fQbWm2sNd"),
    "edit": message(text="where is the invoice?", isEdited=True),
    "delete": message(isEdited=True, isDeleted=True, room=ROOM, message={"_id": "Tz3kLrX9fQbWm2sNd"}),
    "join": membership(),
}

SPECIMEN = Specimen(
    kind="rocketchat", secret=SECRET, sign=sign, binds_body=False, guarded_text=SECRET, payloads=PAYLOADS
)
