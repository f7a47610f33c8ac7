"""IRC logs: https://irssi.org/documentation/settings/, https://weechat.org/doc/ (logger), https://wiki.znc.in/Log and mIRC's."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from producers.history.irc import where_from
from producers.history.irc_lines import Came, Clock, Day, Entry, Other, Renamed, Said, Went, read_line
from tests.support.exports import irc
from tests.support.history_kit import read

EVENING = 1_704_239_880_000
"""2024-01-02 23:58 UTC."""


def test_irssi_logs_are_read_over_midnight_and_queries_are_not(tmp_path: Path) -> None:
    found = read(irc(tmp_path))
    assert found.wrong == []
    told = [
        (e["type"], (e["ts"] - EVENING) // 60_000, e["user_id"], e.get("text", e.get("reason", "")))
        for e in found.events
    ]
    assert told == [
        ("join", 0, "bob", ""), ("message", 1, "bob", "ann: who waters?"), ("message", 1, "ann", "me"), ("message", 1, "ann", "smiles"),
        ("rename", 3, "bob", ""), ("message", 4, "bob", "thanks"), ("leave", 5, "bob", "left"),
    ]  # fmt: skip
    assert found.only("me")["is_staff"] is True
    assert found.only("smiles")["extra"]["action"] is True
    assert found.only("thanks")["user_name"] == "bob|away"
    assert {e["group_id"] for e in found.events} == {"#balcony"}
    assert found.tally.left["message of a private conversation"] == 1
    assert "secret" not in str(found.events)


def test_lines_of_one_minute_stay_in_order(tmp_path: Path) -> None:
    found = read(irc(tmp_path))
    assert [e["ts"] for e in found.events] == sorted({e["ts"] for e in found.events}), "each has a time of its own"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("12:34 <@ann> hi: x", Said("ann", "hi: x", "", "@")),
        ("12:34 < ann> hi", Said("ann", "hi")),
        ("12:34  * ann waves", Said("ann", "waves", "action")),
        ("12:35 -!- bob [~b@host.org] has joined #chan", Came("bob", "#chan")),
        ("12:35 -!- bob [~b@host.org] has left #chan [bye all]", Went("bob", "left", "bye all")),
        ("12:35 -!- bob [~b@host.org] has quit [Quit: x]", Went("bob", "left", "Quit: x")),
        ("12:36 -!- bob was kicked from #chan by ann [go]", Went("bob", "kicked", "go", "ann")),
        ("12:36 -!- bob is now known as bob2", Renamed("bob", "bob2")),
        ("12:36 -!- mode/#chan [+o ann] by x", Other()),
        ("[12:34:56] <nick> text", Said("nick", "text")),
        ("[12:34:56] * nick action", Said("nick", "action", "action")),
        ("[12:34:56] *** Joins: nick (u@h)", Came("nick")),
        ("[12:34:56] *** Parts: nick (u@h) (reason (x))", Went("nick", "left", "reason (x)")),
        ("[12:34:56] *** Quits: nick (u@h) ()", Went("nick", "left")),
        ("[12:34:56] *** nick was kicked by op (reason)", Went("nick", "kicked", "reason", "op")),
        ("[12:34:56] *** a is now known as b", Renamed("a", "b")),
        ("[12:34:56] *** op sets mode: +o x", Other()),
        ("[12:34:56] -NickServ- hi", Said("NickServ", "hi", "notice")),
        ("[12:34] * ann (u@h) has joined #chan", Came("ann", "#chan")),
        ("[12:34] * ann (u@h) Quit (x)", Went("ann", "left", "x")),
        ("[12:34] * ann has left the building", Said("ann", "has left the building", "action")),
        ("[12:34] \x0304<ann>\x03 \x02bold\x02", Said("ann", "bold")),
        ("Jan 02 12:34:56 <ann>\thello", Said("ann", "hello")),
        ("Jan 02 12:34:56 *\tann (u@h) has joined", Came("ann")),
        ("2024-01-02 12:34:56\t@ann\ttext here", Said("ann", "text here", "", "@")),
        ("2024-01-02 12:34:56\t-->\tann (u@h) has joined #chan", Came("ann", "#chan")),
        ("2024-01-02 12:34:56\t<--\tann (u@h) has quit (reason)", Went("ann", "left", "reason")),
        ("2024-01-02 12:34:56\t<--\top has kicked nick (reason)", Went("nick", "kicked", "reason", "op")),
        ("2024-01-02 12:34:56\t--\told is now known as new", Renamed("old", "new")),
        ("2024-01-02 12:34:56\t *\tann waves", Said("ann", "waves", "action")),
        ("2024-01-02 12:34:56\t--\tTopic for #chan is x", Other()),
        ("=== ann [~a@h] has joined #ubuntu", Came("ann", "#ubuntu")),
    ],
)
def test_a_line_of_each_client(line: str, what: object) -> None:
    found = read_line(line)
    assert isinstance(found, Entry)
    assert found.what == what


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("--- Log opened Mon Jan 02 12:34:56 2006", (2006, 1, 2)),
        ("--- Day changed Tue Jan 03 2006", (2006, 1, 3)),
        ("Session Start: Mon Jan 02 12:34:56 2006", (2006, 1, 2)),
        ("**** BEGIN LOGGING AT Mon Jan  2 12:34:56 2006", (2006, 1, 2)),
        ("--- Day changed 2024-01-02", (2024, 1, 2)),
        ("-- Tue, 02 Jan 2024 --", (2024, 1, 2)),
        ("=== 2024-01-02 ===", (2024, 1, 2)),
    ],
)
def test_marks_between_days(line: str, day: tuple[int, int, int]) -> None:
    assert read_line(line) == Day(day)


@pytest.mark.parametrize("line", ["hello world", "", "25:00 <a> b", "12:61 <a> b"])
def test_what_is_no_line_of_a_log(line: str) -> None:
    assert read_line(line) is None


@pytest.mark.parametrize(
    ("line", "clock"),
    [
        ("[1:05 PM] <a> b", Clock(None, 13, 5, None)),
        ("[12:05 am] <a> b", Clock(None, 0, 5, None)),
        ("[2024-01-02 12:34:56] <a> b", Clock((2024, 1, 2), 12, 34, 56)),
        ("2024-01-02T12:34:56Z <a> b", Clock((2024, 1, 2), 12, 34, 56, 0)),
        ("[2024-01-02 12:34:56 +02:00] <a> b", Clock((2024, 1, 2), 12, 34, 56, 120)),
        ("Jan 02 12:34:56 <a> b", Clock((0, 1, 2), 12, 34, 56)),
    ],
)
def test_clocks(line: str, clock: Clock) -> None:
    found = read_line(line)
    assert isinstance(found, Entry)
    assert found.clock == clock


@pytest.mark.parametrize(
    ("path", "channel", "network"),
    [
        ("irc.libera.#python-dev.weechatlog", "#python-dev", "libera"),
        ("user/Libera/#chan/2024-01-02.log", "#chan", "libera"),
        ("net_#chan_20240102.log", "#chan", "net"),
        ("irclogs/OFTC/#Chan.log", "#chan", "oftc"),
        ("x/#c.2024-01-02.log.gz", "#c", "x"),
        ("x/ann.log", "", ""),
    ],
)
def test_names_tell_the_channel_and_the_network(path: str, channel: str, network: str) -> None:
    assert where_from(path) == (channel, network)


def test_znc_names_its_files_after_days_and_two_networks_are_two_groups(tmp_path: Path) -> None:
    for network in ("libera", "oftc"):
        folder = tmp_path / "logs" / network / "#balcony"
        folder.mkdir(parents=True)
        (folder / "2024-01-02.log").write_text(f"[23:58:01] <ann> on {network}\n")
    found = read(tmp_path / "logs")
    assert {(e["group_id"], e["text"], e["ts"]) for e in found.events} == {
        ("libera/#balcony", "on libera", EVENING + 1000),
        ("oftc/#balcony", "on oftc", EVENING + 1000),
    }


def test_a_clock_that_goes_back_has_passed_midnight_and_zones_count(tmp_path: Path) -> None:
    path = tmp_path / "#balcony_20240102.log"
    path.write_text("[23:58] <ann> late\n[00:10] <ann> early\n[00:05] <ann> late again\n")
    found = read(path)
    assert [(e["text"], (e["ts"] - EVENING) // 60_000) for e in found.events] == [
        ("late", 0),
        ("late again", 7),
        ("early", 12),
    ]
    assert read(path, zone=ZoneInfo("Europe/Berlin")).only("late")["ts"] == EVENING - 3_600_000


def test_a_log_without_a_day_is_named_once_with_the_mend(tmp_path: Path) -> None:
    path = tmp_path / "#balcony.log"
    path.write_text("[23:58] <ann> a\n[23:59] <ann> b\n")
    found = read(path)
    assert found.events == []
    (wrong,) = found.wrong
    assert wrong.place.line == 1
    assert "name the file after its day" in wrong.why


def test_a_log_that_names_no_channel_asks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "2024-01-02.log"
    path.write_text("[23:58] <ann> a\n")
    assert "use --group" in read(path).wrong[0].why
    path.write_text("[23:58] <ann> a\n[23:59] * bob (b@h) has joined #balcony\n")
    assert {e["group_id"] for e in read(path).events} == {"#balcony"}


def test_a_platform_of_ones_own_can_be_named(tmp_path: Path) -> None:
    assert {e["platform"] for e in read(irc(tmp_path), platform="libera").events} == {"libera"}
