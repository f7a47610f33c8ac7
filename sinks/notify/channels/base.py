"""What the channels that post over HTTP share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, NamedTuple

import msgspec

from huoqun.clock import now_ms
from sinks.notify.channels.answers import by_status
from sinks.notify.notice import Again, Limit, Notice, Outcome, Refused
from sinks.notify.outbound import Outbound, Reply, Unreachable
from sinks.notify.targets import Forbidden

JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
SIGNATURE: Final = "活群 huoqun"
"""Stands in every message: robots that ask for a keyword in each can be given one of its two words."""


class Post(NamedTuple):
    """One request."""

    url: str
    body: bytes
    headers: Mapping[str, str] = JSON

    def __repr__(self) -> str:
        """Tell neither address, header nor body: each holds a secret or what members wrote."""
        return f"Post({len(self.body)} bytes)"


class Poster(ABC):
    """A channel that posts to one address. It has no readable secrets: nothing of it is shown by ``repr``."""

    limit: ClassVar[Limit]
    groups_many: ClassVar[bool] = True
    most_items: ClassVar[int] = 10
    resolves: ClassVar[bool] = False
    refresh_ms: ClassVar[int] = 0

    def __init__(self, outbound: Outbound, url: str, secret: str = "") -> None:
        self._outbound = outbound
        self._url = url
        self._secret = secret

    async def send(self, notice: Notice) -> Outcome:
        """Send it; failures are outcomes."""
        try:
            posts = self.posts(notice, now_ms())
        except (ValueError, OverflowError):
            return Refused("the notice can't be written: it holds a time or a character that does not exist")
        outcome: Outcome = Refused("the notice holds nothing that this channel takes")
        for post in posts:
            outcome = self.read(await self._outbound.post(post.url, post.body, post.headers))
            if isinstance(outcome, (Again, Refused)):
                return outcome
        return outcome

    async def close(self) -> None:  # noqa: B027  # a channel may hold nothing
        """Let go of what is held: nothing here."""

    @abstractmethod
    def posts(self, notice: Notice, now: int) -> list[Post]:
        """Return the requests that a notice is, signed at ``now`` (ms); mostly one."""

    def read(self, reply: Reply | Forbidden | Unreachable) -> Outcome:
        """Say what a reply means."""
        return by_status(reply)


def encoded(value: Any) -> bytes:
    """Return JSON."""
    return msgspec.json.encode(value)
