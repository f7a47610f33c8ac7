"""DingTalk's robot: https://open.dingtalk.com/document/isvapp/receive-message (``repliedMsg`` is sent and not documented)."""

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "theSecretOfAnAppOfDingTalk0123456789"


def message(kind: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {
        "conversationId": "cidKV2xEdmPLkMMq8dOMgIOqw==",
        "atUsers": [{"dingtalkId": "$:LWCP_v1:$robot"}, {"dingtalkId": "$:LWCP_v1:$b", "staffId": "user02"}],
        "chatbotCorpId": "ding8196cd9a2b2405da",
        "chatbotUserId": "$:LWCP_v1:$robot",
        "msgId": "msg0xFOc4hnWwVQmbgSn0RZYg==",
        "senderNick": "小钉",
        "isAdmin": False,
        "senderStaffId": "user01",
        "sessionWebhookExpiredTime": AT * 1000 + 5_400_000,
        "createAt": AT * 1000,
        "senderCorpId": "ding8196cd9a2b2405da",
        "conversationType": "2",
        "senderId": "$:LWCP_v1:$a",
        "conversationTitle": "答疑群",
        "isInAtList": True,
        "sessionWebhook": "https://oapi.dingtalk.example/robot/sendBySession?session=1",
        "msgtype": kind,
        "text" if kind == "text" else "content": content,
        **fields,
    }


def sign(payload: Any, now_s: int) -> Signed:
    timestamp = str(now_s * 1000)
    digest = hmac.new(SECRET.encode(), f"{timestamp}\n{SECRET}".encode(), hashlib.sha256).digest()
    headers = {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}
    return Signed(json.dumps(payload).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})


SPECIMEN = Specimen(
    kind="dingtalk",
    secret=SECRET,
    sign=sign,
    binds_body=False,
    guarded=("timestamp", "sign"),
    payloads={
        "text": message("text", {"content": " 周报怎么填"}),
        "reply": message(
            "text",
            {"content": " 这个呢", "isReplyMsg": True, "repliedMsg": {"msgId": "msgBefore==", "msgType": "text"}},
        ),
        "rich text": message("richText", {"richText": [{"text": "看图"}, {"type": "picture", "downloadCode": "x"}]}),
    },
)
