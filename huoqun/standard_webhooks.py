"""Signing as Standard Webhooks does: what our own senders put on what they send."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

MIN_KEY_BYTES: Final = 24
"""The least that Standard Webhooks asks of a secret (192 bits)."""

_PREFIX: Final = "whsec_"


def sign(*, message_id: str, timestamp_s: int, body: bytes, key: bytes) -> dict[str, str]:
    """Return the three Standard Webhooks headers for ``body``."""
    signed = b".".join((message_id.encode("ascii"), str(timestamp_s).encode("ascii"), body))
    signature = base64.b64encode(hmac.digest(key, signed, "sha256")).decode("ascii")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": f"v1,{signature}",
    }


def shared_key(text: str) -> bytes | None:
    """Read a shared secret, base64 behind ``whsec_``; ``None`` if it is none, or too short."""
    try:
        key = base64.b64decode(text.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) >= MIN_KEY_BYTES else None
