"""Members at risk: regulars who fall silent, and people whose rhythm is slow."""

from __future__ import annotations

from tests.golden.scenarios.language import Community
from tests.golden.scenarios.talk import Person
from tests.golden.scenarios.usual import MIXED, NEIGHBOURS


def _group(c: Community, days: int, *others: Person, a_day: float = 7) -> None:
    """A settled group in which the neighbours are there nearly every day."""
    c.tolerate("false_activity")  # seven of a hundred talk
    c.group(members=100, staff="群主")
    c.talk((1, days), [*NEIGHBOURS[:6], *others, Person("群主", 0.5, "lead")], a_day=a_day, mix=MIXED)


def a_daily_talker_falls_silent(c: Community) -> None:
    """She wrote every day for five weeks and stopped: within ten days of silence she should be on the list, with her rhythm."""
    _group(c, 52, Person("晨晨", 4.0, until=36))
    c.expect("member_at_risk", ("39 00:00", "47 12:00"), about="晨晨", because="沉默|silent")
    c.never("member_at_risk", about="阿梅")
    c.never("member_at_risk", about="老周")


def a_daily_talker_falls_silent_and_comes_back(c: Community) -> None:
    """Twelve days of silence, told of in time; then she is back every day, and the alert is resolved within a week of it."""
    _group(c, 62, Person("晨晨", 4.0, until=33), Person("晨晨", 4.0, since=46))
    c.expect("member_at_risk", ("36 00:00", "45 12:00"), about="晨晨", resolved_by="54 12:00")
    c.never("member_at_risk", about="阿梅")


def a_visitor_comes_every_ten_days(c: Community) -> None:
    """He looks in every ten days or so and always has: that he is silent for nine is nothing."""
    _group(c, 50)
    for day in (4, 13, 24, 33, 44):
        hello = c.says(f"{day} 15:00", "过路客", "路过看看，大家的花都好")
        c.says(f"{day} 15:01", "阿梅", "常来呀", reply_to=hello)
    c.never("member_at_risk", about="过路客")


def a_member_writes_on_sundays_only(c: Community) -> None:
    """Every Sunday a handful of lines, for eight weeks, none on other days: never at risk on a Saturday."""
    _group(c, 56, Person("周日叔", 9.0, days=(6,)), a_day=6)
    c.never("member_at_risk", about="周日叔")


def a_member_who_leaves_is_not_at_risk_any_more(c: Community) -> None:
    """She fell silent, was told of, and left: the alert ends with that."""
    _group(c, 50, Person("晨晨", 4.0, until=32))
    c.leaves("44 12:00", "晨晨")
    c.expect("member_at_risk", ("35 00:00", "43 12:00"), about="晨晨", state="expired")
    c.never("member_at_risk", about="阿梅")
    c.member("晨晨", risk=None, left_at=(1, 4e12))


def nobody_ever_answers_one_of_the_talkers(c: Community) -> None:
    """He wrote every day and never got a word back; he writes less, then nothing. The reason must be among the reasons."""
    _group(c, 52)
    for day in range(1, 36):
        if day < 25 or day % 3 == 0:
            c.says(f"{day} 06:10", "独白哥", f"今天是养花第{day}天，浇了水，松了土", scene=False)
            c.says(f"{day} 06:30", "独白哥", "早起空气真好", scene=False)
    c.tolerate("unanswered")
    c.expect("member_at_risk", ("36 00:00", "47 12:00"), about="独白哥", because="回应|reply|respon")
    c.never("member_at_risk", about="阿梅")


def staff_goes_on_holiday(c: Community) -> None:
    """The owner, who had written daily, was away for three weeks: staff aren't members at risk."""
    c.tolerate("false_activity")  # seven of a hundred talk
    c.group(members=100, staff="群主")
    c.talk((1, 50), [*NEIGHBOURS[:6], Person("群主", 4.0, "lead join", until=29)], a_day=7, mix=MIXED)
    c.never("member_at_risk", about="群主")
    c.tolerate("silence_after_broadcast")
