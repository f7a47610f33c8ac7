"""Feishu's events of version 2.0: https://open.feishu.cn/document/server-docs/im-v1/message/events/receive and beside it."""

import base64
import hashlib
import json
from typing import Any

from Crypto.Cipher import AES

from tests.support.specimens.base import AT, NOW, Signed, Specimen

TOKEN = "v3rificationT0ken"
ENCRYPT_KEY = "encryptKeyOfTests"
APP = "cli_a1b2c3d4e5f6"
GROUP = "oc_5ad11d72b830411d72b836c20"


def person(number: int) -> dict[str, str]:
    return {"union_id": f"on_{number}", "user_id": "", "open_id": f"ou_{number}"}


def envelope(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": "2.0",
        "header": {
            "event_id": "5e3702a84e847582be8db7fb73283c02",
            "event_type": kind,
            "create_time": str(NOW - 30_000),
            "token": TOKEN,
            "app_id": APP,
            "tenant_key": "2ca1d211f64f6438",
        },
        "event": event,
    }


def message(kind: str, content: Any, **fields: Any) -> dict[str, Any]:
    return envelope(
        "im.message.receive_v1",
        {
            "sender": {"sender_id": person(1), "sender_type": "user", "tenant_key": "2ca1d211f64f6438"},
            "message": {
                "message_id": "om_5ce6d572455d361153b7cb51da133945",
                "create_time": str(AT * 1000),
                "update_time": str(AT * 1000),
                "chat_id": GROUP,
                "chat_type": "group",
                "message_type": kind,
                "content": json.dumps(content, ensure_ascii=False),
                **fields,
            },
        },
    )


def members(kind: str, operator: int, *users: int) -> dict[str, Any]:
    return envelope(
        f"im.chat.member.user.{kind}_v1",
        {
            "chat_id": GROUP,
            "operator_id": person(operator),
            "external": False,
            "operator_tenant_key": "2ca1d211f64f6438",
            "users": [{"name": f"用户{n}", "tenant_key": "2ca1d211f64f6438", "user_id": person(n)} for n in users],
            "name": "新品群",
        },
    )


def encrypt(text: bytes) -> str:
    """Encrypt as Feishu describes it, by another library than the one that is tested."""
    initial = b"0123456789abcdef"
    padding = AES.block_size - len(text) % AES.block_size
    cipher = AES.new(hashlib.sha256(ENCRYPT_KEY.encode()).digest(), AES.MODE_CBC, initial)
    return base64.b64encode(initial + cipher.encrypt(text + bytes([padding]) * padding)).decode()


def sign(payload: Any, now_s: int) -> Signed:
    body = json.dumps({"encrypt": encrypt(json.dumps(payload, ensure_ascii=False).encode())}).encode()
    nonce = "ac2e6d2c"
    digest = hashlib.sha256(f"{now_s}{nonce}{ENCRYPT_KEY}".encode() + body).hexdigest()
    return Signed(
        body,
        {
            "Content-Type": "application/json; charset=utf-8",
            "X-Lark-Request-Timestamp": str(now_s),
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": digest,
        },
    )


SPECIMEN = Specimen(
    kind="feishu",
    secret=f"{TOKEN}:{ENCRYPT_KEY}",
    sign=sign,
    account=APP,
    guarded=("X-Lark-Request-Timestamp", "X-Lark-Request-Nonce", "X-Lark-Signature"),
    payloads={
        "message": message("text", {"text": "请问怎么退款"}),
        "reply": message(
            "text",
            {"text": "@_user_1 看这里 @_all"},
            mentions=[{"key": "@_user_1", "id": person(2), "name": "小红", "tenant_key": "2ca1d211f64f6438"}],
            parent_id="om_parent",
            root_id="om_root",
        ),
        "post": message(
            "post",
            {
                "title": "公告",
                "content": [
                    [
                        {"tag": "text", "text": "第一行 "},
                        {"tag": "a", "href": "https://x.example", "text": "链接"},
                        {"tag": "at", "user_id": "@_user_1", "user_name": "小红"},
                    ],
                    [{"tag": "img", "image_key": "img_1"}],
                ],
            },
            mentions=[{"key": "@_user_1", "id": person(2), "name": "小红", "tenant_key": "2ca1d211f64f6438"}],
        ),
        "join": members("added", 9, 1, 2),
        "leave": members("deleted", 1, 1),
        "recall": envelope(
            "im.message.recalled_v1",
            {
                "message_id": "om_5ce6d572455d361153b7cb51da133945",
                "chat_id": GROUP,
                "recall_time": str(NOW - 31_000),
                "recall_type": "message_owner",
            },
        ),
        "rename": envelope(
            "im.chat.updated_v1",
            {
                "chat_id": GROUP,
                "operator_id": person(1),
                "after_change": {"name": "新名字"},
                "before_change": {"name": "旧名字"},
            },
        ),
        "disbanded": envelope("im.chat.disbanded_v1", {"chat_id": GROUP, "operator_id": person(1), "name": "新品群"}),
    },
)
