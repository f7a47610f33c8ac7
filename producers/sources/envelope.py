"""What platforms wrap and sign deliveries with: AES-256-CBC, plain hashes, Ed25519. Pure; hostile input never raises.

WeCom and DingTalk seal alike: the message lies between 16 random bytes with its length and the receiver's name, encrypted;
the signature is SHA-1 over token, timestamp, nonce and the encrypted text, sorted and joined. Nothing separates these, and
SHA-1 can be extended, so each of them has to be of its own form.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from multidict import MultiMapping

from producers import verify
from producers.verify import Denied

_AES_BLOCK: Final = 16
_KEY_BYTES: Final = 32
_SEALED_BLOCK: Final = 32
"""WeCom and DingTalk pad to twice the cipher's block."""
_HEAD: Final = _AES_BLOCK + 4
"""Random bytes, then the message's length."""

_ENCODED_KEY: Final = re.compile(r"[0-9A-Za-z+/]{43}", re.ASCII)
_TOKEN: Final = re.compile(r"[!-+\--9;-~]{1,128}", re.ASCII)
"""Visible ASCII without the comma and the colon, which separate secrets."""
_TIMESTAMP: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_NONCE: Final = re.compile(r"[!-~]{1,256}", re.ASCII)
_HEX_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}", re.ASCII)
"""Lower case only: a signature has one form."""


class Pair(NamedTuple):
    """A token, which signs, and a key, which encrypts."""

    token: str
    key: bytes


class Sealed(NamedTuple):
    """A sealed message as it travels."""

    signature: str
    timestamp: str
    nonce: str
    encrypted: str


class Unsealed(NamedTuple):
    """What was in it, who it is for, the secret that fitted, and how it came."""

    message: bytes
    receiver: str
    pair: Pair
    sealed: Sealed


def read_pairs(text: str) -> list[bytes] | Denied:
    """Read ``TOKEN:ENCODINGAESKEY``, several separated by commas; each becomes one key for :func:`pair_of`."""
    keys = []
    for number, part in enumerate(p.strip() for p in text.split(",")):
        place = f"secret {number + 1}"
        token, colon, encoded = part.partition(":")
        if not colon:
            return Denied(place, "must be TOKEN:ENCODINGAESKEY, both as the platform shows them, a colon between")
        if not _TOKEN.fullmatch(token):
            return Denied(place, "its token, before the colon, must be 1 to 128 visible ASCII characters")
        if not _ENCODED_KEY.fullmatch(encoded):
            return Denied(
                place, "its EncodingAESKey, after the colon, must be the 43 letters and digits of the platform"
            )
        keys.append(base64.b64decode(f"{encoded}=") + token.encode())
    return keys


def pair_of(key: bytes) -> Pair:
    """Return what :func:`read_pairs` has read."""
    return Pair(key[_KEY_BYTES:].decode("utf-8", "replace"), key[:_KEY_BYTES])


def unseal(
    query: MultiMapping[str], encrypted: object, keys: Sequence[bytes], *, signature: Sequence[str], receiver: str = ""
) -> Unsealed | Denied:
    """Return the message of a request if a secret fits and it is for ``receiver`` (empty: for anybody).

    ``signature`` are the names that the signature may have in the address.
    """
    sealed = _sealed_in(query, encrypted, signature)
    if isinstance(sealed, Denied):
        return sealed
    signed = False
    for pair in map(pair_of, keys):
        if not _same(sealed.signature, sorted_sha1(pair.token, sealed.timestamp, sealed.nonce, sealed.encrypted)):
            continue
        signed = True
        found = _unsealed(sealed, pair)
        if found is None:
            continue
        if receiver and not _same(found.receiver, receiver):
            return Denied("account", "the delivery is for another one than this source is configured with")
        return found
    if signed:
        return Denied("secret", "its token fits, its EncodingAESKey does not")
    return Denied(signature[0], "fits none of this source's secrets")


def in_time(found: Unsealed | Denied, now_s: int) -> Unsealed | Denied:
    """Return what was unsealed unless its signed time is too far off."""
    if isinstance(found, Denied):
        return found
    return verify.stale(found.sealed.timestamp, now_s=now_s, where="timestamp") or found


