"""WeCom's callbacks for customer groups: https://developer.work.weixin.qq.com/document/path/92130 (sealed as in /90968)."""

from typing import Any

from tests.support.sealing import SECRET, seal
from tests.support.specimens.base import AT, Signed, Specimen

CORP = "wwa1b2c3d4e5f60718"
GROUP = "wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA"
CUSTOMER, OTHER = "wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA", "woOgQhDgAAbQ4dD3r7sD6yRkYkQoAAAA"


def callback(**fields: str) -> str:
    """Return the XML of one callback; a value that begins with a tag stays as it is."""
    known = {
        "ToUserName": CORP,
        "FromUserName": "sys",
        "CreateTime": str(AT),
        "MsgType": "event",
        "Event": "change_external_chat",
        "ChatId": GROUP,
    }
    return "<xml>{}</xml>".format(
        "".join(
            f"<{name}>{value if value.startswith('<') else f'<![CDATA[{value}]]>'}</{name}>"
            for name, value in (known | fields).items()
        )
    )


def items(*members: str) -> str:
    return "".join(f"<Item><![CDATA[{member}]]></Item>" for member in members)


def sign(payload: Any, now_s: int) -> Signed:
    sealed = seal(payload, CORP, now_s)
    body = (
        f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{sealed.encrypted}]]></Encrypt>"
        "<AgentID><![CDATA[1000002]]></AgentID></xml>"
    )
    return Signed(body.encode(), {"Content-Type": "text/xml"}, query=sealed.query)


SPECIMEN = Specimen(
    kind="wecom",
    secret=SECRET,
    sign=sign,
    account=CORP,
    binds_body=False,  # of the outer XML only what is encrypted counts: tests of its own
    guarded=("?msg_signature", "?timestamp", "?nonce"),
    payloads={
        "join": callback(
            ChangeType="update",
            UpdateDetail="add_member",
            JoinScene="3",
            QuitScene="0",
            MemChangeCnt="2",
            MemChangeList=items(CUSTOMER, "zhangsan"),
            LastMemVer="9c3f97c2ada667dfb5f6d03308d963e1",
            CurMemVer="71217227bbd112ecfe3a49c482195cb4",
        ),
        "leave": callback(
            ChangeType="update",
            UpdateDetail="del_member",
            QuitScene="1",
            MemChangeCnt="1",
            MemChangeList=f"{CUSTOMER}",
            LastMemVer="71217227bbd112ecfe3a49c482195cb4",
            CurMemVer="d2c1b0a9f8e7d6c5b4a3928170615243",
        ),
        "dismissed": callback(ChangeType="dismiss"),
    },
)
