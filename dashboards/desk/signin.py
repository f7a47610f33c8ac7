"""Who an operator is: a token that was given to them, kept in a signed cookie; or what a proxy in front says (pure).

Tokens come from the environment as ``name:token,name:token``, or one token for everybody. Without any, only this machine is
let in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

COOKIE: Final = "huoqun_desk"
VALID_MS: Final = 14 * 86_400_000
SHORTEST_TOKEN: Final = 16
LONGEST_NAME: Final = 200
ANYBODY: Final = "operator"
"""The name of whoever comes with the one token, or from this machine."""


class TokenError(ValueError):
    """The configured tokens can't be used; the message says why, and never what they are."""


def read_tokens(text: str) -> dict[str, str]:
    """Return name -> token. Raises :class:`TokenError`."""
    found: dict[str, str] = {}
    for place, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        name, colon, token = entry.rpartition(":")
        name = name.strip() if colon else ANYBODY
        if not name or name in found:
            raise TokenError(f"entry {place}: needs a name of its own, as in name:token")
        if len(token) < SHORTEST_TOKEN:
            raise TokenError(f"entry {place} ({name}): the token has fewer than {SHORTEST_TOKEN} characters")
        found[name] = token
    return found


def who(tokens: Mapping[str, str], given: str) -> str | None:
    """Return whose token ``given`` is. Every token is compared, in constant time each."""
    name = None
    for each, token in tokens.items():
        if hmac.compare_digest(token.encode(), given.encode("utf-8", "surrogatepass")):
            name = each
    return name


def sealed(tokens: Mapping[str, str], name: str, now: int) -> str:
    """Return the cookie's value for somebody who has signed in at ``now`` (ms)."""
    words = f"{base64.urlsafe_b64encode(name.encode()).decode()}.{now + VALID_MS}"
    return f"{words}.{_seal(tokens, name, words)}"


def opened(tokens: Mapping[str, str], value: str, now: int) -> str | None:
    """Return who a cookie is of; ``None`` when it is forged, too old, or its owner's token has changed."""
    if not value.isascii():
        return None
    words, _, seal = value.rpartition(".")
    coded, _, until = words.partition(".")
    try:
        name = base64.urlsafe_b64decode(coded.encode()).decode()
    except ValueError:
        return None
    if name not in tokens or not hmac.compare_digest(_seal(tokens, name, words).encode(), seal.encode()):
        return None
    return name if until.isdecimal() and now < int(until) else None


def from_proxy(peer: str, trusted: Sequence[str]) -> bool:
    """Whether a connection comes from one of the addresses or networks that may say who somebody is."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in trusted)


def is_local(peer: str) -> bool:
    """Whether a connection comes from this machine."""
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False


def _seal(tokens: Mapping[str, str], name: str, words: str) -> str:
    key = hashlib.blake2b(f"desk\x1f{name}\x1f{tokens[name]}".encode()).digest()
    return hmac.new(key, words.encode(), hashlib.sha256).hexdigest()
