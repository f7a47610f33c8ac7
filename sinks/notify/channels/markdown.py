"""A message in the little Markdown that DingTalk and WeCom read; members' text in it is harmless already."""

from __future__ import annotations

from sinks.notify.plain import link
from sinks.notify.wording import Message


def rendered(message: Message, signature: str, *, gap: str) -> str:
    """Return a message; ``gap`` stands between two lines."""
    lines = [f"#### {message.headline}", *message.intro]
    for block in message.blocks:
        lines.append(f"**{block.heading}**" + (f" {_linked(message.link_text, block.link)}" if block.link else ""))
        lines += [f"> {line}" for line in block.lines]
    lines += message.outro
    if message.link:
        lines.append(_linked(message.link_text, message.link))
    return gap.join([*lines, signature])


def _linked(text: str, url: str) -> str:
    return f"[{text}]({link(url)})"
