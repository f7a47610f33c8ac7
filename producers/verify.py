"""Signatures: pure, over raw bytes, constant time; hostile input is a :class:`Denied`, never an exception."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from huoqun.standard_webhooks import MIN_KEY_BYTES
from producers import ed25519
from producers.ed25519 import KEY_BYTES, PublicKey

TOLERANCE_SECONDS: Final = 300
"""How far a signed timestamp may lie from this server's clock, either way."""

RETRY_SECONDS: Final = 24 * 60 * 60
"""The same where a platform names no bound: some repeat a delivery for hours (Feishu for seven), under which time is not said."""

_MAX_SIGNATURES: Final = 16
_PREFIX: Final = "whsec_"
_PUBLIC_PREFIX: Final = "whpk_"
_PRIVATE_PREFIX: Final = "whsk_"
_ASYMMETRIC: Final = b"v1a,"
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_MS_FROM: Final = 100_000_000_000
_MESSAGE_ID: Final = re.compile(r"[!-\-/-~]{1,256}", re.ASCII)  # visible ASCII without the full stop


class Denied(NamedTuple):
    """Why a request is not taken for what it claims to be: the header, and the reason."""

    where: str
    why: str


def standard_webhooks(
    *,
    ids: Sequence[str],
    timestamps: Sequence[str],
    signatures: Sequence[str],
    body: bytes,
    keys: Sequence[bytes],
    now_s: int,
) -> Denied | None:
    """Check a Standard Webhooks signature over ``id.timestamp.body``; ``None`` means authentic.

    ``v1`` is HMAC-SHA256 with a shared secret, ``v1a`` Ed25519 with a key pair of which we hold the public half.

    The first three are the values of ``webhook-id``, ``webhook-timestamp`` and ``webhook-signature``, one entry a
    header line. Several keys and several space-separated signatures serve rotation: any pair that fits will do.
    """
    for name, values in (("id", ids), ("timestamp", timestamps), ("signature", signatures)):
        if len(values) != 1 or not values[0]:
            return Denied(f"webhook-{name}", "missing" if not values or not values[0] else "sent more than once")
    message_id, timestamp = ids[0], timestamps[0]
    if not _MESSAGE_ID.fullmatch(message_id):
        # A full stop would let one signature fit two readings of id.timestamp.body.
        return Denied("webhook-id", "must be 1 to 256 visible ASCII characters without a full stop")
    if not _TIMESTAMP.fullmatch(timestamp):
        return Denied("webhook-timestamp", "must be whole seconds since the epoch")
    if abs(int(timestamp) - now_s) > TOLERANCE_SECONDS:
        return Denied("webhook-timestamp", f"more than {TOLERANCE_SECONDS} s from this server's clock")
    parts = signatures[0].split(" ", _MAX_SIGNATURES)[:_MAX_SIGNATURES]
    offered = [part.encode("utf-8", "surrogateescape") for part in parts]
    signed = b".".join((message_id.encode("ascii"), timestamp.encode("ascii"), body))
    expected = [b"v1," + base64.b64encode(_digest(key, signed)) for key in keys if not isinstance(key, PublicKey)]
    if _any_equal(offered, expected) or _any_fits(offered, [k for k in keys if isinstance(k, PublicKey)], signed):
        return None
    return Denied("webhook-signature", "fits none of this source's secrets")


