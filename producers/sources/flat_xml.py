"""XML as WeCom sends it: one element with named texts in it, some of them lists. Pure; document types are refused."""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

from huoqun.events import Refused

_FIELD: Final = 2
_ITEM: Final = 3


def read_xml(data: bytes) -> dict[str, Any] | Refused:
    """Return the texts by name; an element with elements in it becomes the list of their texts. Never raises.

    Without a document type there are no entities of one's own, hence nothing that could grow or point elsewhere.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(data, True)
    except _DoctypeError:
        return Refused("body", "an XML document type is not taken")
    except expat.ExpatError as error:
        return Refused("body", f"not XML: {error}")
    return reader.found


class _DoctypeError(Exception):
    pass


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self._depth = 0
        self._texts: list[str] = []
        self._items: list[str] = []

    def doctype(self, *_: object) -> None:
        raise _DoctypeError

    def start(self, _name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == _FIELD:
            self._items = []
        if self._depth <= _ITEM:
            self._texts = []

    def text(self, text: str) -> None:
        if self._depth <= _ITEM:
            self._texts.append(text)

    def end(self, name: str) -> None:
        if self._depth == _ITEM:
            self._items.append("".join(self._texts).strip())
            self._texts = []
        elif self._depth == _FIELD:
            self.found.setdefault(name, self._items or "".join(self._texts).strip())
        self._depth -= 1
