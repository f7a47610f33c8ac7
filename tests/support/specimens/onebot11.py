"""OneBot v11 as its specification has it: https://github.com/botuniverse/onebot-11 (communication/http-post.md, event/)."""

import hashlib
import hmac
import json
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "a secret of QQ"


def sign(payload: Any, _now_s: int) -> Signed:
    body = json.dumps(payload, ensure_ascii=False).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
    return Signed(body, {"Content-Type": "application/json", "X-Self-ID": "10001", "X-Signature": f"sha1={digest}"})


COMMON = {"time": AT, "self_id": 10001, "group_id": 5550001, "user_id": 20002}

SPECIMEN = Specimen(
    kind="onebot11",
    secret=SECRET,
    sign=sign,
    guarded=("X-Signature",),
    payloads={
        "message": COMMON
        | {
            "post_type": "message",
            "message_type": "group",
            "sub_type": "normal",
            "message_id": 77,
            "message": [{"type": "text", "data": {"text": "请问怎么退款"}}],
            "sender": {"user_id": 20002, "nickname": "小明", "card": "", "role": "member"},
        },
        "join": COMMON
        | {"post_type": "notice", "notice_type": "group_increase", "sub_type": "invite", "operator_id": 30003},
        "leave": COMMON
        | {"post_type": "notice", "notice_type": "group_decrease", "sub_type": "leave", "operator_id": 20002},
    },
)
