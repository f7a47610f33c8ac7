"""What a notice says, in Chinese, English or both, before any channel's markup: what, where, why with figures, and where to act.

Whatever is not ours (names, messages, titles and reasons that quote them) goes through ``escape`` (:mod:`sinks.notify.plain`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from huoqun.report.words import BETWEEN, KINDS, SEVERITIES, STAGES, duration, said
from huoqun.results import Severity
from sinks.notify.notice import Item, Language, Night, Notice, Step, Trouble, Week
from sinks.notify.plain import Escape, shortened

LONGEST_NAME: Final = 40
LONGEST_TITLE: Final = 200
LONGEST_REASON: Final = 300
LONGEST_WHY: Final = 300
REASONS_ALONE: Final = 6
"""How many reasons an alert shows that has a notice of its own."""
REASONS_TOGETHER: Final = 2
"""The same, where a notice shows several alerts."""

OPEN_THE_DESK: Final = "去处理 · open the desk"

_STEPS: Final[dict[Step, str]] = {
    "raised": "",
    "acked": "有人处理 · in hand",
    "again": "仍未处理 · still open",
    "escalated": "升级 · escalated",
    "resolved": "已结束 · over",
    "digest": "早报 · morning digest",
    "weekly": "周报 · weekly report",
    "trouble": "通知送不出去 · notices don't arrive",
    "test": "测试 · test",
}
_WORST_FIRST: Final[tuple[Severity, ...]] = ("critical", "warning", "info")


class Block(NamedTuple):
    """One subject of a message: a heading, lines below it, and the page to act on."""

    heading: str
    lines: tuple[str, ...]
    link: str = ""


class Message(NamedTuple):
    """A worded notice. ``severity`` is that of the worst alert in it; ``None`` where there is none."""

    headline: str
    intro: tuple[str, ...]
    blocks: tuple[Block, ...]
    outro: tuple[str, ...]
    link: str
    link_text: str
    severity: Severity | None

    def lines(self) -> list[str]:
        """Return everything below the headline as plain lines, links written out."""
        found = list(self.intro)
        for block in self.blocks:
            found += [line for line in (block.heading, *block.lines, block.link) if line]
        return [*found, *self.outro, *([f"{self.link_text}: {self.link}"] if self.link else [])]


def cut(message: Message, lang: Language, fits: Callable[[Message], bool]) -> Message:
    """Return as much of a message, from its beginning, as fits; a line says how many lines were left out."""
    if fits(message):
        return message
    low, high = 0, sum(1 + len(block.lines) for block in message.blocks)
    while low < high - 1:
        middle = (low + high) // 2
        if fits(_first(message, middle, lang)):
            low = middle
        else:
            high = middle
    shorter = _first(message, low, lang)
    return shorter if low or fits(shorter) else shorter._replace(intro=())


def _first(message: Message, lines: int, lang: Language) -> Message:
    blocks, dropped = [], 0
    for block in message.blocks:
        kept = min(lines, 1 + len(block.lines))
        lines -= kept
        dropped += 1 + len(block.lines) - kept
        if kept:
            blocks.append(block._replace(lines=block.lines[: kept - 1]))
    return message._replace(blocks=tuple(blocks), outro=(left_out(lang)(dropped), *message.outro))


def left_out(lang: Language) -> Callable[[int], str]:
    """Return the line that says how many lines were cut off."""
    return lambda n: _say(f"……还有 {n} 行未显示", f"{n} more lines are left out", lang)


def worded(notice: Notice, escape: Escape) -> Message:
    """Say a notice in its language."""
    lang = notice.language
    intro: tuple[str, ...] = ()
    outro: tuple[str, ...] = ()
    alone = len(notice.items) == 1 and not notice.more
    if notice.step == "test":
        intro = _test(notice, lang, escape)
        blocks: tuple[Block, ...] = ()
    elif notice.step == "weekly":
        blocks = tuple(_week(week, lang, escape) for week in notice.weeks)
        outro = _more(notice.more_weeks, "个群未列出", "more groups are not listed", lang)
    elif notice.trouble is not None:
        intro, blocks = _trouble(notice.trouble, notice.at, lang, escape), ()
    else:
        intro = tuple(_night(notice.night, lang)) if notice.night is not None else ()
        if len(notice.counts) > 1 or (notice.more and notice.counts):
            intro = (*intro, _counted(notice.counts, lang))
        blocks = tuple(_item(item, notice, lang, escape, alone=alone) for item in notice.items)
        outro = _more(notice.more, "条提醒未列出", "more alerts are not listed", lang)
    link = notice.link or (notice.items[0].link if alone else "")
    if link and alone:
        blocks = tuple(block._replace(link="") for block in blocks)
    return Message(
        headline=_headline(notice, escape, alone=alone),
        intro=intro,
        blocks=blocks,
        outro=outro,
        link=link,
        link_text=said(OPEN_THE_DESK, lang),
        severity=_worst(notice),
    )


def _headline(notice: Notice, escape: Escape, *, alone: bool) -> str:
    """What at one look: ``紧急 critical｜无人回应 unanswered｜the group``."""
    lang = notice.language
    parts = [_label(_STEPS[notice.step], lang)]
    worst = _worst(notice)
    if worst is not None and notice.step not in ("digest", "resolved"):
        parts.append(_label(SEVERITIES[worst], lang))
    if alone:
        (item,) = notice.items
        parts += [_label(KINDS.get(item.kind, item.kind), lang), _where(item, escape)]
    elif notice.items:
        many = len(notice.items) + notice.more
        parts.append(_label(f"{many} 条提醒 · {many} alerts", lang))
        groups = {(item.platform, item.group_id) for item in notice.items}
        if not notice.more:
            n = len(groups)
            parts.append(_where(notice.items[0], escape) if n == 1 else _label(f"{n} 个群 · {n} groups", lang))
    elif notice.weeks:
        many = len(notice.weeks) + notice.more_weeks
        parts.append(_group_of(notice.weeks[0], escape) if many == 1 else _label(f"{many} 个群 · {many} groups", lang))
    elif notice.trouble is not None:
        parts.append(escape(shortened(notice.trouble.channel, LONGEST_NAME)))
    return "｜".join(part for part in parts if part)


def _item(item: Item, notice: Notice, lang: Language, escape: Escape, *, alone: bool) -> Block:
    titles = _lines_of(shortened(item.title, LONGEST_TITLE * 2), lang, escape, LONGEST_TITLE)
    where = _where(item, escape)
    lines = list(titles[1:])
    if alone:
        lines.append(_pair("群", "group", f"{where} ({escape(item.platform)})", lang))
    most = REASONS_ALONE if alone else REASONS_TOGETHER
    reasons = item.reasons
    if item.ended and not item.ended_by:  # the streams put last why it ended
        reasons, most = (*reasons[-1:], *reasons[:-1]), most // 2
    lines += [line for each in reasons[:most] for line in _lines_of(each, lang, escape, LONGEST_REASON, together=True)]
    if len(reasons) > most and not item.ended:
        n = len(reasons) - most
        lines.append(_say(f"还有 {n} 条原因", f"{n} more reasons", lang))
    lines += _state(item, notice.at, lang, escape)
    heading = titles[0] if titles else _label(KINDS.get(item.kind, item.kind), lang)
    if not alone:
        heading = f"{_label(SEVERITIES[item.severity], lang)}｜{where}｜{heading}"
    return Block(heading, tuple(lines), item.link)


def _state(item: Item, at: int, lang: Language, escape: Escape) -> Iterator[str]:
    if item.ended:
        took = duration((item.ended_at if item.ended_at is not None else at) - item.raised_at)
        who = escape(shortened(item.ended_by, LONGEST_NAME))
        if item.ended == "expired":
            yield _say(f"{took} 后已过时，不必再处理", f"expired after {took}, nobody needs it any more", lang)
        elif who:
            yield _say(f"{who} 处理完毕，用时 {took}", f"done by {who} after {took}", lang)
        else:
            yield _say(f"历时 {took}", f"over after {took}", lang)
        return
    waited = duration(at - item.raised_at)
    if at - item.raised_at >= 60_000:  # noqa: PLR2004  # a minute, below which everything is new
        yield _say(f"{waited} 前提醒", f"raised {waited} ago", lang)
    if item.assigned_to:
        who = escape(shortened(item.assigned_to, LONGEST_NAME))
        yield _say(f"{who} 正在处理", f"in the hands of {who}", lang)


def _night(night: Night, lang: Language) -> Iterator[str]:
    span = duration(night.until - night.since)
    yield _say(
        f"过去 {span} 有 {night.raised} 条提醒，其中 {night.closed} 条已自行结束",
        f"{night.raised} alerts within the last {span}, {night.closed} of them over by themselves",
        lang,
    )


def _week(week: Week, lang: Language, escape: Escape) -> Block:
    lines = []
    if week.stage:
        stage = STAGES.get(week.stage.replace(" ", "_"), week.stage)
        lines.append(_pair("阶段", "stage", _label(stage, lang), lang))
    if week.health is not None:
        lines.append(_pair("健康", "health", f"{week.health:.0%}", lang))
    lines += [
        _pair("成员", "members", f"{week.members} (+{week.joins} −{week.leaves})", lang),
        _pair("消息", "messages", f"{week.messages}{_change(week.messages, week.messages_before)}", lang),
        _pair("发言人", "speakers", f"{week.speakers}{_change(week.speakers, week.speakers_before)}", lang),
    ]
    if week.questions:
        share = f"{week.answered}/{week.questions} ({week.answered / week.questions:.0%})"
        first = "" if week.first_answer_seconds is None else f", {duration(round(week.first_answer_seconds * 1000))}"
        lines.append(_pair("提问有答、中位用时", "questions answered, median time", f"{share}{first}", lang))
    if week.at_risk:
        lines.append(_pair("可能流失的成员", "members at risk", str(week.at_risk), lang))
    if week.alerts:
        lines.append(_counted(week.alerts, lang))
    return Block(_group_of(week, escape), tuple(lines), week.link)


def _trouble(trouble: Trouble, at: int, lang: Language, escape: Escape) -> tuple[str, ...]:
    name, since = escape(shortened(trouble.channel, LONGEST_NAME)), duration(at - trouble.since)
    return (
        _say(
            f"通道 {name} 已有 {since} 收不到通知，{trouble.waiting} 条在等",
            f"channel {name} has taken nothing for {since}, {trouble.waiting} notices wait for it",
            lang,
        ),
        _pair("原因", "why", escape(shortened(trouble.why, LONGEST_WHY)), lang),
        _say("修好后试一下: huoqun notify test ROUTE", "once mended, try: huoqun notify test ROUTE", lang),
    )


def _test(notice: Notice, lang: Language, escape: Escape) -> tuple[str, ...]:
    route, channel = escape(notice.route), escape(notice.channel)
    return (
        _say(
            "这是一条测试通知，什么也没有发生，不必处理",
            "This is a test. Nothing has happened, nothing is to be done",
            lang,
        ),
        _say(f"路由 {route} 的通道 {channel} 能收到通知", f"channel {channel} of route {route} works", lang),
    )


def _counted(counts: tuple[tuple[str, int], ...], lang: Language) -> str:
    return ", ".join(f"{_label(KINDS.get(kind, kind), lang)} {n}" for kind, n in counts)


def _more(n: int, zh: str, en: str, lang: Language) -> tuple[str, ...]:
    return (_say(f"还有 {n} {zh}", f"{n} {en}", lang),) if n else ()


def _change(now: int, before: int | None) -> str:
    if before is None:
        return ""
    return f" ({(now - before) / before:+.0%})" if before else " (+)" if now else ""


def _worst(notice: Notice) -> Severity | None:
    found = {item.severity for item in notice.items}
    return next((severity for severity in _WORST_FIRST if severity in found), None)


def _where(item: Item, escape: Escape) -> str:
    return escape(shortened(item.group_name, LONGEST_NAME)) or escape(shortened(item.group_id, LONGEST_NAME)) or "?"


def _group_of(week: Week, escape: Escape) -> str:
    return escape(shortened(week.group_name, LONGEST_NAME)) or escape(shortened(week.group_id, LONGEST_NAME)) or "?"


def _pair(zh: str, en: str, value: str, lang: Language) -> str:
    """A name and its value, the value once."""
    return f"{_label(f'{zh}{BETWEEN}{en}', lang)}: {value}"


def _label(both: str, lang: Language) -> str:
    """A short text; in both languages side by side without a dot."""
    return said(both, lang).replace(BETWEEN, " ")


def _say(zh: str, en: str, lang: Language) -> str:
    return zh if lang == "zh" else en if lang == "en" else f"{zh}{BETWEEN}{en}"


def _lines_of(both: str, lang: Language, escape: Escape, most: int, *, together: bool = False) -> list[str]:
    """A text of the streams in the language, each language on its own line unless ``together``."""
    text = said(both, lang)
    parts = [text] if together or lang != "both" else text.split(BETWEEN, 1)
    return [line for part in parts if (line := escape(shortened(part, most)))]
