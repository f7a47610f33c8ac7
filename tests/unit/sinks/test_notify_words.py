"""A notice says what, where and why, fits where it goes, and nothing that members wrote works as markup there."""

import json
import re
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from huoqun.report.words import KINDS, SEVERITIES
from huoqun.results import AlertKind
from sinks.notify.channels.by_apprise import _text
from sinks.notify.channels.dingtalk import MAX_TEXT as DINGTALK_ROOM
from sinks.notify.channels.dingtalk import DingTalk
from sinks.notify.channels.feishu import MAX_BODY as FEISHU_ROOM
from sinks.notify.channels.feishu import Feishu
from sinks.notify.channels.wecom import MAX_TEXT as WECOM_ROOM
from sinks.notify.channels.wecom import WeCom
from sinks.notify.notice import Notice
from sinks.notify.outbound import Outbound
from sinks.notify.plain import inert, link, plain, shortened
from sinks.notify.targets import Allowed
from sinks.notify.wording import cut, worded
from tests.support.notices import AT, HOSTILE, every_step, item, notice, week

HAN = re.compile(r"[\u4e00-\u9fff]")
OUT = Outbound(Allowed())
MARKUP = "<>[](){}*_~`#|\\!@"
PIECES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "@all",
            "<@all>",
            "[a](http://b.cc)",
            "http://b.cc",
            "www.b.cc",
            "**",
            "`",
            "\n# x",
            "\n- x",
            "\u202e",
            "\u200b",
            "&lt;",
            "](x)",
        ]
    ),
)
WORDS = st.lists(PIECES, max_size=8).map("".join)


def body(channel: Any, told: Notice) -> Any:
    (post,) = channel.posts(told, AT)
    return json.loads(post.body)


def markdown_of(told: Notice) -> list[str]:
    return [
        body(DingTalk(OUT, "https://x.example/", ""), told)["markdown"]["text"],
        body(WeCom(OUT, "https://x.example/", ""), told)["markdown"]["content"],
    ]


def texts_of(card: Any) -> list[str]:
    """Every text of a card, after a check that each is plain."""
    if isinstance(card, list):
        return [text for each in card for text in texts_of(each)]
    if not isinstance(card, dict):
        return []
    if "content" in card:
        assert card["tag"] == "plain_text"
        return [card["content"]]
    return [text for each in card.values() for text in texts_of(each)]


def test_one_alert_says_what_where_why_and_where_to_act() -> None:
    said = worded(notice(language="en"), plain)
    assert said.headline == "warning｜unanswered｜阳台种菜互助群"
    assert said.lines() == [
        "西晒阳台's message to staff unanswered for 9 min",
        "group: 阳台种菜互助群 (qq)",
        "waited 9 min, past the deadline",
        "「周六的换苗还办吗」",
        "raised 9 min ago",
        "open the desk: https://desk.example.com/#/alert/a1",
    ]


def test_the_same_in_chinese_and_in_both() -> None:
    assert worded(notice(language="zh"), plain).lines()[0] == "西晒阳台找管理员的消息 9 min 没人回应"
    both = worded(notice(), plain)
    assert both.headline == "警告 warning｜无人回应 unanswered｜阳台种菜互助群"
    assert both.lines()[:2] == [
        "西晒阳台找管理员的消息 9 min 没人回应",
        "西晒阳台's message to staff unanswered for 9 min",
    ]


def test_an_end_says_how_long_it_took_and_by_whom() -> None:
    by_itself = worded(notice(step="resolved", items=(item(ended="resolved", ended_at=AT),), language="en"), plain)
    assert "over after 9 min" in by_itself.lines()
    by_hand = worded(
        notice(step="resolved", items=(item(ended="resolved", ended_at=AT, ended_by="阿禾"),), language="en"), plain
    )
    assert "done by 阿禾 after 9 min" in by_hand.lines()
    late = worded(notice(step="resolved", items=(item(ended="expired", ended_at=AT),), language="en"), plain)
    assert "expired after 9 min, nobody needs it any more" in late.lines()


