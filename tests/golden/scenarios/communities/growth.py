"""Growth: crowds that were invited, and what becomes of them."""

from __future__ import annotations

from tests.golden.scenarios.language import Community
from tests.golden.scenarios.talk import CHAT, HELLO, Person, people
from tests.golden.scenarios.usual import lurkers, names, settled


def a_member_invites_thirty_accounts_that_never_speak(c: Community) -> None:
    """Thirty accounts came within an hour on one member's invitation and none said a word in a week: a crowd for a bonus.

    One alert about the inviter, not thirty about newcomers, with how many came and how many spoke.
    """
    settled(c, 24, a_day=5)
    c.crowd_joins("10 15:00", lurkers(30, "僵尸"), every="100s", by="建国")
    c.expect("invited_crowd", ("12 00:00", "18 12:00"), about="建国", because="30")
    c.never("newcomer_at_risk")


def a_member_brings_twelve_colleagues_who_talk(c: Community) -> None:
    """A member brought the whole office within half an hour; most said hello, were welcomed and went on talking."""
    settled(c, 24, a_day=5)
    office = names("同事", 12)
    c.crowd_joins("10 15:00", office, every="120s", by="建国")
    for number, who in enumerate(office[:10]):
        hello = c.says(f"10 16:{number * 3:02}", who, "大家好，建国拉我来的")
        c.says(f"10 16:{number * 3 + 1:02}", "阿梅", "欢迎欢迎", reply_to=hello)
    c.talk((11, 24), [*people(" ".join(office[:10])), Person("建国", 2.0)], a_day=4, mix={CHAT: 4, HELLO: 1})
    c.tolerate("newcomer_at_risk")
    c.never("invited_crowd", "flood", "advertising")


def a_founder_invites_forty_people_on_the_first_day(c: Community) -> None:
    """The owner opened the group with forty acquaintances, of whom a dozen talk in the first week: how groups begin."""
    c.group(members=1, staff="群主")
    friends = names("老友", 40)
    c.crowd_joins("1 10:00", friends, every="45s", by="群主")
    c.talk((1, 12), [*people(" ".join(friends[:14])), Person("群主", 2.0, "lead")], a_day=6)
    c.tolerate("newcomer_at_risk", "unanswered", "member_at_risk")
    c.never("invited_crowd")
