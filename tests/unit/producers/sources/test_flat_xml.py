"""XML from strangers: only what WeCom writes, and nothing that grows, points elsewhere or raises."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.events import Refused
from producers.sources.flat_xml import read_xml

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "0123456789">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 if n else str()};" * 10}">' for n in range(9))
    + "]><xml><Encrypt>&a8;</Encrypt></xml>"
)


def test_texts_and_lists_by_name() -> None:
    text = "<xml><A><![CDATA[a<b]]></A><B> 7 </B><C><Item>x</Item><Item><![CDATA[y]]></Item></C><D/><A>again</A></xml>"
    assert read_xml(text.encode()) == {"A": "a<b", "B": "7", "C": ["x", "y"], "D": ""}


def test_what_lies_deeper_does_no_harm() -> None:
    assert read_xml(b"<xml><A><B><C><D>x</D></C>y</B></A><E>z</E></xml>") == {"A": ["y"], "E": "z"}


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml/>',
        '<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1/">]><xml>&e;</xml>',
        "<!DOCTYPE xml><xml/>",
        "<xml>&undefined;</xml>",
        "<xml><A></xml>",
        "<xml/><xml/>",
        "plain",
        "",
    ],
)
def test_document_types_and_what_is_no_xml_are_refused(text: str) -> None:
    assert isinstance(read_xml(text.encode()), Refused)


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="utf-16"?><xml><A>x</A></xml>',
        b'<?xml version="1.0" encoding="shift_jis"?><xml><A>x</A></xml>',
        b'<?xml version="1.0" encoding="nonsense"?><xml><A>x</A></xml>',
    ],
)
def test_it_is_utf_8_whatever_it_says(data: bytes) -> None:
    assert read_xml(data) == {"A": "x"} or isinstance(read_xml(data), Refused)


@pytest.mark.parametrize("text", ["<a>" * 100_000, "<xml>" + "<a>" * 99_999 + "</a>" * 99_999 + "</xml>"])
def test_depth_costs_nothing(text: str) -> None:
    assert isinstance(read_xml(text.encode()), Refused | dict)


@given(st.binary(max_size=300))
def test_nothing_raises(data: bytes) -> None:
    assert isinstance(read_xml(b"<xml>" + data + b"</xml>"), Refused | dict)


@given(st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,9}", fullmatch=True), st.text(alphabet="ab<&>]7 é阿")))
def test_what_the_standard_library_writes_is_read(fields: dict[str, str]) -> None:
    root = ET.Element("xml")
    for name, text in fields.items():
        ET.SubElement(root, name).text = text
    assert read_xml(ET.tostring(root, "utf-8")) == {name: text.strip() for name, text in fields.items()}