def test_an_end_says_first_why_which_the_streams_put_last() -> None:
    reasons = ("waited · waited", "a · a", "b · b", "阿禾回答了 · answered by 阿禾")
    ended = worded(
        notice(step="resolved", items=(item(ended="resolved", ended_at=AT, reasons=reasons),), language="en"), plain
    )
    assert ended.lines()[2:5] == ["answered by 阿禾", "waited", "a"]


def test_a_storm_is_counted_by_kind_and_says_what_it_leaves_out() -> None:
    told = notice(
        items=(item(), item(group_id="43", severity="critical")),
        more=118,
        counts=(("unanswered", 100), ("flood", 20)),
        language="en",
        link="",
    )
    said = worded(told, plain)
    assert said.headline == "critical｜120 alerts"
    assert said.lines()[0] == "unanswered 100, flood 20"
    assert said.lines()[-1] == "118 more alerts are not listed"


def test_a_weekly_report_has_the_figures_and_their_change() -> None:
    said = worded(notice(step="weekly", items=(), weeks=(week(),), language="en", link=""), plain)
    assert said.headline == "weekly report｜阳台种菜互助群"
    assert said.lines()[1:] == [
        "stage: acting together",
        "health: 80%",
        "members: 54 (+3 −9)",
        "messages: 477 (+19%)",
        "speakers: 29 (-3%)",
        "questions answered, median time: 9/12 (75%), 45 s",
        "members at risk: 2",
        "unanswered 5, leave burst 1",
        "https://desk.example.com/#/group/qq/42",
    ]


def test_a_digest_says_what_the_night_was() -> None:
    (told,) = [each for each in every_step("en") if each.step == "digest"]
    assert worded(told, plain).lines()[0] == "9 alerts within the last 10 h, 6 of them over by themselves"


def test_a_test_is_clearly_one() -> None:
    for channel_text in (
        *markdown_of(every_step()[-1]),
        *texts_of(body(Feishu(OUT, "https://x.example/", ""), every_step()[-1])),
    ):
        assert "测试" in channel_text or "test" in channel_text.lower() or channel_text == "活群 huoqun"


@pytest.mark.parametrize("told", every_step("zh"), ids=lambda told: told.step)
def test_chinese_alone_has_no_english_word_of_ours(told: Notice) -> None:
    said = "\n".join((worded(told, plain).headline, *worded(told, plain).lines()))
    english = {word.partition(" · ")[2] for word in (*KINDS.values(), *SEVERITIES.values())} - {""}
    assert [word for word in english if re.search(rf"\b{word}\b", said)] == []


@pytest.mark.parametrize(
    "told", every_step("en", group_name="Balcony", title="中 · a", reasons=("中 · b",)), ids=lambda told: told.step
)
def test_english_alone_has_no_chinese(told: Notice) -> None:
    told = in_latin_letters(told)
    said = "\n".join((worded(told, plain).headline, *worded(told, plain).lines()))
    assert HAN.search(said) is None, said


def in_latin_letters(told: Notice) -> Notice:
    items = tuple(
        msgspec.structs.replace(each, group_name="B", title="x · a", reasons=(), assigned_to="") for each in told.items
    )
    weeks = tuple(msgspec.structs.replace(each, group_name="B") for each in told.weeks)
    return msgspec.structs.replace(told, items=items, weeks=weeks)


def test_every_kind_of_alert_has_words() -> None:
    for kind in get_args(AlertKind):
        assert (
            worded(notice(items=(item(kind=kind),), language="zh"), plain).headline.split("｜")[1]
            == KINDS[kind].partition(" · ")[0]
        )


@pytest.mark.parametrize(
    "told",
    every_step(title=HOSTILE, reasons=(HOSTILE,), group_name=HOSTILE, assigned_to=HOSTILE),
    ids=lambda told: told.step,
)
def test_nothing_hostile_gets_through_in_any_message(told: Notice) -> None:
    check_markdown(told)
    for text in texts_of(body(Feishu(OUT, "https://x.example/", ""), told)):
        assert "evil.example" not in text
        assert "://evil" not in text
        assert "\u202e" not in text
    for text in markdown_of(told):
        assert "@" not in text
        assert "<" not in text


