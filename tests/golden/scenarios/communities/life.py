"""Life cycle: forming to acting together, fading, dormant, dead, revived, and what only looks like it."""

from __future__ import annotations

from tests.golden.scenarios.language import DAY, HOUR, MINUTE, Community, moment
from tests.golden.scenarios.talk import (
    ACTING,
    ASK,
    CHAT,
    COURSE,
    HELLO,
    OPINION,
    RUNNING,
    STAFF,
    STARLIKE,
    USUAL,
    Person,
    people,
)
from tests.golden.scenarios.usual import MIXED, NEIGHBOURS, names, settled


def a_new_group_forms_blends_and_acts_together(c: Community) -> None:
    """Strangers asked the coach what the group was for; then they talked with each other; then they met without the coach.

    Three stages, each once, and each change with its reason.
    """
    c.group(members=3, staff="教练")
    runners = names("跑友", 16)
    for number, runner in enumerate(runners):
        joined = moment("1 09:00") + number // 8 * DAY + number % 8 * HOUR
        c.joins(joined, runner, by="教练")
        hello = c.says(joined + MINUTE, runner, "大家好，请多关照", scene=False)
        c.says(joined + 2 * MINUTE, "教练", f"欢迎{runner}", reply_to=hello, scene=False)
    coach = Person("教练", 2.0, "lead")
    cast = people(" ".join(runners))
    c.talk((3, 18), [*cast, coach], a_day=6, about=RUNNING, mix=STARLIKE)
    c.talk(
        (19, 46),
        [*cast, Person("教练", 1.0, "lead")],
        a_day=8,
        about=RUNNING,
        mix={CHAT: 5, OPINION: 2, ASK: 1, STAFF: 1},
    )
    c.talk((47, 80), cast, a_day=9, about=RUNNING, mix=ACTING)
    for week in range(7, 11):
        c.joins(f"{week * 7 + 1} 12:00", f"新跑友{week}", by=f"跑友{'ABCD'[week - 7]}")
        hello = c.says(f"{week * 7 + 1} 12:05", f"新跑友{week}", "大家好，我是新来的，以后一起跑")
        c.says(f"{week * 7 + 1} 12:06", "跑友E", "欢迎欢迎", reply_to=hello)
    c.tolerate("member_at_risk", "newcomer_at_risk")
    c.never("group_fading", "group_dormant")
    c.stage("14 23:00", "forming")
    c.stage("42 23:00", "blending")
    c.stage("75 23:00", "acting_together")
    c.passes("forming", "blending", "acting_together")


def a_group_fades_slowly_and_is_noticed_within_two_weeks(c: Community) -> None:
    """Five good weeks, then less every week: two thirds, then a third, then nearly nothing.

    Early enough to act is while the active ones still write: within a fortnight of the first weak week.
    """
    settled(c, 35, a_day=9)
    c.talk((36, 42), NEIGHBOURS, a_day=6)
    c.talk((43, 49), NEIGHBOURS[:8], a_day=3)
    c.talk((50, 56), NEIGHBOURS[:4], a_day=1)
    c.expect("group_fading", ("38 00:00", "50 12:00"), because=r"\d", state="open")
    c.stage("35 23:00", "blending", "acting_together")
    c.stage("52 23:00", "fading")
    c.passes("forming", "blending|acting_together", "fading")


def the_fading_alert_names_those_worth_moving(c: Community) -> None:
    """A group fades while three people still carry it: they are whom a living group would be glad of, so the alert names them."""
    settled(c, 35, a_day=9)
    c.talk((36, 50), people("阿梅 老周 小林", likes="help think"), a_day=2)
    c.expect("group_fading", ("37 00:00", "46 00:00"), because="(?s)(?=.*阿梅)(?=.*老周)(?=.*小林)")
    c.stage("48 23:00", "fading")


def a_holiday_week_is_quiet(c: Community) -> None:
    """In the first week of October half of them travelled: one week at under half the usual, everybody back after it.

    One quiet week isn't fading. (A week at a tenth would be worth a word; this one isn't.)
    """
    settled(c, 35, a_day=9)
    c.talk((36, 42), [*NEIGHBOURS, Person("群主", 1.0, "lead")], a_day=3.7, mix=MIXED)
    c.talk((43, 60), [*NEIGHBOURS, Person("群主", 1.0, "lead")], a_day=9, mix=MIXED)
    c.never("group_fading", "group_dormant")
    c.never_stage("fading", "dormant", "dead")


