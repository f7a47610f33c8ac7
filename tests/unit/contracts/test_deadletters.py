"""Dead letters as people see them: each once, with what became of it, and nothing in them that steers a terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun import codec
from huoqun.deadletters import KINDS, Choice, heaps, index, kind_of, shown, visible
from huoqun.events import Refused
from huoqun.results import DeadLetter, Replayed


def letter(offset: int = 5, **fields: object) -> DeadLetter:
    base: dict[str, object] = {
        "topic": "p.events", "partition": 1, "offset": offset, "reason": "JSON is malformed", "value": b"{", "at": 1000,
        "service": "worker",
    }  # fmt: skip
    return DeadLetter(**(base | fields))  # type: ignore[arg-type]  # as given


def topic(*records: DeadLetter | Replayed | bytes | None) -> list[tuple[int, bytes | None]]:
    return [
        (number, record if isinstance(record, bytes | None) else codec.encode(record))
        for number, record in enumerate(records, 10)
    ]


def replayed(number: int, offset: int = 90) -> Replayed:
    return Replayed(letter=number, at=2000, topic="p.events", partition=1, offset=offset)


def test_a_letter_that_was_written_again_after_a_crash_counts_once_under_its_first_number() -> None:
    found = index(topic(letter(5), letter(6), letter(5)))
    assert [(x.number, x.times, x.offset) for x in found.found] == [(11, 1, 6), (10, 2, 5)]
    assert found.get(12) == found.get(10)
    assert found.get(13) is None


def test_another_record_at_the_same_place_of_a_log_made_anew_is_another_letter() -> None:
    assert len(index(topic(letter(5), letter(5, value=b"["))).found) == 2


def test_what_was_sent_again_says_so_whichever_of_its_numbers_was_named() -> None:
    found = index(topic(letter(5), letter(5), replayed(11)))
    (only,) = found.found
    assert only.replayed == replayed(11)
    assert not only.waits


def test_what_failed_again_names_the_letter_that_it_was() -> None:
    found = index(topic(letter(5), replayed(10), letter(90)))
    newest, oldest = found.found
    assert (newest.number, newest.replay_of, newest.waits) == (12, 10, True)
    assert (oldest.number, oldest.replay_of, oldest.waits) == (10, None, False)


def test_what_is_no_letter_is_counted_and_nothing_else_suffers() -> None:
    found = index(topic(b"nonsense", None, letter(5), b'{"record":"replayed","letter":"x"}', b"[" * 100_000))
    assert (len(found.found), found.unreadable) == (1, 4)


def test_a_cut_letter_tells_the_size_that_the_record_had() -> None:
    (only,) = index(topic(letter(5, value=b"{" * 10, cut=4000))).found
    assert (only.size, only.cut) == (4000, True)


def test_letters_are_chosen_by_time_kind_text_and_whether_they_wait() -> None:
    store = letter(6, reason="the store does not take it: Code: 469", at=5000, topic="p.alerts", service="sink")
    found = index(topic(letter(5), store, replayed(10))).found
    assert [x.number for x in found if Choice(since=3000).takes(x)] == [11]
    assert [x.number for x in found if Choice(reason="store").takes(x)] == [11]
    assert [x.number for x in found if Choice(reason="CODE: 469").takes(x)] == [11]
    assert [x.number for x in found if Choice(reason="malformed").takes(x)] == [10]
    assert [x.number for x in found if Choice(waiting=True).takes(x)] == [11]
    assert [x.number for x in found if Choice().takes(x)] == [11, 10]


def test_heaps_count_by_cause_the_largest_first() -> None:
    found = index(topic(letter(1), letter(2, at=500), letter(3, reason="n: 9 lies outside 0 to 1"), replayed(10))).found
    first, second = heaps(found)
    assert (first.kind, first.letters, first.waiting, first.oldest_at, first.newest.number) == (
        "malformed",
        2,
        1,
        500,
        11,
    )
    assert (second.kind, second.letters) == ("range", 1)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("the store does not take it: Code: 6. Cannot parse: malformed", "store"),
        ("the record has no value", "empty"),
        ("count: 99 lies outside 0 to 9", "range"),
        ("Object missing required field `type`", "schema"),
        ("Expected `int`, got `str` - at `$.ts`", "schema"),
        ("'utf-8' codec can't decode byte 0xff", "encoding"),
        ("Input data was truncated", "malformed"),
        ("maximum recursion depth exceeded", "other"),
    ],
)
def test_reasons_have_few_names(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind
    assert kind in KINDS


def test_json_is_indented_as_it_stands_and_the_rest_is_shown_as_what_it_is() -> None:
    assert shown(b'{"b":1,"a":[1,2],"b":2}') == ("json", '{\n  "b": 1,\n  "a": [\n    1,\n    2\n  ],\n  "b": 2\n}')
    assert shown("活群 \x1b[2J \u202e".encode()) == ("text", "活群 \\u001b[2J \\u202e")
    form, text = shown(b"\xff\x00ab")
    assert (form, text) == ("bytes", "00000000  " + f"{'ff 00 61 62':<48}" + " ..ab")
    assert shown(b"[" * 50_000).form in ("text", "json")


@given(st.binary(max_size=300))
def test_nothing_that_is_shown_steers_the_terminal(value: bytes) -> None:
    assert all(c.isprintable() or c == "\n" for c in shown(value).text)


@given(st.text())
def test_visible_text_can_be_seen_and_keeps_what_could(text: str) -> None:
    assert visible(text).isprintable()
    if text.isprintable():
        assert visible(text) == text


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=5))
def test_json_that_is_shown_is_the_same_json(document: dict[str, str]) -> None:
    raw = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    seen = shown(raw)
    if seen.form == "json":
        assert json.loads(seen.text) == document


def test_a_note_is_never_taken_for_a_letter_nor_the_other_way_round() -> None:
    assert codec.decode_letter(codec.encode(replayed(3))) == replayed(3)
    assert codec.decode_letter(codec.encode(letter())) == letter()
    assert isinstance(codec.decode_dead_letter(codec.encode(replayed(3))), Refused)
