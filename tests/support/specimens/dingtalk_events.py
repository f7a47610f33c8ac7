"""DingTalk's event callbacks: https://open.dingtalk.com/document/development/group-session-add-persons and beside it."""

import json
from typing import Any

from tests.support.sealing import SECRET, seal
from tests.support.specimens.base import NOW, Signed, Specimen

APP_KEY = "dingoaappkey0123456789"


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return {
        "EventType": kind,
        "EventTime": NOW - 50_000,
        "CorpId": "ding9f50b15bccd16741",
        "BizId": "1663143335567",
        "eventId": "c7c7120f2c074190ebdba0318c8",
        "timeStamp": NOW - 60_000,
        "chatId": "chat28367b03e4b4ca4b5074e1dbfb5d6088",
        "corpId": "dinge8a56572f80b",
        "operatorUnionId": "iis6fGqqqt87iEiE",
        "openConversationId": "cidKV2xEdmPLkMMq8dOMgIOqw==",
        "operator": "user09",
        **fields,
    }


def sign(payload: Any, now_s: int) -> Signed:
    sealed = seal(json.dumps(payload), APP_KEY, now_s * 1000, name="signature")
    body = json.dumps({"encrypt": sealed.encrypted}, separators=(",", ":")).encode()
    return Signed(body, {"Content-Type": "application/json"}, query=sealed.query)


SPECIMEN = Specimen(
    kind="dingtalk_events",
    secret=SECRET,
    sign=sign,
    account=APP_KEY,
    guarded=("?signature", "?timestamp", "?nonce"),
    payloads={
        "join": event("chat_add_member", userId=["user01", "user02"], unionId=["3rBU", "4rBU"]),
        "removed": event("chat_remove_member", userId=["user01"], unionId=["3rBU"]),
        "quit": event("chat_quit"),
        "title": event("chat_update_title", title="开放平台"),
        "disbanded": event("chat_disband"),
        "older": {
            "EventType": "chat_add_member",
            "TimeStamp": NOW - 60_000,
            "CorpId": "corpid",
            "ChatId": "chat90f29b737b56dc179df8w86t83d5f0f8",
            "UserId": ["efefef", "111111"],
            "Operator": "manager0112",
        },
    },
)
