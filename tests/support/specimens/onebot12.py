"""OneBot v12: https://12.onebot.dev/ (connect/communication/http-webhook, interface/group, interface/meta)."""

import json
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

TOKEN = "aTokenOfOneBot12"
COMMON = {
    "id": "b6e65187-5ac0-489c-b431-53078e9d2bbb",
    "self": {"platform": "qq", "user_id": "10001"},
    "time": AT + 0.599013,
    "group_id": "5550001",
    "user_id": "20002",
}


def message(*segments: Any, **fields: Any) -> dict[str, Any]:
    return COMMON | {
        "type": "message",
        "detail_type": "group",
        "sub_type": "",
        "message_id": "6283",
        "message": list(segments),
        "alt_message": "",
        **fields,
    }


def notice(kind: str, sub: str = "", **fields: Any) -> dict[str, Any]:
    return COMMON | {"type": "notice", "detail_type": kind, "sub_type": sub, "operator_id": "30003", **fields}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "data": {"text": said}}


def sign(payload: Any, _now_s: int) -> Signed:
    body = json.dumps(payload, ensure_ascii=False).encode()
    return Signed(
        body,
        {
            "Content-Type": "application/json",
            "User-Agent": "OneBot/12 (qq) Go-LibOneBot/1.0.0",
            "X-OneBot-Version": "12",
            "X-Impl": "go-onebot-qq",
            "Authorization": f"Bearer {TOKEN}",
        },
    )


SPECIMEN = Specimen(
    kind="onebot12",
    secret=TOKEN,
    sign=sign,
    account="10001",
    binds_body=False,
    guarded=("Authorization",),
    payloads={
        "message": message(
            {"type": "reply", "data": {"message_id": "6282", "user_id": "30003"}},
            {"type": "mention", "data": {"user_id": "30003"}},
            text("怎么退款"),
            {"type": "image", "data": {"file_id": "e30f9684"}},
        ),
        "join": notice("group_member_increase", "invite"),
        "leave": notice("group_member_decrease", "kick"),
        "recall": notice("group_message_delete", "delete", message_id="6283"),
        "channel": message(text("hi"), detail_type="channel", guild_id="7", channel_id="12"),
    },
)
