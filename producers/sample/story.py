"""The sample community's story: five days of a group that forms, beside one that is steady and one that fades.

Days count back from the local day (Asia/Shanghai) of the end: everything planted happens on the five whole days before
it, at the hour a person would do it, except the last three quarters of an hour, which end exactly at the end.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final, NamedTuple

from producers.sample.parts import Presence, arrive, chatter, count_members, introduce
from producers.sample.planted import Advertisement, Answered, Asked, GoneQuiet, How, LeaveBurst, Planted, Wants
from producers.sample.script import Book, Person, book
from producers.sample.stage import DAY, HOUR, MINUTE, SECOND, Stage, local_midnight

FINALE: Final = 46 * MINUTE
HISTORY_DAYS: Final = 36
"""How long the two older groups have been watched."""


class Story(NamedTuple):
    """The events, in order of time, and what was planted among them."""

    events: list[dict[str, Any]]
    planted: Planted


def tell(end_ms: int, seed: int) -> Story:
    """Tell the story so that its last event happens at ``end_ms``. The same arguments give the same story."""
    tag = f"{seed}-{end_ms // SECOND:x}"  # a story that ends at another time is made of other events
    main, parts = _balcony(end_ms, Random(f"{seed}/balcony"), tag)  # noqa: S311  # a story, no secret
    steady, steady_quiet, steady_open, steady_old = _runners(end_ms, Random(f"{seed}/runners"), tag)  # noqa: S311  # as above
    fading, fading_quiet = _market(end_ms, Random(f"{seed}/market"), tag)  # noqa: S311  # as above
    stages = (main, steady, fading)
    events = sorted((e for s in stages for e in s.finished(end_ms)), key=lambda e: (e["ts"], e["group_id"], e["id"]))
    people = [(s.book.platform, s.book.people) for s in stages]
    return Story(
        events,
        Planted(
            main_group=_group(main.book),
            steady_group=_group(steady.book),
            fading_group=_group(fading.book),
            open_questions=(*parts.open, steady_open),
            unanswered_questions=(*parts.unanswered, steady_old),
            answered_late=tuple(parts.late),
            answered=tuple(parts.answered),
            newcomers_without_response=tuple(a for a in (*parts.unanswered, *parts.open) if a.kind == "newcomer"),
            newcomers_silent=parts.silent,
            advertisement=parts.advertisement,
            leave_burst=parts.burst,
            gone_quiet=(parts.quiet, steady_quiet, fading_quiet),
            staff=tuple(f"{platform}/{p.user_id}" for platform, who in people for p in (who.owner, who.admin)),
            bots=tuple(f"{platform}/{who.bot.user_id}" for platform, who in people),
            renamed=parts.renamed,
            edited=parts.edited,
        ),
    )


class _Parts(NamedTuple):
    open: list[Asked]
    unanswered: list[Asked]
    late: list[Answered]
    answered: list[Answered]
    silent: tuple[str, ...]
    advertisement: Advertisement
    burst: LeaveBurst
    quiet: GoneQuiet
    renamed: tuple[str, str]
    edited: str


def _group(of: Book) -> str:
    return f"{of.platform}/{of.group_id}"


class _Plot:
    """Plants questions on a stage and keeps the list."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def ask(
        self,
        at: int,
        who: Person,
        text: str,
        *,
        kind: Wants = "question",
        at_whom: Person | None = None,
        hush: int = 30 * MINUTE,
    ) -> Asked:
        """Ask what nobody answers; nothing else is said for ``hush`` ms, so that nothing looks like an answer."""
        self.stage.calendar.take(at, hush)
        event_id = self.stage.say(at, who, text, at_whom=at_whom)
        return Asked(_group(self.stage.book), event_id, who.user_id, at, kind)

    def answer(self, asked: Asked, asker: Person, after: int, who: Person, text: str, *, how: How) -> Answered:
        """Answer it, by explicit reply, by mention, or by just saying it."""
        event_id = self.stage.say(
            asked.asked_at + after,
            who,
            text,
            reply_to=asked.event_id if how == "reply" else "",
            at_whom=asker if how == "mention" else None,
        )
        staff = who.user_id in self.stage.staff
        return Answered(asked.group, asked.event_id, event_id, who.user_id, how, staff, after // SECOND)


def _balcony(end: int, rng: Random, tag: str) -> tuple[Stage, _Parts]:  # noqa: PLR0915  # a story is told from start to end
    stage = Stage(book("balcony"), rng, tag)
    people, plot, presence = stage.book.people, _Plot(stage), Presence()
    today = local_midnight(end)
    by = {p.name: p for p in (*people.speakers, *people.english, people.owner, people.admin)}
    owner, admin, quiet = people.owner, people.admin, people.regular_who_goes_quiet
    qingtuan, banmu = people.ignored
    advertiser = people.advertiser
    assert advertiser is not None, "the balcony's dialogue file names the advertiser"

    def day(ago: int, hour: int, minute: int = 0, second: int = 0) -> int:
        return today - ago * DAY + hour * HOUR + minute * MINUTE + second * SECOND

    begin = day(5, 9)
    stage.calendar.take(end - FINALE, FINALE + HOUR)
    for number, founder in enumerate((owner, admin, people.bot)):
        stage.do(begin + number * 20 * SECOND, "join", founder)
    stage.say(begin + 3 * MINUTE, owner, "建好了，阳台种菜互助群，先把新手清单放在群文件里 🌱")

    # Questions that were answered at once: by explicit reply, by mention, and by just saying it.
    answered: list[Answered] = []
    for at, asker, question, after, helper, reply, how in (
        (day(5, 20, 15), by["三楼老周"], "请问花盆要多深才能种番茄？", 65, owner, "三十厘米以上，越深越省心", "reply"),
        (
            day(4, 12, 40),
            by["豆苗"],
            "香菜种子要不要搓开再种",
            80,
            by["三楼老周"],
            "要，轻轻搓成两半，发芽快一倍",
            "mention",
        ),
        (
            day(4, 16, 30),
            by["小满"],
            "有没有人知道楼下花店几点关门",
            48,
            by["辣椒王"],
            "花店晚上八点关门，周日七点",
            "adjacent",
        ),
        (
            day(3, 12, 20),
            by["Emma L."],
            "Does coffee ground work as fertilizer?",
            70,
            by["Kevin"],
            "Yes, dry it first and use very little",
            "reply",
        ),
        (
            day(2, 12, 10),
            by["一盆绿萝"],
            "椰糠要不要先泡水再用啊",
            55,
            admin,
            "要泡，而且要换两次水，把盐分洗掉",
            "mention",
        ),
        (
            day(2, 20, 45),
            by["顾北"],
            "育苗盘放在暖气上会不会太热？",
            40,
            by["子墨"],
            "暖气上太热了，垫一块木板再放育苗盘",
            "adjacent",
        ),
        (
            day(1, 12, 30),
            by["Sam W."],
            "How often should I water chillies in this weather?",
            75,
            owner,
            "Every second day is plenty now",
            "reply",
        ),
    ):
        stage.calendar.take(at, 8 * MINUTE)
        asked = plot.ask(at, asker, question, hush=0)
        how_told: How = "reply" if how == "reply" else "mention" if how == "mention" else "adjacent"
        answered.append(plot.answer(asked, asker, after * SECOND, helper, reply, how=how_told))

    # Questions that nobody answered, and a regular who says nothing more after one of them.
    unanswered = [
        plot.ask(day(4, 15, 10), by["辣椒王"], "有人知道小区哪里可以捡到不要的泡沫箱吗"),
        plot.ask(day(3, 22, 5), quiet, "有人知道自来水要晾多久才能浇花吗", hush=40 * MINUTE),
        plot.ask(day(2, 15, 20), by["Emma L."], "does anyone know whether the roof is open for planting boxes"),
    ]
    arrive(stage, day(2, 10, 31), qingtuan, bot_greets=True)
    unanswered.append(
        plot.ask(day(2, 10, 52), qingtuan, "大家好，我是青团，家里阳台朝西，想种点好看又能吃的", kind="newcomer")
    )

    # Staff mentioned, and late.
    late: list[Answered] = []
    asked = plot.ask(day(3, 14, 0), by["胖虎爸"], "群文件里的团购表打不开了，麻烦看一下", kind="mention", at_whom=admin)
    late.append(
        plot.answer(asked, by["胖虎爸"], 128 * MINUTE, admin, "刚看到，链接过期了，已经换成新的，抱歉久等", how="reply")
    )
    stage.calendar.take(asked.asked_at + 126 * MINUTE, 6 * MINUTE)

    # The advertisement, and twenty-odd minutes later the people who had enough.
    stage.calendar.take(day(1, 20, 28), 57 * MINUTE)
    arrive(stage, day(1, 20, 29), advertiser, bot_greets=False)
    ads = [
        stage.say(
            at,
            advertiser,
            f"🔥阳台种植神器 厂家直销 {days}天发芽 加微信 hyl-888-zz 免费领取 https://yangtai-deal.example/{n}",
        )
        for n, (at, days) in enumerate(
            ((day(1, 20, 33), "三"), (day(1, 20, 34, 30), "三"), (day(1, 20, 38, 5), "两")), start=1
        )
    ]
    asked = plot.ask(
        day(1, 20, 44), by["林夕儿"], "群里有人一直发广告，麻烦处理一下", kind="mention", at_whom=admin, hush=0
    )
    leavers = [*people.silent[:7], by["北窗"], by["荠菜"]]
    leaves = [day(1, 21, 0, 20 + 29 * n) for n in range(len(leavers))]
    for at, who in zip(leaves, leavers, strict=True):
        stage.do(at, "leave", who, reason="left")
    late.append(plot.answer(asked, by["林夕儿"], 32 * MINUTE, admin, "抱歉，刚下班，广告号已经移出去了", how="mention"))
    stage.do(day(1, 21, 15, 30), "leave", advertiser, reason="kicked")
    notice = stage.say(day(1, 21, 19), owner, "给大家道个歉，以后新人第一天不能发链接，已经设置好了")
    stage.react(day(1, 21, 20), by["小满"], notice, "👍")
    stage.react(day(1, 21, 21), by["三楼老周"], notice, "👍")

    # A rename and an edit.
    stage.do(day(2, 19, 30), "rename", Person(by["芒果核"].user_id, "芒果核（收芽中）"))
    stage.calendar.take(day(3, 18, 40), 4 * MINUTE)
    edited = stage.say(day(3, 18, 40), admin, "周六换苗改到上午九点，楼下小花园")
    stage.do(day(3, 18, 42), "edit", admin, reply_to=edited, text="周六换苗改到上午九点半，楼下小花园")

    # Who came when. Everyone who talks says hello first, and is welcomed.
    arrivals = [
        quiet,
        *people.speakers[:11],
        people.english[0],
        *people.speakers[11:17],
        people.english[1],
        *people.speakers[17:20],
        people.english[2],
        *people.speakers[20:],
    ]
    per_day = (13, 7, 4, 2)
    queue = iter(arrivals)
    until = {quiet: day(3, 22, 5), by["北窗"]: day(1, 20, 28), by["荠菜"]: day(1, 20, 28)}
    for ago, number in zip((5, 4, 3, 2), per_day, strict=True):
        for slot in range(number):
            who = next(queue)
            at = day(ago, 9, 12) + slot * (11 * HOUR // number if ago < 5 else 22 * MINUTE) + rng.randrange(6) * MINUTE  # noqa: PLR2004  # the first day is crowded
            arrive(stage, at, who, inviter=rng.choice((owner, admin, by["三楼老周"])), bot_greets=True)
            english = who in people.english
            welcomers = presence.at(at, english=False)
            done = introduce(stage, at + rng.randint(2, 9) * MINUTE, who, welcomers, english=english)
            presence.add(who, done, until=until.get(who, 1 << 62), english=english)
    for number, who in enumerate(people.silent):
        arrive(stage, day(5 - number // 4, 11 + 2 * (number % 4), 7 + number), who, bot_greets=True)

    chatter(stage, presence, begin + HOUR, end, talks_a_day=27, singles_a_day=5)
    opened = _balcony_finale(stage, plot, end, newcomer=banmu, by=by, answered=answered)
    count_members(stage, [day(ago, 9, 5) for ago in (4, 3, 2, 1)], before=0)
    last = max(e["ts"] for e in stage.events if e.get("user_id") == quiet.user_id and e["type"] == "message")
    return stage, _Parts(
        open=opened,
        unanswered=unanswered,
        late=late,
        answered=answered,
        silent=tuple(p.user_id for p in people.silent[7:]),
        advertisement=Advertisement(
            _group(stage.book), advertiser.user_id, tuple(ads), day(1, 20, 33), day(1, 20, 38, 5)
        ),
        burst=LeaveBurst(_group(stage.book), tuple(p.user_id for p in leavers), leaves[0], leaves[-1]),
        quiet=GoneQuiet(_group(stage.book), quiet.user_id, last),
        renamed=(by["芒果核"].user_id, "芒果核（收芽中）"),
        edited=edited,
    )


def _balcony_finale(
    stage: Stage, plot: _Plot, end: int, *, newcomer: Person, by: dict[str, Person], answered: list[Answered]
) -> list[Asked]:
    """Play the last three quarters of an hour: talk, all of it tied by replies, goes on while four people wait."""

    def exchange(before_end: int, first: tuple[str, str], second: tuple[str, str], third: tuple[str, str]) -> None:
        at = end - before_end
        one = stage.say(at, by[first[0]], first[1], at_whom=by[second[0]])
        two = stage.say(at + 38 * SECOND, by[second[0]], second[1], reply_to=one)
        stage.say(at + 81 * SECOND, by[third[0]], third[1], reply_to=two)

    arrive(stage, end - 45 * MINUTE, newcomer, bot_greets=True)
    opened = [
        plot.ask(
            end - 43 * MINUTE, newcomer, "大家好，我是半亩，刚进群，阳台朝北，想种点好养的", kind="newcomer", hush=0
        )
    ]
    exchange(
        38 * MINUTE,
        ("小满", "你上次给的薄荷活了，发了好多新芽"),
        ("三楼老周", "好养吧，剪一剪越剪越旺"),
        ("小满", "已经剪了一把泡水喝"),
    )
    opened.append(plot.ask(end - 34 * MINUTE, by["苏打"], "有人知道番茄叶子背面一层小白虫用什么药比较安全吗", hush=0))
    exchange(
        28 * MINUTE,
        ("辣椒王", "花市的架子我量过了，刚好放得下"),
        ("阿May", "太好了，那我也订一个"),
        ("辣椒王", "周末一起去拿"),
    )
    opened.append(
        plot.ask(
            end - 24 * MINUTE, by["Sam W."], "does anyone know where to buy small bags of perlite around here", hush=0
        )
    )
    opened.append(
        plot.ask(
            end - 18 * MINUTE,
            by["西晒阳台"],
            "周六的换苗还办吗，我想带几棵辣椒苗",
            kind="mention",
            at_whom=stage.book.people.owner,
            hush=0,
        )
    )
    exchange(
        12 * MINUTE,
        ("青柠", "谢谢你的堆肥桶，第一桶快好了"),
        ("老郑种菜", "别急着用，再放一周"),
        ("青柠", "好，听你的"),
    )
    asked = plot.ask(end - 6 * MINUTE, by["汤圆"], "生菜可以直接撒播吗？", hush=0)
    answered.append(
        plot.answer(asked, by["汤圆"], 50 * SECOND, by["豆苗"], "可以，撒完盖一层薄土，三天就冒头", how="reply")
    )
    last = stage.say(end - 2 * MINUTE, by["汤圆"], "太好了，这就去撒", at_whom=by["豆苗"])
    stage.react(end, by["豆苗"], last, "🌱")
    return opened


def _runners(end: int, rng: Random, tag: str) -> tuple[Stage, GoneQuiet, Asked, Asked]:
    stage = Stage(book("runners"), rng, tag)
    people, plot, presence = stage.book.people, _Plot(stage), Presence()
    today = local_midnight(end)
    by = {p.name: p for p in people.speakers}
    begin = today - (HISTORY_DAYS - 1) * DAY
    quiet_since = today - 9 * DAY
    stage.calendar.take(end - FINALE, FINALE + HOUR)
    old = plot.ask(
        today - 6 * DAY + 20 * HOUR + 40 * MINUTE,
        by["Hugh"],
        "does anyone know a physio who understands runners",
        hush=50 * MINUTE,
    )
    late_comers = {by["Carmen"]: today - 20 * DAY + 19 * HOUR, by["Yuki"]: today - 12 * DAY + 20 * HOUR}
    presence.add(people.regular_who_goes_quiet, begin, until=quiet_since)
    for who in people.speakers:
        if who not in late_comers:
            presence.add(who, begin)
    for who, at in late_comers.items():
        arrive(stage, at, who, inviter=by["Joel"], bot_greets=False)
        presence.add(who, introduce(stage, at + 6 * MINUTE, who, [by["Joel"], by["Inês"]]))
    stage.do(today - 22 * DAY + 13 * HOUR, "leave", people.silent[1], reason="left")
    for ago in range(HISTORY_DAYS - 1, 0, -7):
        stage.say(today - ago * DAY + 12 * HOUR, people.bot, stage.book.line("bot_weather", rng))
    chatter(stage, presence, begin, end, talks_a_day=2.2, singles_a_day=0.9)
    waiting = plot.ask(
        end - 27 * MINUTE, by["Ollie"], "anyone know if the north gate car park opens before six on Sunday", hush=0
    )
    joel = stage.say(
        end - 9 * MINUTE, by["Joel"], "your headlamp is still in my bag, bringing it Sunday", at_whom=by["Inês"]
    )
    stage.say(end - 8 * MINUTE, by["Inês"], "So that is where it went, thank you", reply_to=joel)
    # A group's time goes by its own events: the last of each comes at the end, or its deadlines would seem to be ahead.
    counts = [begin, *(today - ago * DAY + 9 * HOUR for ago in (28, 21, 14, 7, 1)), end - 20 * SECOND]
    count_members(stage, counts, before=38)
    return stage, _last_word(stage, people.regular_who_goes_quiet), waiting, old


def _market(end: int, rng: Random, tag: str) -> tuple[Stage, GoneQuiet]:
    stage = Stage(book("market"), rng, tag)
    people, presence = stage.book.people, Presence()
    today = local_midnight(end)
    begin = today - HISTORY_DAYS * DAY
    presence.add(people.regular_who_goes_quiet, begin, until=today - 15 * DAY)
    for number, who in enumerate(people.speakers):
        presence.add(who, begin, until=today - (26 - 3 * number) * DAY)  # one after another loses interest
    talks_a_day = 4.0
    for ago in range(HISTORY_DAYS, 0, -4):
        chatter(
            stage,
            presence,
            today - ago * DAY,
            min(today - (ago - 4) * DAY, end),
            talks_a_day=talks_a_day,
            singles_a_day=0,
        )
        talks_a_day *= 0.7
    ordered = [
        e for e in stage.events if e["type"] == "message" and e.get("text", "").startswith(("要一份", "+1", "两份"))
    ]
    for order in ordered:
        buyer = Person(order["user_id"], order["user_name"])
        boxes = 2 if order["text"].startswith("两份") else 1
        stage.do(order["ts"] + 3 * HOUR, "conversion", buyer, amount=29.9 * boxes, currency="CNY", campaign="鲜果接龙")
    for ago in range(HISTORY_DAYS, -1, -1):  # the shop goes on posting
        at = today - ago * DAY + 10 * HOUR + rng.randrange(40) * MINUTE
        if at < end:
            stage.say(at, people.owner, stage.book.line("broadcast", rng))
    for number, who in enumerate(people.speakers[:3]):
        stage.do(today - (20 - 5 * number) * DAY + 21 * HOUR, "leave", who, reason="left")
    counts = [begin, *(today - ago * DAY + 9 * HOUR for ago in (28, 14, 1)), end - 20 * SECOND]
    count_members(stage, counts, before=57)
    return stage, _last_word(stage, people.regular_who_goes_quiet)


def _last_word(stage: Stage, who: Person) -> GoneQuiet:
    said = [e["ts"] for e in stage.events if e.get("user_id") == who.user_id and e["type"] == "message"]
    return GoneQuiet(_group(stage.book), who.user_id, max(said))
