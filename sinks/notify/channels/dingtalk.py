"""DingTalk: custom robots of a group, in Markdown.

Limits and codes: open.dingtalk.com, "Custom robot access" (自定义机器人接入): 20 messages a minute, beyond which a robot is shut
out for ten minutes (``130101``); the signature's time may lie an hour off.
"""

from __future__ import annotations

import base64
import hmac
from typing import ClassVar, Final
from urllib.parse import quote_plus

from sinks.notify.channels.answers import by_code
from sinks.notify.channels.base import SIGNATURE, Post, Poster, encoded
from sinks.notify.channels.markdown import rendered
from sinks.notify.notice import Limit, Notice, Outcome
from sinks.notify.outbound import Reply, Unreachable
from sinks.notify.plain import in_bytes, inert
from sinks.notify.targets import Forbidden
from sinks.notify.wording import Message, cut, worded

MAX_TEXT: Final = 15_000
"""Bytes of one message; robots take 20,000 with everything around it."""
_GAP: Final = "\n\n"
_SHUT_OUT_MS: Final = 10 * 60_000
_REFUSED: Final = {
    40035: "DingTalk did not understand the message",
    300001: "DingTalk does not know this robot: copy its webhook address again",
    310000: "the robot's security settings refuse it: put its signing secret (SEC…) into the variable of secret_env, or give it "
    "the keyword 活群, or add this machine's address to its list",
    400013: "the robot's group has been dissolved",
    400101: "DingTalk does not know this robot: copy its webhook address again",
    400102: "the robot is switched off in its group",
    400105: "DingTalk did not understand the message",
    400106: "DingTalk does not know this robot: copy its webhook address again",
    430101: "DingTalk found an unsafe link in it",
    430102: "DingTalk found improper words in it",
    430104: "DingTalk found improper words in it",
}
_LATER: Final = {-1: 5_000, 90030: _SHUT_OUT_MS, 130101: _SHUT_OUT_MS, 302033: _SHUT_OUT_MS, 410100: _SHUT_OUT_MS}


def signature(secret: str, timestamp_ms: int) -> str:
    """Sign as DingTalk asks: the HMAC-SHA256 of the time and the secret, under the secret."""
    return base64.b64encode(hmac.digest(secret.encode(), f"{timestamp_ms}\n{secret}".encode(), "sha256")).decode()


class DingTalk(Poster):
    """One robot."""

    limit: ClassVar[Limit] = Limit(18, 60_000)

    def posts(self, notice: Notice, now: int) -> list[Post]:
        """Return one Markdown message that calls nobody by name."""

        def text(message: Message) -> str:
            return rendered(message, SIGNATURE, gap=_GAP)

        message = cut(worded(notice, inert), notice.language, lambda each: in_bytes(text(each)) <= MAX_TEXT)
        body = encoded(
            {
                "msgtype": "markdown",
                "markdown": {"title": message.headline, "text": text(message)},
                "at": {"atMobiles": [], "atUserIds": [], "isAtAll": False},
            }
        )
        return [Post(self._signed(now), body)]

    def _signed(self, now: int) -> str:
        if not self._secret:
            return self._url
        joint = "&" if "?" in self._url else "?"
        return f"{self._url}{joint}timestamp={now}&sign={quote_plus(signature(self._secret, now))}"

    def read(self, reply: Reply | Forbidden | Unreachable) -> Outcome:
        """Read the code in the answer."""
        return by_code(reply, ("errcode",), refused=_REFUSED, later=_LATER)
