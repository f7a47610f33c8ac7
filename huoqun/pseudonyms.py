"""Pseudonyms: names that stand for people and events, the same each time, and tell nothing to who lacks the key.

A pseudonym is made of a keyed hash (HMAC-SHA256) of the platform and the id. It can be told from any other text by a second
hash in it, so a pseudonym is its own pseudonym: what was exported may be replayed, and the configuration may name either.

Event ids are replaced, too: platforms and importers make some of them of the people concerned. Texts keep the names that are
written in them.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from huoqun.config import Config, ConfigError, Group
from huoqun.events import Event

PREFIX: Final = "p."
MIN_KEY_LENGTH: Final = 24

_TAG_BYTES: Final = 15
_CHECK_BYTES: Final = 3
_LENGTH: Final = len(PREFIX) + (_TAG_BYTES + _CHECK_BYTES) * 4 // 3

KEPT: Final = frozenset(
    {"at_all", "dismissed", "emoji", "join_scene", "recalled_by", "role", "simulated", "text_cut", "ts_claimed"}
)
"""Unknown fields that tell of nobody. All others are left out, but for ids of people."""

_PEOPLE: Final = ("operator_id", "user_id", "user_ids", "member_id", "_by")


class Pseudonyms:
    """Made with one key; :func:`read_key` reads it."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.new(key, digestmod="sha256")
        self.user = lru_cache(maxsize=65_536)(self._user)

    def _user(self, platform: str, user_id: str) -> str:
        """Return the pseudonym of a person, who has another on each platform."""
        return self._of("user", platform, user_id)

    def mask(self, event: Event) -> None:
        """Take the people out of an event."""
        platform, text = event.platform, event.text
        event.user_id = self.user(platform, event.user_id)
        event.inviter_id = self.user(platform, event.inviter_id)
        if event.mentions:
            masked = {mention: self.user(platform, mention) for mention in event.mentions}
            for mention in sorted(masked, key=len, reverse=True):
                text = text.replace(f"@{mention.removeprefix('@')}", f"@{masked[mention]}") if mention else text
            event.text, event.mentions = text, list(masked.values())
        event.user_name = ""
        event.id = self._of("event", platform, event.id)
        event.reply_to = self._of("event", platform, event.reply_to)
        event.thread_id = self._of("event", platform, event.thread_id)
        if event.extra:
            event.extra = {
                name: value if name in KEPT else self._people(platform, value)
                for name, value in event.extra.items()
                if name in KEPT or name.endswith(_PEOPLE)
            }

    def configuration(self, config: Config) -> Config:
        """Return it with the pseudonyms of the people whom it names."""

        def everywhere(entries: list[str]) -> list[str]:
            found = (entry.partition("/") for entry in entries)
            return [f"{platform}/{self.user(platform, user)}" for platform, _, user in found]

        def group(given: Group) -> Group:
            return msgspec.structs.replace(
                given,
                staff=[self.user(given.platform, user) for user in given.staff],
                bots=[self.user(given.platform, user) for user in given.bots],
            )

        return msgspec.structs.replace(
            config,
            staff=everywhere(config.staff),
            bots=everywhere(config.bots),
            groups=[group(each) for each in config.groups],
        )

    def _people(self, platform: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._people(platform, each) for each in value]
        return self.user(platform, str(value)) if isinstance(value, str | int) else None

    def _of(self, kind: str, platform: str, name: str) -> str:
        if not name or self._is_one(name):
            return name
        tag = self._hash(f"{kind}\0{platform}\0{name}".encode("utf-8", "surrogatepass"))[:_TAG_BYTES]
        return PREFIX + base64.urlsafe_b64encode(tag + self._check(tag)).decode("ascii")

    def _is_one(self, name: str) -> bool:
        if len(name) != _LENGTH or not name.startswith(PREFIX) or not name.isascii():
            return False
        try:
            data = base64.b64decode(name[len(PREFIX) :], altchars=b"-_", validate=True)
        except binascii.Error:
            return False
        return hmac.compare_digest(data[_TAG_BYTES:], self._check(data[:_TAG_BYTES]))

    def _check(self, tag: bytes) -> bytes:
        return self._hash(b"check\0" + tag)[:_CHECK_BYTES]

    def _hash(self, data: bytes) -> bytes:
        state = self._key.copy()
        state.update(data)
        return state.digest()


def read_key(config: Config, environ: Mapping[str, str]) -> Pseudonyms | None:
    """Return the pseudonyms that are configured, ``None`` where none are. Raises :class:`huoqun.config.ConfigError`."""
    variable = config.privacy.pseudonym_key_env
    if not variable:
        return None
    key = environ.get(variable, "").strip()
    if len(key) < MIN_KEY_LENGTH:
        what = f"holds {len(key)} characters, {MIN_KEY_LENGTH} at least are needed" if key else "is not set"
        raise ConfigError(f"privacy.pseudonym_key_env: the environment variable {variable} {what}")
    return Pseudonyms(key.encode())