def check_markdown(told: Notice) -> None:
    """Read as a Markdown reader does: our headings and links, and nothing else of any kind."""
    for text in markdown_of(told):
        for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
            assert token.type not in ("html_block", "code_block", "fence", "hr", "table_open"), (token.type, text)
            for inner in token.children or []:
                assert inner.type not in ("html_inline", "image", "code_inline", "em_open", "s_open"), (
                    inner.type,
                    text,
                )
                if inner.type == "link_open":
                    assert str(inner.attrs["href"]).startswith("https://desk.example.com/")


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, WORDS)
def test_whatever_members_write_no_markdown_comes_of_it(title: str, reason: str, name: str) -> None:
    one = item(title=title, reasons=(reason,), group_name=name, assigned_to=reason)
    check_markdown(notice(items=(one,)))
    check_markdown(notice(items=(one, one), more=2))


@given(WORDS)
def test_escaped_text_has_no_sign_of_any_markup_and_stays_itself(text: str) -> None:
    once = inert(text)
    assert not set(MARKUP) & set(once)
    assert "\n" not in once
    assert inert(once) == once


@given(WORDS)
def test_plain_text_is_one_line_with_no_address_to_click(text: str) -> None:
    once = plain(text)
    assert "\n" not in once
    assert "://" not in once
    assert plain(once) == once


@pytest.mark.parametrize("text", ["3.5 %", "9.75", "2026-11-22 18:30", "a. B", "阿禾。好", "1.2.3", "…"])
def test_figures_and_sentences_stay_as_they_are(text: str) -> None:
    assert plain(text) == text


def test_families_of_emoji_stay_together() -> None:
    assert plain("👨‍👩‍👧 ❤️") == "👨‍👩‍👧 ❤️"


@given(st.text(max_size=60), st.integers(9, 50))
def test_a_shortened_text_fits_and_counts_what_it_lost(text: str, most: int) -> None:
    short = shortened(text, most)
    if len(text) <= most:
        assert short == text
    else:
        kept, _, lost = short.rpartition("…(+")
        assert text.startswith(kept)
        assert int(lost.rstrip(")")) == len(text) - len(kept)
        assert len(short) <= most + 4


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(0, 12), st.integers(0, 400))
def test_every_message_fits_its_channel_and_says_how_much_is_missing(many: int, reasons: int, length: int) -> None:
    one = item(title="长" * length or "x", reasons=("因" * length,) * reasons)
    told = notice(items=(one,) * many)
    for channel, room in ((DingTalk, DINGTALK_ROOM), (WeCom, WECOM_ROOM)):
        found = body(channel(OUT, "https://x.example/", ""), told)["markdown"]
        text = found.get("text", found.get("content"))
        assert len(text.encode()) <= room
        lines = text.count(one.title[:20])
        assert lines >= many or "更多" in text or "未显示" in text
        assert "https://desk.example.com/" in text
    (post,) = Feishu(OUT, "https://x.example/", "s").posts(told, AT)
    assert len(post.body) <= FEISHU_ROOM


@given(st.integers(0, 4_000))
def test_cutting_keeps_as_much_as_fits(room: int) -> None:
    said = worded(notice(items=(item(),) * 12), plain)
    kept = cut(said, "en", lambda each: len("\n".join(each.lines())) <= room)
    text = "\n".join(kept.lines())
    assert len(text) <= room or not kept.blocks
    if kept != said:
        assert "more lines are left out" in text
        missing = sum(1 + len(b.lines) for b in said.blocks) - sum(1 + len(b.lines) for b in kept.blocks)
        assert f"{missing} more lines" in text


def test_a_link_can_not_end_before_it_ends() -> None:
    assert link("https://desk.example.com/a (b)>c") == "https://desk.example.com/a%20%28b%29%3Ec"


def test_apprise_gets_no_calls_to_everybody() -> None:
    text = _text(worded(notice(items=(item(title=HOSTILE, reasons=(HOSTILE,)),)), inert))
    assert "@everyone" not in text
    assert "<!channel>" not in text
