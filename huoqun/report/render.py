"""The report as rich renderables. Pure: what it shows and when "now" is, it is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from huoqun.report.collect import AlertRow, BeforeBurst, Report
from huoqun.report.words import BETWEEN, KINDS, STAGES, Lang, duration, said, short

_SHANGHAI: Final = timezone(timedelta(hours=8), "UTC+8")
_SEVERITY: Final = {"critical": ("●", "bold red"), "warning": ("●", "yellow"), "info": ("○", "cyan")}
_LONGEST_TEXT: Final = 60


def render(report: Report, lang: Lang = "both") -> RenderableType:
    """Return the whole report. It is laid out for 100 columns and wraps below."""
    if report.now_ms is None:
        return Text(said("还没有任何事件 · nothing has come in yet: send events with huoqun replay FILE", lang))
    parts: list[RenderableType] = [_title(report, report.now_ms, lang)]
    for heading, body in (
        ("现在需要你 · Needs you now", _alerts(report, report.now_ms, lang)),
        ("各群 · Groups", _groups(report, lang)),
        ("问题 · Questions", _questions(report, report.now_ms, lang)),
        ("接连退群 · People leaving in a burst", _bursts(report, lang)),
        ("可能流失的成员 · Members at risk", _at_risk(report, report.now_ms, lang)),
        ("在等回应的新人 · Newcomers waiting", _newcomers(report, report.now_ms, lang)),
        ("接下来看哪里 · Where to look next", _next(lang)),
    ):
        parts += [
            Text(),
            Text(said(heading, lang), style="bold"),
            *(Padding(part, (0, 0, 0, 2), expand=False) for part in body),
        ]
    return Group(*parts)


def _title(report: Report, now: int, lang: Lang) -> RenderableType:
    names = {g: name for g, name in ((_key(r.platform, r.group_id), r.group_name) for r in report.groups) if name}
    title = Text.assemble(("活群 huoqun", "bold green"), "  ", said("截至 · as of", lang), " ", _clock(now))
    title.append(f"  {report.events:,} " + said("条事件 · events", lang) + f"  {max(len(report.groups), len(names))} ")
    title.append(said("个群 · groups", lang))
    if report.simulated:
        every = report.simulated == report.events
        what = (
            "全部为模拟数据 · all simulated"
            if every
            else f"其中模拟 {report.simulated:,} · {report.simulated:,} simulated"
        )
        title.append("\n" + said(what, lang), style="dim")
    return title


def _alerts(report: Report, now: int, lang: Lang) -> Iterable[RenderableType]:
    if not report.alerts:
        yield _none("没有未处理的提醒 · no open alerts", lang)
    else:
        names = _names(report)
        for alert in report.alerts:
            mark, style = _SEVERITY.get(alert.severity, ("○", ""))
            first, _, second = said(alert.title, lang).partition(BETWEEN)
            line = Text.assemble((f"{mark} ", style), (first, "bold"))
            line.append(f"  {names.get(_key(alert.platform, alert.group_id), alert.group_id)}", style="cyan")
            line.append(f"  {duration(now - alert.since_ms)}", style="magenta")
            if alert.state != "open":
                line.append(f"  ({alert.state})", style="dim")
            if second:
                line.append(f"\n    {second}")
            yield line
            if alert.text:
                yield Text(f"    「{short(alert.text, _LONGEST_TEXT)}」")
            for reason in alert.reasons:
                yield Padding(Text(said(reason, lang), style="dim"), (0, 0, 0, 4))
        total = sum(report.alert_counts.values())
        counts = ", ".join(f"{said(KINDS.get(kind, kind), lang)} {n}" for kind, n in report.alert_counts.items())
        shown = len(report.alerts)
        hidden = said(f"前 {shown} 条，共 {total} 条 · first {shown} of {total}", lang) if total > shown else f"{total}"
        yield Text(f"{hidden}: {counts}", style="dim")
    if report.resolved_alerts:
        n = report.resolved_alerts
        yield Text(said(f"另有 {n} 条已解决 · {n} more have been resolved", lang), style="dim")


def _groups(report: Report, lang: Lang) -> Iterable[RenderableType]:
    if not report.groups:
        yield _none("还没有群 · no groups yet", lang)
        return
    windows = {(_key(w.platform, w.group_id), w.window): w for w in report.windows}
    table = _table(
        lang,
        ("群 · group", "left"),
        ("成员 · people", "right"),
        ("24h 人/条 · spoke/msgs", "right"),
        ("7d 人/条 · spoke/msgs", "right"),
        ("回复率 · replied", "right"),
        ("首回 · 1st reply", "right"),
        ("阶段 · stage", "left"),
        ("健康 · health", "right"),
    )
    table.columns[0].min_width = 22
    for row in report.groups:
        key = _key(row.platform, row.group_id)
        day, week = windows.get((key, "24h")), windows.get((key, "7d"))
        rate = None if week is None else week.reply_rate
        first = None if week is None else week.first_response_p50
        health = Text("–" if row.health is None else f"{row.health:.0%}", style=_health_style(row.health))
        table.add_row(
            Text.assemble(short(row.group_name or row.group_id, 26), (f"\n{row.platform}/{row.group_id}", "dim")),
            str(row.members),
            "–" if day is None else f"{day.speakers}/{day.messages}",
            "–" if week is None else f"{week.speakers}/{week.messages}",
            "–" if rate is None else f"{rate:.0%}",
            "–" if first is None else duration(round(first * 1000)),
            _stacked(STAGES.get(row.stage.replace(" ", "_"), row.stage), lang),
            health,
        )
    yield table
    for row in report.groups:
        if row.reasons:
            name = short(row.group_name or row.group_id, 26)
            yield Text.assemble((name, "cyan"), "  ", ("; ".join(said(r, lang) for r in row.reasons), "dim"))


def _questions(report: Report, now: int, lang: Lang) -> Iterable[RenderableType]:
    counts, names = report.question_counts, _names(report)
    answered = counts.by_staff + counts.by_member
    summary = (
        f"等待中 {counts.open}，过期 {counts.expired}，已回答 {answered}(管理 {counts.by_staff}，成员 {counts.by_member})"
        f" · {counts.open} open, {counts.expired} expired, {answered} answered "
        f"({counts.by_staff} by staff, {counts.by_member} by members)"
    )
    if not (answered or counts.open or counts.expired):
        yield _none("还没有人提问 · nobody has asked anything yet", lang)
        return
    yield Text(said(summary, lang))
    if counts.median_seconds is not None:
        yield Text(
            said("首个回答的中位用时 · median time to the answer", lang)
            + f": {duration(round(counts.median_seconds * 1000))}"
        )
    if report.open_questions:
        table = _table(
            lang,
            ("等了 · waiting", "right"),
            ("谁 · who", "left"),
            ("类型 · kind", "left"),
            ("说了什么 · text", "left"),
        )
        for q in report.open_questions:
            where = short(names.get(_key(q.platform, q.group_id), q.group_id), 20)
            table.add_row(
                Text(duration(now - q.asked_ms), style="red" if q.overdue else ""),
                Text.assemble(q.who, (f"\n{where}", "dim")),
                _stacked(KINDS.get(q.kind, q.kind), lang),
                short(q.text, _LONGEST_TEXT) or "–",
            )
        yield table
        if counts.open > len(report.open_questions):
            more = counts.open - len(report.open_questions)
            yield Text(said(f"还有 {more} 个 · and {more} more", lang), style="dim")
    else:
        yield _none("没有等待中的问题 · no question is waiting", lang)
    if report.answered_questions:
        yield Text(said("最近的回答 · latest answers", lang) + ":")
        for q in report.answered_questions:
            took = "?" if q.answered_ms is None else duration(q.answered_ms - q.asked_ms)
            role = said("管理 · staff" if q.by_staff else "成员 · member", lang)
            line = Text.assemble(("✓ ", "green"), f"{q.who}: {short(q.text, 40) or '–'}", "  → ")
            yield line.append(f"{q.answerer} ({role}), {took}", style="green")


def _bursts(report: Report, lang: Lang) -> Iterable[RenderableType]:
    if not report.bursts:
        yield _none("没有 · none", lang)
        return
    names = _names(report)
    for burst, before in report.bursts:
        yield _burst(burst, before, names, lang)


def _burst(burst: AlertRow, before: BeforeBurst, names: dict[str, str], lang: Lang) -> RenderableType:
    text = Text.assemble((said(burst.title, lang), "bold"), "  ")
    text.append(names.get(_key(burst.platform, burst.group_id), burst.group_id), style="cyan")
    text.append(f"  {_clock(burst.raised_ms)}")
    for reason in burst.reasons:
        text.append(f"\n  {said(reason, lang)}", style="dim")
    what = (
        f"之前半小时: {before.messages} 条消息,{before.joins} 人进群"
        f" · the half hour before: {before.messages} messages, {before.joins} joined"
    )
    text.append(f"\n  {said(what, lang)}")
    # The same pitch again and again differs in a word or a number: one line for all that begin alike.
    for times, pitch in _alike(before.pitches)[:3]:
        text.append(f"\n  「{short(pitch, _LONGEST_TEXT)}」" + (f" ×{times}" if times > 1 else ""), style="yellow")
    return text


def _at_risk(report: Report, now: int, lang: Lang) -> Iterable[RenderableType]:
    if not report.at_risk:
        yield _none("没有 · none", lang)
        return
    names = _names(report)
    table = _table(
        lang, ("谁 · who", "left"), ("风险 · risk", "right"), ("上次说话 · last spoke", "right"), ("原因 · why", "left")
    )
    for row in report.at_risk:
        last = "–" if row.last_message_ms is None else duration(now - row.last_message_ms)
        where = short(names.get(_key(row.platform, row.group_id), row.group_id), 20)
        table.add_row(
            Text.assemble(row.who, (f"\n{where}", "dim")),
            f"{row.risk:.0%}",
            last,
            "; ".join(said(r, lang) for r in row.reasons) or "–",
        )
    yield table
    if report.at_risk_count > len(report.at_risk):
        more = report.at_risk_count - len(report.at_risk)
        yield Text(said(f"还有 {more} 人 · and {more} more", lang), style="dim")


def _newcomers(report: Report, now: int, lang: Lang) -> Iterable[RenderableType]:
    if not report.newcomers:
        yield _none("没有 · none", lang)
        return
    names = _names(report)
    silent: dict[str, list[str]] = {}
    for row in report.newcomers:
        where = names.get(_key(row.platform, row.group_id), row.group_id)
        if not row.first_words:
            silent.setdefault(where, []).append(f"{row.who} ({duration(now - row.joined_ms)})")
            continue
        line = Text.assemble((row.who, "bold"), (f"  {where}", "cyan"), f"  {duration(now - row.joined_ms)}  ")
        line.append(said("说了话，没人理 · spoke, nobody responded", lang), style="red")
        yield line.append(f"\n  「{short(row.first_words, _LONGEST_TEXT)}」")
    for where, people in silent.items():
        line = Text.assemble(said("还没说过话 · have not spoken", lang), (f"  {where}", "cyan"))
        yield line.append("\n  " + ", ".join(people))
    if report.newcomer_count > len(report.newcomers):
        more = report.newcomer_count - len(report.newcomers)
        yield Text(said(f"还有 {more} 人 · and {more} more", lang), style="dim")


def _next(lang: Lang) -> Iterable[RenderableType]:
    for command, why in (
        ("huoqun report --group PLATFORM/GROUP", "只看一个群 · one group only"),
        ("huoqun query \"SELECT title, reasons FROM alerts WHERE state = 'open'\"", "全部提醒 · every open alert"),
        ('huoqun query "SELECT * FROM member_risk ORDER BY as_of DESC LIMIT 20"', "每日风险 · risk by day"),
        ("huoqun status", "管道是否正常 · is the pipeline well"),
    ):
        yield Text.assemble((command, "green"), "  ", (said(why, lang), "dim"))


def _alike(texts: list[str]) -> list[tuple[int, str]]:
    """Return (how often, the first of them) for texts that begin with the same dozen characters."""
    found: dict[str, tuple[int, str]] = {}
    for text in texts:
        times, first = found.get(text[:12], (0, text))
        found[text[:12]] = (times + 1, first)
    return list(found.values())


def _stacked(text: str, lang: Lang) -> str:
    """Return both languages one above the other: a table has no room for them side by side."""
    return said(text, lang).replace(BETWEEN, "\n")


def _table(lang: Lang, *columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for heading, justify in columns:
        title = _stacked(heading, lang)
        table.add_column(title, justify="right" if justify == "right" else "left", no_wrap=False, overflow="fold")
    return table


def _none(text: str, lang: Lang) -> Text:
    return Text(said(text, lang), style="dim")


def _key(platform: str, group_id: str) -> str:
    return f"{platform}/{group_id}"


def _names(report: Report) -> dict[str, str]:
    return {_key(g.platform, g.group_id): g.group_name or g.group_id for g in report.groups}


def _clock(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M UTC+8")


def _health_style(health: float | None) -> str:
    if health is None:
        return "dim"
    return "green" if health >= 0.7 else "yellow" if health >= 0.4 else "red"  # noqa: PLR2004  # thirds, by eye
