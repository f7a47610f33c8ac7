"""Sealing as WeCom and DingTalk do it, by wechatpy: what has to open it was not written by whom it is tested with."""

import base64
from typing import NamedTuple

from wechatpy.crypto import _get_signature
from wechatpy.enterprise.crypto import PrpCrypto

TOKEN = "spamTokenOfTests"
AES_KEY = "k3sT0pN9wQ7xZ1aB5cD8eF2gH4jK6lM0nP3rS5tU7vW"
SECRET = f"{TOKEN}:{AES_KEY}"
NONCE = "1372623149"


class Sealed(NamedTuple):
    """What goes into the body, and what into the address."""

    encrypted: str
    query: dict[str, str]


def seal(text: str, receiver: str, timestamp: int, *, token: str = TOKEN, name: str = "msg_signature") -> Sealed:
    """Return a sealed text; ``name`` is that of the signature."""
    encrypted = PrpCrypto(base64.b64decode(AES_KEY + "=")).encrypt(text, receiver).decode()
    return sealed(encrypted, timestamp, token=token, name=name)


def sealed(encrypted: str, timestamp: int, *, token: str = TOKEN, name: str = "msg_signature") -> Sealed:
    """Return anything as if it were sealed, signed."""
    signature = _get_signature(token, str(timestamp), NONCE, encrypted)
    return Sealed(encrypted, {name: signature, "timestamp": str(timestamp), "nonce": NONCE})
