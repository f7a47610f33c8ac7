"""WeCom's intelligent robot: https://developer.work.weixin.qq.com/document/path/100719 (sealed as in /101033)."""

import json
from typing import Any

from tests.support.sealing import SECRET, seal
from tests.support.specimens.base import Signed, Specimen

ROBOT = "AIBOT7a8b9c"


def message(kind: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {
        "msgid": "CAIQ16HMjQYY/NGagIOAgAMgq4KM0AI=",
        "aibotid": ROBOT,
        "chatid": "wrOgQhDgAAinternal",
        "chattype": "group",
        "from": {"userid": "lisi"},
        "response_url": "https://qyapi.example/response",
        "msgtype": kind,
        kind: content,
        **fields,
    }


def sign(payload: Any, now_s: int) -> Signed:
    sealed = seal(json.dumps(payload, ensure_ascii=False), "", now_s)
    body = json.dumps({"encrypt": sealed.encrypted}, separators=(",", ":")).encode()
    return Signed(body, {"Content-Type": "application/json"}, query=sealed.query)


SPECIMEN = Specimen(
    kind="wecom_bot",
    secret=SECRET,
    sign=sign,
    account=ROBOT,
    guarded=("?msg_signature", "?timestamp", "?nonce"),
    payloads={
        "text": message("text", {"content": "@小助手 报销单谁来批"}),
        "mixed": message(
            "mixed",
            {
                "msg_item": [
                    {"msgtype": "text", "text": {"content": "@小助手 这个对吗"}},
                    {"msgtype": "image", "image": {"url": "https://img.example/1"}},
                ]
            },
        ),
    },
)
