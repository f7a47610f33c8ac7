"""The report finds in the store what was planted, and says it in either language."""

from __future__ import annotations

import io
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from huoqun.report import Query, Report, collect, render
from huoqun.report.collect import literal
from huoqun.report.words import duration, said, short
from producers.simulator import planted
from tests.unit.report.conftest import END

pytestmark = pytest.mark.chdb
PLANTED = planted(END)


def printed(report: Report, lang: Any = "both", width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(render(report, lang))
    return out.getvalue()


def cells(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def test_an_empty_store_says_how_to_begin(empty: Query) -> None:
    report = collect(empty)
    assert report.now_ms is None
    assert "huoqun replay FILE" in printed(report)


def test_every_section_is_there_in_both_languages_within_100_columns(query: Query) -> None:
    text = printed(collect(query))
    for heading in (
        "现在需要你 · Needs you now",
        "各群 · Groups",
        "问题 · Questions",
        "接连退群 · People leaving in a burst",
        "可能流失的成员 · Members at risk",
        "在等回应的新人 · Newcomers waiting",
        "接下来看哪里 · Where to look next",
    ):
        assert heading in text
    assert "全部为模拟数据 · all simulated" in text
    assert "health" in text
    assert "100%" in text
    assert max(cells(line.rstrip()) for line in text.splitlines()) <= 100


def test_one_language_leaves_the_other_out(query: Query) -> None:
    report = collect(query)
    assert "Needs you now" not in printed(report, "zh")
    assert "现在需要你" not in printed(report, "en")
    assert "没人回应" not in printed(report, "en")


def test_now_is_the_newest_time_in_the_data(query: Query) -> None:
    now = collect(query).now_ms
    assert now is not None
    assert END <= now <= END + 60_000


def test_the_planted_open_questions_are_listed_or_counted_oldest_first(query: Query) -> None:
    report = collect(query)
    asked = [q.asked_ms for q in report.open_questions]
    assert asked == sorted(asked)
    assert report.question_counts.open >= len(PLANTED.open_questions)
    old = {q.asked_at for q in PLANTED.unanswered_questions}
    assert old <= set(asked)
    assert all(q.text for q in report.open_questions)


def test_what_waits_for_staff_now_stands_on_top(query: Query) -> None:
    alerts = collect(query).alerts
    severities = [("critical", "warning", "info").index(a.severity) for a in alerts]
    assert severities == sorted(severities)
    mention = next(q for q in PLANTED.open_questions if q.kind == "mention")
    assert mention.asked_at in [a.since_ms for a in alerts[:4]]


def test_the_leave_burst_is_shown_with_the_advertisement_that_came_before(query: Query) -> None:
    report = collect(query)
    [(burst, before)] = report.bursts
    assert f"{burst.platform}/{burst.group_id}" == PLANTED.leave_burst.group
    assert PLANTED.leave_burst.first_at <= burst.raised_ms <= PLANTED.leave_burst.last_at
    assert len(before.pitches) == len(PLANTED.advertisement.event_ids)
    assert "yangtai" in before.pitches[0]
    assert "×3" in printed(report) or "×2" in printed(report)


def test_newcomers_who_got_no_response_come_before_those_who_never_spoke(query: Query) -> None:
    report = collect(query)
    ignored = [n.who for n in report.newcomers if n.first_words]
    silent = [n.who for n in report.newcomers if not n.first_words]
    assert [n.who for n in report.newcomers] == ignored + silent
    assert set(ignored) == {"青团", "半亩"}
    assert len(silent) == report.newcomer_count - len(ignored) == len(PLANTED.newcomers_silent)


def test_the_regular_who_went_quiet_is_at_risk_with_a_reason_and_staff_and_bots_never_are(query: Query) -> None:
    report = collect(query)
    quiet = next(r for r in report.at_risk if r.who == "月姐")
    assert quiet.reasons
    assert quiet.last_message_ms in [g.last_message_at for g in PLANTED.gone_quiet]
    assert all(0.25 <= r.risk <= 1 for r in report.at_risk)
    assert {r.who for r in report.at_risk}.isdisjoint({"阿禾", "木木老师", "小芽助手"})


def test_a_report_on_one_group_is_about_that_group_only(query: Query) -> None:
    platform, _, group_id = PLANTED.steady_group.partition("/")
    report = collect(query, (platform, group_id))
    shown = [
        *report.groups,
        *report.windows,
        *report.alerts,
        *report.open_questions,
        *report.at_risk,
        *report.newcomers,
    ]
    assert {(row.platform, row.group_id) for row in shown} == {(platform, group_id)}
    assert report.bursts == []
    assert "阳台" not in printed(report)


def test_a_group_that_is_not_there_gives_an_empty_report_whatever_its_name(query: Query) -> None:
    assert collect(query, ("qq", "x' OR 1=1 --\\")).events == 0


def test_sections_without_anything_say_so_in_a_line() -> None:
    text = printed(Report(now_ms=END, events=1))
    for line in (
        "没有未处理的提醒 · no open alerts",
        "还没有群 · no groups yet",
        "还没有人提问 · nobody has asked anything yet",
    ):
        assert line in text
    assert text.count("没有 · none") == 3


@given(st.text(), st.text())
def test_a_literal_ends_where_it_should(text: str, other: str) -> None:
    inside = literal(text + other)[1:-1]
    assert inside.replace("\\\\", "").replace("\\'", "").count("'") == 0
    assert not inside.replace("\\\\", "").endswith("\\")


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 s"),
        (59_999, "59 s"),
        (60_000, "1 min"),
        (3_900_000, "1 h 5 min"),
        (7_200_000, "2 h"),
        (100 * 3_600_000, "4 d 4 h"),
        (30 * 86_400_000, "30 d"),
        (-5, "0 s"),
    ],
)
def test_durations_read_well(ms: int, text: str) -> None:
    assert duration(ms) == text


def test_a_text_in_one_language_is_shown_whatever_is_asked_for() -> None:
    assert said("只有中文", "en") == "只有中文"
    assert said("中 · en", "en") == "en"


@given(st.text(), st.integers(2, 80))
def test_short_texts_stay_on_one_line_within_their_length(text: str, most: int) -> None:
    assert len(short(text, most)) <= most
    assert "\n" not in short(text, most)