def colleagues_talk_on_workdays_only(c: Community) -> None:
    """A lunch group is silent every weekend: its rhythm, no decline."""
    c.group(members=30, staff="行政")
    c.talk((1, 56), [*NEIGHBOURS, Person("行政", 1.0, "lead")], a_day=(8, 8, 8, 8, 8, 0, 0), mix=MIXED)
    c.tolerate("member_at_risk")
    c.never("group_fading", "group_dormant")
    c.passes("forming", "blending|acting_together")


def a_club_that_talks_on_saturdays(c: Community) -> None:
    """A cycling club plans and tells on Saturdays, and says nothing from Sunday to Friday."""
    c.group(members=40, staff="领队")
    c.talk((1, 70), [*NEIGHBOURS, Person("领队", 1.0, "lead")], a_day=(0, 0, 0, 0, 0, 9, 0), about=RUNNING, mix=ACTING)
    c.tolerate("member_at_risk")
    c.never("group_fading", "group_dormant")
    c.never_stage("fading", "dormant", "dead")


def a_book_club_that_meets_every_other_week(c: Community) -> None:
    """Every second Sunday thirty lines, and thirteen silent days in between, for three months.

    Dormant is a group that has fallen silent against its own rhythm. This one keeps its rhythm; an alert every other week would
    be switched off. Arguable before it has shown the rhythm: so the first month is left open.
    """
    c.group(members=25, staff="主持人")
    for meeting in range(7):
        c.talk((7 + 14 * meeting, 7 + 14 * meeting), NEIGHBOURS, a_day=9, mix=ACTING)
    c.until("104 20:00")
    c.tolerate("member_at_risk")
    c.at_most("group_dormant", 2)
    c.never("group_fading")
    c.stage("60 12:00", "forming", "blending", "acting_together")
    c.stage("88 12:00", "blending", "acting_together")


def a_group_falls_silent_dies_and_nobody_comes_back(c: Community) -> None:
    """After five good weeks the talk broke off in one night: fading within days, then dormant, then dead, each told once."""
    settled(c, 35, a_day=9)
    c.until("70 12:00")
    c.at_most("group_fading", 1)
    c.expect("group_dormant", ("42 00:00", "45 00:00"), because="7|天")
    c.stage("46 12:00", "dormant")
    c.stage("68 12:00", "dead")
    c.passes("forming", "blending|acting_together", "fading", "dormant", "dead")
    c.at_end(alive=False, stage="dead", health=(0.0, 0.05))


def a_dormant_group_comes_back_to_life(c: Community) -> None:
    """After two silent weeks a meeting in person brought the talk back: the alert is resolved within the first week."""
    settled(c, 35, a_day=9)
    c.talk((50, 80), NEIGHBOURS, a_day=9, mix=ACTING)
    c.at_most("group_fading", 1)
    c.expect("group_dormant", ("42 00:00", "45 00:00"), resolved_by="56 12:00")
    c.stage("48 12:00", "dormant")
    c.stage("65 12:00", "blending", "acting_together")
    c.at_end(alive=True, health=(0.7, 1.0))


def a_dead_group_is_revived_after_six_weeks(c: Community) -> None:
    """Six weeks nobody spoke; then a member asked after the others and they all came back."""
    settled(c, 30, a_day=8)
    c.talk((75, 95), NEIGHBOURS, a_day=8, mix=ACTING)
    c.at_most("group_fading", 1)
    c.expect("group_dormant", ("37 00:00", "40 00:00"), resolved_by="82 12:00")
    c.stage("70 12:00", "dead")
    c.stage("90 12:00", "forming", "blending", "acting_together")
    c.at_end(alive=True)


def activity_wavers_about_the_border_for_two_months(c: Community) -> None:
    """After five good weeks the weeks go up and down between four and seven tenths of the usual: worth one word, not eight."""
    settled(c, 35, a_day=9)
    lead = Person("群主", 1.0, "lead")
    for week, many in enumerate((5.5, 4.0, 5.0, 3.8, 5.6, 4.2, 5.2, 3.9)):
        first = 36 + 7 * week
        c.talk((first, first + 6), [*NEIGHBOURS, lead], a_day=many, mix=MIXED)
    c.at_most("group_fading", 1)
    c.never("group_dormant")
    c.never_stage("dormant", "dead")


