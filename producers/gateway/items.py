"""One JSON document of a body, read so that whatever is wrong comes back with its place. Pure."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

import msgspec

from huoqun import codec
from huoqun.events import Refused

_POSITION: Final = re.compile(r" \(byte (\d+)\)$")


class Item(NamedTuple):
    """One thing of a body that should be an event. ``prefix`` is where the event lies in the item."""

    raw: Any
    prefix: str = ""


def read_json(data: bytes) -> Item | Refused:
    """Return any JSON, or why it is none, with the place. Never raises."""
    try:
        return Item(codec.decode_json(data))
    except UnicodeDecodeError:
        return Refused(_not_utf8(data), "not UTF-8")
    except RecursionError:
        return Refused("", "nested too deeply")
    except (msgspec.DecodeError, ValueError) as error:
        position = _POSITION.search(str(error))
        why = _POSITION.sub("", str(error))
        return Refused(f"byte {position[1]}" if position else "", f"not JSON: {why}")


def _not_utf8(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start}"  # the decoder tells the place within the one string only
    return ""
