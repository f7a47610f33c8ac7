"""QQ's official robots: https://bot.q.qq.com/wiki/develop/api-v2/ (interface-framework/sign, server-inter/message, …/group)."""

import json
from typing import Any

from nacl.signing import SigningKey

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "naOC0ocQE3shWLAfffVLB1rhYPG7"
APP_ID = "11111111"
GROUP, MEMBER = "C9F778FE6ADF9D1D1DBE395BF744A33A", "E4F4AEA33253A2797FB897C50B81D7ED"


def dispatch(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"op": 0, "id": f"{kind}:abcdefgh", "d": content, "t": kind, "s": 42}


def sign(payload: Any, now_s: int, *, secret: str = SECRET) -> Signed:
    body = json.dumps(payload, ensure_ascii=False).encode()
    seed = secret.encode()
    while len(seed) < 32:
        seed *= 2
    signature = SigningKey(seed[:32]).sign(str(now_s).encode() + body).signature.hex()
    return Signed(
        body,
        {
            "Content-Type": "application/json",
            "User-Agent": "QQBot-Callback",
            "X-Bot-Appid": APP_ID,
            "X-Signature-Ed25519": signature,
            "X-Signature-Timestamp": str(now_s),
        },
    )


SPECIMEN = Specimen(
    kind="qqbot",
    secret=SECRET,
    sign=sign,
    account=APP_ID,
    guarded=("X-Signature-Ed25519", "X-Signature-Timestamp"),
    payloads={
        "message": dispatch(
            "GROUP_AT_MESSAGE_CREATE",
            {
                "author": {"id": MEMBER, "member_openid": MEMBER},
                "content": " 请问几点开始",
                "group_openid": GROUP,
                "id": "ROBOT1.0_eBIyWnxpmSu6uLQ7u7fU0eGloKGYg4eEa737vRyKnMC",
                "timestamp": "2025-11-24T23:59:00+08:00",
            },
        ),
        "join": dispatch("GROUP_MEMBER_ADD", {"group_openid": GROUP, "member_openid": MEMBER, "timestamp": str(AT)}),
        "leave": dispatch("GROUP_MEMBER_REMOVE", {"group_openid": GROUP, "member_openid": MEMBER, "timestamp": AT}),
        "channel message": dispatch(
            "AT_MESSAGE_CREATE",
            {
                "author": {"id": "1234", "username": "abc", "bot": False},
                "channel_id": "100010",
                "guild_id": "18700000000001",
                "content": "<@!99> 谁在",
                "id": "0812345677890abcdef",
                "member": {"joined_at": "2021-04-12T16:34:42+08:00", "roles": ["1", "4"]},
                "mentions": [{"id": "99", "username": "机器人", "bot": True}],
                "message_reference": {"message_id": "0800"},
                "timestamp": "2025-11-24T23:58:00+08:00",
            },
        ),
        "channel recall": dispatch(
            "PUBLIC_MESSAGE_DELETE",
            {
                "message": {
                    "author": {"bot": False, "id": "1234", "username": "abc"},
                    "channel_id": "100010",
                    "guild_id": "18700000000001",
                    "id": "0812345677890abcdef",
                },
                "op_user": {"id": "5678"},
            },
        ),
        "channel reaction": dispatch(
            "MESSAGE_REACTION_ADD",
            {
                "channel_id": "100010",
                "emoji": {"id": "277", "type": 1},
                "guild_id": "18700000000001",
                "target": {"id": "0812345677890abcdef", "type": 0},
                "user_id": "5678",
            },
        ),
    },
)
