"""WeCom: robots of a group, in Markdown.

Limits and codes: developer.work.weixin.qq.com, "Group robots" (群机器人配置说明) and "Global error codes": 20 messages a minute
(``45009``), 4,096 bytes of Markdown.
"""

from __future__ import annotations

from typing import ClassVar, Final

from sinks.notify.channels.answers import by_code
from sinks.notify.channels.base import SIGNATURE, Post, Poster, encoded
from sinks.notify.channels.markdown import rendered
from sinks.notify.notice import Limit, Notice, Outcome
from sinks.notify.outbound import Reply, Unreachable
from sinks.notify.plain import in_bytes, inert
from sinks.notify.targets import Forbidden
from sinks.notify.wording import Message, cut, worded

MAX_TEXT: Final = 4_096
_MINUTE_MS: Final = 60_000
_REFUSED: Final = {
    40008: "WeCom did not understand the message",
    40058: "WeCom did not understand the message",
    44004: "WeCom found the message empty",
    45002: "WeCom found the message too long",
    93000: "WeCom does not know this robot: copy its webhook address again",
    93004: "the robot is switched off in its group",
    93008: "the robot is not in its group any more",
}
_LATER: Final = {-1: 5_000, 45009: _MINUTE_MS, 45033: _MINUTE_MS}


class WeCom(Poster):
    """One robot. Its address is its secret; there is no signature."""

    limit: ClassVar[Limit] = Limit(18, 60_000)
    most_items: ClassVar[int] = 5

    def posts(self, notice: Notice, now: int) -> list[Post]:
        """Return one Markdown message."""
        del now

        def text(message: Message) -> str:
            return rendered(message, SIGNATURE, gap="\n")

        message = cut(worded(notice, inert), notice.language, lambda each: in_bytes(text(each)) <= MAX_TEXT)
        return [Post(self._url, encoded({"msgtype": "markdown", "markdown": {"content": text(message)}}))]

    def read(self, reply: Reply | Forbidden | Unreachable) -> Outcome:
        """Read the code in the answer."""
        return by_code(reply, ("errcode",), refused=_REFUSED, later=_LATER)
