"""What members get: posts of value, check-ins, how soon somebody responds."""

from __future__ import annotations

from tests.golden.scenarios.language import MINUTE, SECOND, Community, moment
from tests.golden.scenarios.talk import CHAT, COURSE, HELLO, Person, people
from tests.golden.scenarios.usual import NEIGHBOURS, names


def a_reading_challenge_with_daily_check_ins(c: Community) -> None:
    """Twelve people check in every morning, one of them missed last Thursday: the same faces, and a streak that shows it."""
    c.group(members=60, staff="领读", kind="learning")
    readers = names("书友", 12)
    for day in range(1, 29):
        for number, who in enumerate(readers):
            if not (number == 4 and day == 25):
                c.says(
                    moment(f"{day} 07:00") + number * 70 * SECOND,
                    who,
                    f"打卡第{day}天，读了{10 + number}页",
                    scene=False,
                )
    c.talk((1, 28), [*people(" ".join(readers)), Person("领读", 1.0, "lead")], a_day=2, about=COURSE)
    c.until("29 12:00")
    c.tolerate("member_at_risk")
    c.never("flood", "false_activity", "group_fading", "advertising")
    c.activity("7d", "29 12:00", check_in_people=12, check_in_same_faces=(0.99, 1.0))


def the_owners_daily_tip_is_what_they_come_for(c: Community) -> None:
    """One tip a day to which four to six people respond, and little else: value of one a day."""
    _tips(c, 5)
    c.activity("7d", "22 12:00", value_cadence=(0.8, 1.3))


def the_owners_daily_tip_draws_a_single_thumb(c: Community) -> None:
    """The same tip, and one person's thumb each day: no value that anybody could see."""
    _tips(c, 1)
    c.activity("7d", "22 12:00", value_cadence=(0.0, 0.2))


def _tips(c: Community, responders: int) -> None:
    c.group(members=90, staff="群主")
    for day in range(1, 23):
        at = moment(f"{day} 09:00")
        tip = c.says(at, "群主", f"每日一招第{day}期：换盆之前先断水两天，根不容易断")
        for number in range(responders):
            who = NEIGHBOURS[(day + number) % len(NEIGHBOURS)].name
            if number % 2:
                c.says(at + (3 + number) * MINUTE, who, "学到了，谢谢", reply_to=tip)
            else:
                c.reacts(at + (3 + number) * MINUTE, who, tip)
    c.talk((1, 22), NEIGHBOURS, a_day=2, mix={CHAT: 3, HELLO: 1})
    c.tolerate("member_at_risk", "silence_after_broadcast")


def questions_are_answered_within_a_minute_by_staff(c: Community) -> None:
    """Twenty questions in a day, each answered by a clerk after forty seconds: reply rate one, median forty seconds."""
    c.group(members=90, staff="客服", kind="commerce")
    buyers = names("买家", 20)
    for number, who in enumerate(buyers):
        at = moment("3 09:00") + number * 20 * MINUTE
        asked = c.says(at, who, f"请问第{number + 1}款还有货吗？")
        c.says(at + 40 * SECOND, "客服", "有的，今天能发", reply_to=asked)
    c.never("unanswered", "newcomer_at_risk")
    c.activity("24h", "3 23:00", reply_rate=(0.99, 1.0), first_response_p50=(38, 42))
    c.activity("24h", "3 23:00", staff_reply_rate=(0.99, 1.0))


def half_of_the_talk_is_never_taken_up(c: Community) -> None:
    """Of forty lines spread over the day each second one drew a reply after two minutes, the others none within half an hour."""
    c.group(members=40, staff="群主")
    who = names("邻居", 10)
    for number in range(40):
        at = moment("3 03:00") + number * 31 * MINUTE
        said = c.says(at, who[number % 10], f"今天第{number}盆花开了")
        if number % 2:
            c.says(at + 2 * MINUTE, who[(number + 3) % 10], "真好看", reply_to=said)
    c.activity("24h", "4 02:00", messages=(55, 62), reply_rate=(0.3, 0.37), first_response_p50=(118, 122))
