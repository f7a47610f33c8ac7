"""Large JSON value by value: the same values as reading it whole, whatever the size of the pieces that come."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.history import jsonstream
from producers.history.files import DamagedError, Stream
from producers.history.jsonstream import Raw, Scanner


class Dribble(Stream):
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(BytesIO(data), 10**9)
        self.size = size

    def read(self, size: int = 0) -> bytes:
        del size
        return super().read(self.size)


def scanner(data: bytes, size: int = 7) -> Scanner:
    return Scanner(Dribble(data, size))


def walk(at: Scanner) -> Any:
    """Read a document by its parts, as deep as it goes."""
    if at.peek() == b"{":
        return {key: walk(at) for key in at.fields()}
    if at.peek() == b"[":
        return [walk(at) for _ in at.entries()]
    return at.value()


documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=15,
)


@given(documents, st.integers(1, 30), st.sampled_from([None, 1, "\t"]), st.booleans())
def test_a_document_read_by_parts_or_whole_is_the_same(document: Any, size: int, indent: Any, ascii_only: bool) -> None:
    data = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    if b"\xed" in data:
        return  # lone surrogates are no UTF-8
    assert walk(scanner(data, size)) == document
    assert scanner(data, size).value() == document
    after = scanner(b"[" + data + b", 5]", size)
    taken = []
    for number, _ in enumerate(after.entries()):
        if number == 0:
            after.skip()
        else:
            taken.append(after.value())
    assert taken == [5]


def test_lines_are_counted_over_what_is_skipped() -> None:
    data = b'{\n"a": [1,\n2,\n{"x": "\\n]}"}],\n"b": [\n{"y": 1},\n\n{"y": 2}]\n}'
    at = scanner(data)
    found = []
    for key in at.fields():
        if key == "a":
            at.skip()
        else:
            found = list(at.each())
    assert found == [Raw(b'{"y": 1}', 6), Raw(b'{"y": 2}', 8)]


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"a"', b'{"a":', b'{"a": 1', b'{"a": 1,', b'{"a": 1 "b": 2}', b'{"a": }', b"[1, 2", b"[1 2]", b"{a: 1}", b'["abc', b'{"a": ["x\\', b"nonsense"]
)  # fmt: skip
def test_what_is_broken_is_said_with_its_line(data: bytes) -> None:
    at = scanner(b"\n\n" + data)
    with pytest.raises(DamagedError, match="not JSON") as error:
        walk(at)
    assert error.value.line == 3


def test_a_damaged_value_does_not_spoil_the_next_one() -> None:
    at = scanner(b'[{"a": tru}, {"a": true}]')
    first, second = at.each()
    with pytest.raises(DamagedError):
        first.decode()
    assert second.decode() == {"a": True}


def test_a_value_without_an_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonstream, "MOST_VALUE", 1000)
    for data in (b'["' + b"x" * 5000, b"[[" + b"1, " * 5000, b"[" + b"1" * 5000):
        with pytest.raises(DamagedError, match="a single value of more than"):
            list(scanner(data, 100).each())
    at = scanner(b'["' + b"x" * 5000, 100)
    with pytest.raises(DamagedError):
        at.skip()


def test_something_long_can_be_skipped_that_could_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonstream, "MOST_VALUE", 1000)
    at = scanner(b'{"a": [' + b'{"x": "y"}, ' * 5000 + b'1], "b": 2}', 100)
    found = {}
    for key in at.fields():
        if key == "a":
            at.skip()
        else:
            found[key] = at.value()
    assert found == {"b": 2}


def test_nesting_deeper_than_any_chat_is_refused() -> None:
    with pytest.raises(DamagedError, match="not JSON"):
        scanner(b"[" * 100_000 + b"]" * 100_000, 10_000).value()
