"""Matrix transactions after the application service API (https://spec.matrix.org/latest/application-service-api/).

Event contents: https://spec.matrix.org/latest/client-server-api/ (room events, rich replies, threading, reactions, redactions).
"""

import json
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "hs-token-of-the-homeserver"
ROOM = "!garden:example.org"
ALICE, BOB, CAROL = "@alice:example.org", "@bob:example.org", "@carol:elsewhere.example"


def sign(payload: Any, _now_s: int) -> Signed:
    return Signed(
        json.dumps(payload, ensure_ascii=False).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {SECRET}"},
        method="PUT",
        path="/_matrix/app/v1/transactions/35",
    )


def event(number: int, kind: str, content: Any, **fields: Any) -> dict[str, Any]:
    """Return a room event in the client format."""
    return {
        "type": kind,
        "event_id": f"$event{number}",
        "room_id": ROOM,
        "sender": ALICE,
        "origin_server_ts": (AT + number) * 1000,
        "content": content,
        "unsigned": {"age": 1234},
        **fields,
    }


def text(number: int, body: str, *, sender: str = ALICE, **content: Any) -> dict[str, Any]:
    """Return a text message."""
    return event(number, "m.room.message", {"msgtype": "m.text", "body": body, **content}, sender=sender)


def member(
    number: int, membership: str, *, user: str = BOB, sender: str = BOB, before: Any = None, **content: Any
) -> dict[str, Any]:
    """Return a membership event; ``before`` is the content it replaces."""
    unsigned = {} if before is None else {"prev_content": before, "prev_sender": ALICE, "replaces_state": "$earlier"}
    return event(
        number, "m.room.member", {"membership": membership, **content}, sender=sender, state_key=user, unsigned=unsigned
    )


def transaction(*events: Any) -> dict[str, Any]:
    return {"events": list(events)}


IN = {"membership": "join", "displayname": "Bob"}
PAYLOADS = {
    "message": transaction(text(1, "How do I prune tomatoes?")),
    "talk": transaction(
        text(
            2, "Pinch out the side shoots", sender=BOB, **{"m.relates_to": {"m.in_reply_to": {"event_id": "$event1"}}}
        ),
        text(
            3,
            "Which ones?",
            **{
                "m.relates_to": {
                    "rel_type": "m.thread",
                    "event_id": "$event1",
                    "is_falling_back": True,
                    "m.in_reply_to": {"event_id": "$event2"},
                },
                "m.mentions": {"user_ids": [BOB]},
            },
        ),
        event(4, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$event2", "key": "👍"}}),
        text(
            5,
            "* Which of them?",
            **{
                "m.new_content": {"msgtype": "m.text", "body": "Which of them?"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$event3"},
            },
        ),
        event(6, "m.room.redaction", {"redacts": "$event3", "reason": "asked twice"}, redacts="$event3"),
    ),
    "membership": transaction(
        member(7, "join", before={"membership": "invite", "displayname": "Bob"}, displayname="Bob"),
        member(8, "join", before=IN, displayname="Bob (away)"),
        member(9, "leave", before=IN),
        member(10, "join", user=CAROL, sender=CAROL, displayname="Carol"),
        member(11, "leave", user=CAROL, before=IN, sender=ALICE, reason="spam"),
        member(12, "ban", user=BOB, before=IN, sender=ALICE),
    ),
    "room": transaction(
        event(13, "m.room.name", {"name": "Balcony gardens"}, state_key=""),
        event(14, "m.room.power_levels", {"users": {ALICE: 100, BOB: 0}}, state_key=""),
    ),
}

SPECIMEN = Specimen(
    kind="matrix", secret=SECRET, sign=sign, payloads=PAYLOADS, binds_body=False, guarded=("Authorization",)
)