def sha1_hex(*, signatures: Sequence[str], body: bytes, keys: Sequence[bytes]) -> Denied | None:
    """Check OneBot v11's ``X-Signature: sha1=…`` (hex HMAC-SHA1 over the raw body); ``None`` means authentic."""
    if len(signatures) != 1 or not signatures[0]:
        return Denied("X-Signature", "missing" if not signatures or not signatures[0] else "sent more than once")
    offered = signatures[0].encode("utf-8", "surrogateescape")
    expected = [b"sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest().encode("ascii") for key in keys]
    if _any_equal([offered], expected):
        return None
    return Denied("X-Signature", "fits none of this source's secrets")


def token(*, offered: Sequence[Any], keys: Sequence[bytes], where: str) -> Denied | None:
    """Check a secret that is sent along as it is (it does not bind the body); ``None`` means authentic.

    ``offered`` is what stands at ``where``: the header's lines, or the one value of a field, whatever its type.
    """
    if len(offered) != 1 or not isinstance(offered[0], str) or not offered[0]:
        return Denied(where, "missing" if not offered or offered[0] in (None, "") else "must be one text")
    if _any_equal([offered[0].encode("utf-8", "surrogatepass")], keys):
        return None
    return Denied(where, "fits none of this source's secrets")


def bearer(*, headers: Sequence[str], arguments: Sequence[str], keys: Sequence[bytes]) -> Denied | None:
    """Check ``Authorization: Bearer …``, or ``?access_token=…`` where there is no such header; ``None`` means authentic."""
    if headers or not arguments:
        return token(offered=headers, keys=[b"Bearer " + key for key in keys], where="Authorization")
    return token(offered=arguments, keys=keys, where="access_token")


def sha256_hex(
    *, signatures: Sequence[str], signed: bytes, keys: Sequence[bytes], where: str, prefix: str = ""
) -> Denied | None:
    """Check a hex HMAC-SHA256 over ``signed`` behind ``prefix``; ``None`` means authentic."""
    if len(signatures) != 1 or not signatures[0]:
        return Denied(where, "missing" if not signatures or not signatures[0] else "sent more than once")
    offered = signatures[0].encode("utf-8", "surrogatepass")
    expected = [(prefix + _digest(key, signed).hex()).encode("ascii") for key in keys]
    return None if _any_equal([offered], expected) else Denied(where, "fits none of this source's secrets")


def fresh(*, timestamps: Sequence[str], now_s: int, where: str) -> str | Denied:
    """Return the timestamp of a request if it is one, in whole seconds, and near this server's clock."""
    if len(timestamps) != 1 or not timestamps[0]:
        return Denied(where, "missing" if not timestamps or not timestamps[0] else "sent more than once")
    if not _TIMESTAMP.fullmatch(timestamps[0]):
        return Denied(where, "must be whole seconds since the epoch")
    if abs(int(timestamps[0]) - now_s) > TOLERANCE_SECONDS:
        return Denied(where, f"more than {TOLERANCE_SECONDS} s from this server's clock")
    return timestamps[0]


def stale(timestamp: str, *, now_s: int, where: str) -> Denied | None:
    """Check a signed time, in digits, seconds or milliseconds, of a platform that names no bound (:data:`RETRY_SECONDS`)."""
    at = int(timestamp)
    at = at // 1000 if at >= _MS_FROM else at
    return None if abs(at - now_s) <= RETRY_SECONDS else Denied(where, "more than a day from this server's clock")


def standard_keys(text: str) -> list[bytes] | Denied:
    """Read the keys of a canonical source, several separated by commas (newest first).

    Each is base64 behind ``whsec_`` (a shared secret) or ``whpk_`` (the public half of an Ed25519 pair).
    """
    keys = []
    for number, part in enumerate(p.strip() for p in text.split(",")):
        place = f"secret {number + 1}"
        if not part:
            return Denied(place, "is empty")
        if part.startswith(_PRIVATE_PREFIX):
            return Denied(
                place, f"is a private key, which only the sender should know; put the public one: {_PUBLIC_PREFIX}…"
            )
        public = part.startswith(_PUBLIC_PREFIX)
        try:
            key = base64.b64decode(part.removeprefix(_PUBLIC_PREFIX if public else _PREFIX), validate=True)
        except (binascii.Error, ValueError):
            return Denied(place, f"must be {_PREFIX} or {_PUBLIC_PREFIX} followed by base64")
        if public and not ed25519.is_key(key):
            return Denied(place, f"must be an Ed25519 key of {KEY_BYTES} bytes behind {_PUBLIC_PREFIX}")
        if len(key) < MIN_KEY_BYTES:
            return Denied(place, f"must hold at least {MIN_KEY_BYTES} bytes, holds {len(key)}")
        keys.append(PublicKey(key) if public else key)
    return keys


def plain_keys(text: str) -> list[bytes] | Denied:
    """Read the secrets of a platform that takes any text, several separated by commas."""
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        return Denied("secret", "is empty")
    return [part.encode() for part in parts]


@lru_cache(maxsize=64)
def _prepared(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def _digest(key: bytes, signed: bytes) -> bytes:
    """Return the HMAC-SHA256; a copy of the keyed state takes half the time of a new one."""
    state = _prepared(key).copy()
    state.update(signed)
    return state.digest()


def _any_fits(offered: Sequence[bytes], keys: Sequence[PublicKey], signed: bytes) -> bool:
    """Whether any of the signatures ``v1a,…`` was made for one of the keys. No key is secret here: time may tell."""
    texts = [one.removeprefix(_ASYMMETRIC) for one in offered if one.startswith(_ASYMMETRIC)]
    return any(ed25519.fits_base64(key, text, signed) for key in keys for text in texts)


def _any_equal(offered: Sequence[bytes], expected: Sequence[bytes]) -> bool:
    """Compare all with all, each in constant time: how long it takes tells nothing about which one fits."""
    found = False
    for one in expected:
        for other in offered:
            found |= hmac.compare_digest(one, other)
    return found
