"""WeCom's archived messages, decrypted: https://developer.work.weixin.qq.com/document/path/91774."""

import json
from typing import Any

from huoqun import standard_webhooks
from producers import verify
from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "QmFzZTY0IG9mIDI0IGJ5dGVzIG9yIG1vcmUuLi4u"
ROOM = "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"
CUSTOMER = "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA"


def record(kind: str, content: Any, *, action: str = "send", **fields: Any) -> dict[str, Any]:
    return {
        "msgid": "CAQQluDa4QUY0On2rYSAgAMgzPrShAE=",
        "action": action,
        "from": CUSTOMER,
        "tolist": ["zhangsan", "wangwu"],
        "roomid": ROOM,
        "msgtime": AT * 1000,
        "msgtype": kind,
        kind: content,
        **fields,
    }


def sign(payload: Any, now_s: int) -> Signed:
    body = b"\n".join(json.dumps(each, ensure_ascii=False).encode() for each in payload)
    key = verify.standard_keys(SECRET)
    assert isinstance(key, list)
    headers = standard_webhooks.sign(message_id="batch-1", timestamp_s=now_s, body=body, key=key[0])
    return Signed(body, {"Content-Type": "application/x-ndjson", **headers})


SPECIMEN = Specimen(
    kind="wecom_archive",
    secret=SECRET,
    sign=sign,
    guarded=("webhook-id", "webhook-timestamp", "webhook-signature"),
    payloads={
        "messages": [
            record("text", {"content": "这款还有货吗"}),
            record("text", {"content": "有的"}, msgid="2", **{"from": "zhangsan", "tolist": [CUSTOMER, "wangwu"]}),
        ],
        "recall": [record("revoke", {"pre_msgid": "1_external"}, action="recall", msgid="3")],
        "mixed": [
            record(
                "mixed",
                {
                    "item": [
                        {"type": "text", "content": '{"content": "看图"}'},
                        {"type": "image", "content": '{"md5sum": "50de8e5ae8ffe4f1df7a93841f71993a"}'},
                    ]
                },
            )
        ],
    },
)