def _sealed_in(query: MultiMapping[str], encrypted: object, signature: Sequence[str]) -> Sealed | Denied:
    found = []
    for names in (signature, ("timestamp",), ("nonce",)):
        values = [value for name in names for value in query.getall(name, [])]
        if len(values) != 1 or not values[0]:
            return Denied(names[0], "sent more than once" if len(values) > 1 else "missing")
        found.append(values[0])
    offered, timestamp, nonce = found
    if not _TIMESTAMP.fullmatch(timestamp):
        return Denied("timestamp", "must be digits")
    if not _NONCE.fullmatch(nonce):
        return Denied("nonce", "must be visible ASCII characters")
    if not isinstance(encrypted, str):
        return Denied("encrypt", "missing: is encryption turned on at the platform?")
    return Sealed(offered, timestamp, nonce, encrypted)


def seal(message: bytes, *, receiver: str, pair: Pair, timestamp: str, nonce: str) -> Sealed:
    """Seal a message. What is random elsewhere is a keyed hash here, different for each ``timestamp`` and ``nonce``."""
    salt = hmac.new(pair.key, f"{timestamp}\n{nonce}".encode(), "sha256").hexdigest()[:_AES_BLOCK].encode()
    plain = salt + len(message).to_bytes(4, "big") + message + receiver.encode()
    padding = _SEALED_BLOCK - len(plain) % _SEALED_BLOCK
    encryptor = Cipher(AES256(pair.key), CBC(pair.key[:_AES_BLOCK])).encryptor()
    encrypted = base64.b64encode(encryptor.update(plain + bytes([padding]) * padding) + encryptor.finalize()).decode()
    return Sealed(sorted_sha1(pair.token, timestamp, nonce, encrypted), timestamp, nonce, encrypted)


def sorted_sha1(*parts: str) -> str:
    """Return the hex SHA-1 of the sorted parts, joined."""
    joined = "".join(sorted(parts)).encode("utf-8", "surrogatepass")
    return hashlib.sha1(joined, usedforsecurity=False).hexdigest()  # theirs to choose


def decrypt(encoded: str, *, key: bytes, initial: bytes | None = None, block: int = _AES_BLOCK) -> bytes | None:
    """Return what AES-256-CBC and base64 hide, ``None`` for what is no such thing. Without ``initial`` it goes first."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if initial is None:
        initial, data = data[:_AES_BLOCK], data[_AES_BLOCK:]
    if len(initial) != _AES_BLOCK or not data or len(data) % _AES_BLOCK:
        return None
    decryptor = Cipher(AES256(key), CBC(initial)).decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    padding = plain[-1]
    if not 1 <= padding <= block or plain[-padding:] != bytes([padding]) * padding:
        return None
    return plain[:-padding]


def ed25519_sign(seed: bytes, message: bytes) -> str:
    """Return the signature in hex."""
    return _signer(seed).sign(message).hex()


def ed25519_fits(seed: bytes, signature: str, message: bytes) -> bool:
    """Whether a signature in hex is that of the key made from ``seed``."""
    if not _HEX_SIGNATURE.fullmatch(signature):
        return False
    try:
        _signer(seed).public_key().verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _signer(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _unsealed(sealed: Sealed, pair: Pair) -> Unsealed | None:
    plain = decrypt(sealed.encrypted, key=pair.key, initial=pair.key[:_AES_BLOCK], block=_SEALED_BLOCK)
    if plain is None or len(plain) < _HEAD:
        return None
    end = _HEAD + int.from_bytes(plain[_AES_BLOCK:_HEAD], "big")
    if end > len(plain):
        return None
    return Unsealed(plain[_HEAD:end], plain[end:].decode("utf-8", "replace"), pair, sealed)


def _same(offered: str, expected: str) -> bool:
    return hmac.compare_digest(offered.encode("utf-8", "surrogatepass"), expected.encode("utf-8", "surrogatepass"))
