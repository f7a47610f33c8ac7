"""Ed25519 signatures: pure; hostile input fits nothing, and never raises."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


class PublicKey(bytes):
    """A key that verifies and can't sign. ``bytes``, so that it can stand among the secrets of a source."""

    __slots__ = ()


def is_key(data: bytes) -> bool:
    """Whether this can be a public key."""
    return len(data) == KEY_BYTES


def fits_base64(key: bytes, text: bytes, signed: bytes) -> bool:
    """Whether a signature in base64 :func:`fits`. The spare bits at its end must be 0: one signature, one way to write it."""
    try:
        signature = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return base64.b64encode(signature) == text and fits(key, signature, signed)


def fits(key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether ``signature`` over ``signed`` was made with the private half of ``key``."""
    if not is_key(key) or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        _loaded(bytes(key)).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=64)
def _loaded(key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key)
