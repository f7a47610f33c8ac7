"""Feishu and Lark: custom robots of a group. Cards are made of plain text only, which the platform reads no markup in.

Limits and codes: open.feishu.cn, "Custom bot usage guide" (自定义机器人使用指南): 100 messages a minute and 5 a second for one
robot, bodies of 20 KB; ``11232`` when the platform is busy, which it is at full and half hours.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any, ClassVar, Final

from sinks.notify.channels.answers import by_code
from sinks.notify.channels.base import SIGNATURE, Post, Poster, encoded
from sinks.notify.notice import Limit, Notice, Outcome
from sinks.notify.outbound import Reply, Unreachable
from sinks.notify.plain import plain
from sinks.notify.targets import Forbidden
from sinks.notify.wording import Block, Message, cut, worded

MAX_BODY: Final = 20_000
_BUSY_MS: Final = 10_000
_COLOURS: Final = {"critical": "red", "warning": "orange", "info": "blue"}
_REFUSED: Final = {
    9499: "Feishu did not understand the message",
    19001: "Feishu does not know this robot: copy its webhook address again",
    19002: "Feishu did not understand the message",
    19007: "the robot is switched off in its group",
    19021: "the signature does not fit: put the robot's signing secret into the variable of secret_env, and set the clock",
    19022: "this machine's address is not on the robot's list of allowed addresses",
    19024: "the robot asks for a keyword in each message: give it 活群 as one",
}
_LATER: Final = {11232: _BUSY_MS, 11233: _BUSY_MS, 230020: _BUSY_MS, 99991400: _BUSY_MS}


def signature(secret: str, timestamp_s: int) -> str:
    """Sign as Feishu asks: the HMAC-SHA256 of nothing, under the time and the secret."""
    return base64.b64encode(hmac.digest(f"{timestamp_s}\n{secret}".encode(), b"", "sha256")).decode()


class Feishu(Poster):
    """One robot."""

    limit: ClassVar[Limit] = Limit(1, 700)

    def posts(self, notice: Notice, now: int) -> list[Post]:
        """Return one card."""
        signed: dict[str, Any] = {}
        if self._secret:
            signed = {"timestamp": str(now // 1000), "sign": signature(self._secret, now // 1000)}

        def body(message: Message) -> bytes:
            return encoded({**signed, "msg_type": "interactive", "card": card(message, notice)})

        message = cut(worded(notice, plain), notice.language, lambda each: len(body(each)) <= MAX_BODY)
        return [Post(self._url, body(message))]

    def read(self, reply: Reply | Forbidden | Unreachable) -> Outcome:
        """Read the code in the answer."""
        return by_code(reply, ("code", "StatusCode"), refused=_REFUSED, later=_LATER)


def card(message: Message, notice: Notice) -> dict[str, Any]:
    """Return a message as a card."""
    colour = "grey" if message.severity is None else _COLOURS[message.severity]
    elements: list[dict[str, Any]] = []
    if message.intro:
        elements.append({"tag": "div", "text": _text("\n".join(message.intro))})
    for block in message.blocks:
        if elements:
            elements.append({"tag": "hr"})
        elements.append(_block(block, message))
    if message.outro:
        elements.append({"tag": "div", "text": _text("\n".join(message.outro))})
    if message.link:
        elements.append({"tag": "action", "actions": [_button(message.link_text, message.link)]})
    elements.append({"tag": "note", "elements": [_text(SIGNATURE)]})
    return {
        "config": {"wide_screen_mode": True},
        "header": {
            "title": _text(message.headline),
            "template": "green" if notice.step == "resolved" else colour,
        },
        "elements": elements,
    }


def _block(block: Block, message: Message) -> dict[str, Any]:
    found: dict[str, Any] = {"tag": "div", "text": _text("\n".join((block.heading, *block.lines)))}
    if block.link:
        found["extra"] = _button(message.link_text, block.link)
    return found


def _text(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}


def _button(text: str, url: str) -> dict[str, Any]:
    return {"tag": "button", "text": _text(text), "type": "primary", "url": url}
