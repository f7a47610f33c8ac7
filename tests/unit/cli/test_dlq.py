"""``huoqun dlq`` says what is wrong with how it was called, and shows letters without a broker in between."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from huoqun import broker, codec, dlq
from huoqun.cli import main
from huoqun.config import Config
from huoqun.deadletters import Letter, index
from huoqun.records import Record
from huoqun.results import DeadLetter

BAD = DeadLetter(
    topic="huoqun.events", partition=1, offset=7, reason="JSON is malformed", value=b'{"a":\x1b', key=b"qq/g", at=1_764_000_000_000,
    service="worker",
)  # fmt: skip
STORE = DeadLetter(
    topic="huoqun.events", partition=0, offset=9, reason="the store does not take it: Code: 469", value=b'{"id":"e"}',
    key=b"qq/h", at=1_764_000_100_000, service="sink",
)  # fmt: skip


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["dlq", *arguments])


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Two letters in the topic, and what is sent again."""
    sent: list[list[int]] = []

    def send(_config: Config, chosen: list[Letter], advanced: Callable[[int], None]) -> dlq.Sent:
        sent.append([letter.number for letter in chosen])
        advanced(len(chosen))
        return dlq.Sent(len(chosen), [])

    def look(_config: Config) -> Any:
        return index([(3, codec.encode(BAD)), (4, codec.encode(STORE)), (5, b"no letter")])

    monkeypatch.setattr(broker, "wait_for_broker", lambda *_: None)
    monkeypatch.setattr(dlq, "look", look)
    monkeypatch.setattr(dlq, "open_letter", lambda _config, number: {3: BAD, 4: STORE}[number])
    monkeypatch.setattr(dlq, "original", lambda _config, letter: _original(letter))
    monkeypatch.setattr(dlq, "send_again", send)
    return sent


def _original(letter: DeadLetter) -> Record | None:
    if letter is BAD:
        return None
    return Record(0, 9, letter.at, letter.key, letter.value, (("trace", b"x\x1b"),))


@pytest.mark.usefixtures("letters")
def test_the_list_is_newest_first_and_says_who_where_and_why() -> None:
    result = run("list")
    assert result.exit_code == 0
    first, second = [line for line in result.output.splitlines() if "huoqun.events/" in line]
    for word in ("4", "2025-11-24 16:01:40", "sink", "store", "huoqun.events/0/9", "qq/h", "10"):
        assert word in first
    assert "huoqun.events/1/7" in second
    assert "1 records of the topic are no letters" in result.stderr


@pytest.mark.usefixtures("letters")
def test_programs_get_json_and_the_summary_counts() -> None:
    (found,) = json.loads(run("list", "--json", "--reason", "store").stdout)
    assert (found["letter"], found["kind"], found["partition"], found["key"], found["bytes"]) == (
        4,
        "store",
        0,
        "qq/h",
        10,
    )
    heaps = json.loads(run("list", "--json", "--summary").stdout)
    assert {heap["kind"]: heap["letters"] for heap in heaps} == {"store": 1, "malformed": 1}
    assert "the newest says" in run("list", "--summary").stdout


@pytest.mark.usefixtures("letters")
def test_one_letter_is_shown_with_its_bytes_made_safe_or_as_they_are() -> None:
    shown = run("show", "3").stdout
    assert '{"a":\\u001b' in shown
    assert "\x1b" not in shown
    assert "not known: the record is not in its topic any more" in shown
    shown = run("show", "4").stdout
    assert '  "id": "e"' in shown
    assert "trace: x\\u001b" in shown
    assert run("show", "3", "--raw").stdout_bytes == BAD.value


@pytest.mark.usefixtures("letters")
def test_a_letter_that_is_not_there_is_status_1_and_says_how_to_find_one() -> None:
    for arguments in (("show", "9"), ("replay", "3", "9")):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "there is no letter 9" in result.stderr
        assert "huoqun dlq list" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("replay",), "say --all"),
        (("replay", "3", "--all"), "not both"),
        (("replay", "3", "--since", "1h"), "not both"),
        (("list", "--since", "yesterday"), "90m, 12h or 7d"),
        (("list", "--since", "2026-13-01"), "90m, 12h or 7d"),
        (("show", "x"), "x"),
        (("show",), "LETTER"),
    ],
)
def test_wrong_use_is_status_2_with_the_mend(arguments: tuple[str, ...], told: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_letters_are_sent_in_the_order_in_which_they_were_written(letters: list[list[int]]) -> None:
    assert run("replay", "4", "3", "--quiet").exit_code == 0
    assert run("replay", "--all", "--quiet").exit_code == 0
    assert run("replay", "--since", "2025-11-24T16:01:00Z", "--quiet").exit_code == 0
    assert run("replay", "--limit", "1", "--quiet").exit_code == 0
    assert letters == [[3, 4], [3, 4], [4], [4]]


def test_a_dry_run_sends_nothing(letters: list[list[int]]) -> None:
    result = run("replay", "--all", "--dry-run")
    assert result.exit_code == 0
    assert "2 letters would be sent; nothing was" in result.stdout
    assert "huoqun.events/1/7" in result.stdout
    assert letters == []


@pytest.mark.usefixtures("letters")
def test_what_could_not_be_sent_is_named_and_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dlq, "send_again", lambda *_: dlq.Sent(1, [(3, "it holds no value")]))
    result = run("replay", "--all", "--quiet")
    assert result.exit_code == 1
    assert "1 letters sent again" in result.stdout
    assert "letter 3 not sent: it holds no value" in result.stderr


def test_where_no_broker_answers_the_status_is_1_and_the_address_is_named(tmp_path: Any) -> None:
    file = tmp_path / "huoqun.toml"
    file.write_text('data_dir = "none"\n[kafka]\nbootstrap = "127.0.0.1:1"\n')
    result = CliRunner().invoke(main, ["-c", str(file), "dlq", "list"])
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.stderr