def a_campaign_week_ebbs_away(c: Community) -> None:
    """One week of a lucky draw brought three times the talk; the week after was as it had always been: back to usual."""
    settled(c, 28, a_day=7)
    c.talk((29, 35), [*NEIGHBOURS, *people(" ".join(names("抽奖", 20)))], a_day=21)
    c.talk((36, 56), [*NEIGHBOURS, Person("群主", 1.0, "lead")], a_day=7, mix=MIXED)
    c.never("group_fading", "group_dormant")
    c.never_stage("fading")


def a_new_group_says_little_in_its_first_ten_days(c: Community) -> None:
    """Two or three short talks a day in a group ten days old: too early to call it anything but forming."""
    c.group(members=25, staff="群主")
    c.talk((1, 10), [*people("甲友 乙友 丙友 丁友"), Person("群主", 2.0, "lead")], a_day=2, mix={STAFF: 2, CHAT: 1})
    c.tolerate("member_at_risk")
    c.never("group_fading", "group_dormant")
    c.passes("forming")


def a_stillborn_group(c: Community) -> None:
    """It was opened with a welcome, four people said hello on two days, and then nothing came: dormant, though it is young."""
    c.group(members=50, staff="群主")
    c.talk((1, 2), [*people("甲友 乙友 丙友 丁友"), Person("群主", 2.0, "lead")], a_day=3, mix={STAFF: 2, HELLO: 1})
    c.until("35 12:00")
    c.tolerate("member_at_risk")
    c.expect("group_dormant", ("9 00:00", "12 00:00"))
    c.stage("20 12:00", "dormant")
    c.at_end(alive=False)


def staff_and_a_bot_talk_in_an_empty_room(c: Community) -> None:
    """Members stopped five weeks in; the owner posts a good morning and the bot the weather every day: dormant all the same."""
    settled(c, 35, a_day=8, bots="天气播报")
    for day in range(36, 71):
        c.says(f"{day} 07:30", "天气播报", "今日天气：晴，18 到 26 度", scene=False)
        c.says(f"{day} 08:30", "群主", "早上好各位，新的一天加油", scene=False)
    c.tolerate("silence_after_broadcast", "shouting_into_void")
    c.at_most("group_fading", 1)
    c.expect("group_dormant", ("42 00:00", "45 00:00"))
    c.stage("68 12:00", "dead")


def a_course_group_runs_on_past_its_end(c: Community) -> None:
    """The course ended on day 42; a few still greet each other, less every week.

    The end date is known, so the operator is told that the purpose has ended (close the group or give it something new), once,
    when it begins to disperse: a group that goes on as before has found a purpose by itself. That it ebbs away is no news then.
    """
    c.group(members=60, staff="班主任", kind="learning", ends_on="2026-04-12")
    cast = [Person("班主任", 2.0, "lead"), *people(" ".join(names("学员", 12)))]
    c.talk((1, 42), cast, a_day=8, about=COURSE, mix={**USUAL, STAFF: 3.0})
    c.talk((43, 49), cast[:6], a_day=3, about=COURSE, mix={CHAT: 1, HELLO: 2})
    c.talk((50, 63), cast[:4], a_day=1.2, about=COURSE, mix={CHAT: 1, HELLO: 2})
    c.tolerate("member_at_risk")
    c.expect("purpose_ended", ("42 00:00", "50 12:00"))
    c.never("group_fading")


def a_course_group_in_the_middle_of_its_course(c: Community) -> None:
    """Week four of eight: the end date lies ahead and all is well."""
    c.group(members=60, staff="班主任", kind="learning", ends_on="2026-04-26")
    cast = [Person("班主任", 2.0, "lead"), *people(" ".join(names("学员", 12)))]
    c.talk((1, 30), cast, a_day=8, about=COURSE, mix={**USUAL, STAFF: 3.0})
    c.tolerate("member_at_risk")
    c.never("purpose_ended", "group_fading", "group_dormant")


def a_summer_pause_that_the_owner_announced(c: Community) -> None:
    """The owner announced two weeks without programme; four days of silence, then a few lines, then the second half as before.

    Four silent days in a group that writes forty lines a day: no dormancy. Half a week's dip alone is no fading.
    """
    settled(c, 35, a_day=8)
    c.talk((40, 42), NEIGHBOURS, a_day=5)
    c.talk((43, 60), NEIGHBOURS, a_day=8)
    c.never("group_dormant")
    c.at_most("group_fading", 1)
    c.never_stage("dormant", "dead")
    c.stage(moment("58 12:00") + DAY // 4, "blending", "acting_together")
