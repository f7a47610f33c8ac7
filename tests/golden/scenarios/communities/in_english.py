"""The same in English: a cycling club on a server of its own."""

from __future__ import annotations

from tests.golden.scenarios.language import SECOND, Community, moment
from tests.golden.scenarios.talk import ACTING, BIKES, ENGLISH, Person, people
from tests.golden.scenarios.usual import MIXED, lurkers

RIDERS = [
    Person("Anna", 2.0, "help"),
    Person("Bert", 2.0, "help"),
    Person("Cleo", 1.5, "think"),
    Person("Dan", 1.2, "doubt"),
    *people("Eve Finn Gus Hana Ivo Jill Kurt Lena", likes="ask"),
]


def _club(c: Community, days: int, *, a_day: float = 6, **how: object) -> None:
    c.group(members=110, staff="Marshal")
    c.talk(
        (1, days),
        [*RIDERS, Person("Marshal", 1.0, "lead")],
        a_day=a_day,
        about=BIKES,
        mix=MIXED,
        words=ENGLISH,
        **how,
    )
    c.tolerate("member_at_risk")


def a_crypto_link_empties_an_english_club(c: Community) -> None:
    """A stranger pasted a crypto giveaway with a link; eight people left in the ten minutes after it."""
    _club(c, 20)
    c.joins("19 19:30", "lucky_winner77")
    c.says(
        "19 20:00",
        "lucky_winner77",
        "FREE crypto airdrop!! Claim 500 USDT before midnight, limited time: https://claim-usdt.xyz/now",
    )
    c.leaves("19 20:06", *lurkers(8, "lurker"), every="70s")
    c.expect("advertising", ("19 20:00", "19 20:01"), about="lucky_winner77")
    c.expect("leave_burst", ("19 20:08", "19 20:15"), because="advertis")


def a_rider_recommends_a_shop_with_a_sale(c: Community) -> None:
    """A regular tells another where lamps are 30 % off this week, with the shop's address: a tip."""
    _club(c, 20)
    c.scene(
        "19 20:00",
        """
        +0s  Eve: my lamp died again
        +40s Anna> they are 30% off this week at https://www.wheelshop.example/lamps, got mine there
        +30s Eve> oh nice, ordered
        """,
    )
    c.never("advertising")


def friends_tease_each_other_about_a_lost_bet(c: Community) -> None:
    """Shut up, you idiot, with a laugh on both sides: friends."""
    _club(c, 16)
    c.scene(
        "15 21:00",
        """
        +0s  Dan: I told you they'd lose lol
        +12s Finn> shut up haha, I owe you a beer
        +9s  Dan> two beers, you idiot 😂
        +10s Finn> lmao fine, two
        +12s Gus: you two never learn haha
        +10s Dan: damn right
        """,
    )
    c.never("quarrel")


def a_sharp_argument_about_helmets_without_insults(c: Community) -> None:
    """Wrong, nonsense, show me the numbers: sharp, and about the matter."""
    _club(c, 16)
    c.scene(
        "15 21:00",
        """
        +0s  Cleo: helmets should not be mandatory on club rides
        +15s Dan> that's nonsense, sorry
        +12s Cleo> the numbers say otherwise
        +14s Dan> which numbers, I don't believe that
        +13s Kurt: both wrong in my opinion
        +12s Cleo> I'll post the study tonight
        +15s Dan> please do, I'd change my mind for a good study
        +10s Lena: good discussion
        """,
    )
    c.tolerate("unanswered")
    c.never("quarrel", "flood")


def a_question_without_a_question_mark_in_a_young_club(c: Community) -> None:
    """Need some help with my rear brake, it squeals: nobody said a word for an hour; five minutes are the limit here."""
    _club(c, 13)
    c.says("12 15:00", "Jill", "need some help with my rear brake, it squeals like mad whatever I do", id="q")
    c.says("12 16:00", "Bert", "clean the rim with alcohol first", reply_to="q")
    c.expect("unanswered", ("12 15:04:30", "12 15:06"), event="q", resolved_by="12 16:00:01")


def a_rhetorical_sigh_in_english(c: Community) -> None:
    """Who would have thought, why do I even bother, what a ride: nobody asks anything."""
    _club(c, 13)
    said = {
        "what a ride today, wow": "Gus",
        "you know what, I'm happy with how it went": "Ivo",
        "who would have thought, sun in November": "Lena",
        "why do I even bother with forecasts lol": "Kurt",
        "was a good one, see you all on Sunday": "Finn",
    }
    for number, (text, who) in enumerate(said.items()):
        c.says(f"12 {9 + 2 * number}:05", who, text, id=f"r{number}")
        c.asked(f"r{number}", status=None)
    c.tolerate("unanswered")


def plain_lines_of_talk_in_english(c: Community) -> None:
    """Opinions, disagreement, me too: everyday lines that the first learned detector took for questions."""
    _club(c, 13)
    said = {
        "ha, mine does that too": "Gus",
        "I think we all spend too much on the chain, the cheap one does the job": "Cleo",
        "I disagree, the cheap chain broke on me twice": "Dan",
    }
    for number, (text, who) in enumerate(said.items()):
        c.says(f"12 {9 + 2 * number}:05", who, text, id=f"p{number}")
        c.asked(f"p{number}", status=None)
    c.tolerate("unanswered")


def a_club_whose_winter_begins(c: Community) -> None:
    """From week to week a quarter less, as the days get shorter: gradual, and told of before half a year of it."""
    c.group(members=110, staff="Marshal")
    for week, many in enumerate((8, 8, 8, 8, 6, 4.5, 3.2, 2.4, 1.8)):
        cast = RIDERS[: max(4, 12 - week)]
        c.talk((1 + 7 * week, 7 + 7 * week), cast, a_day=many, about=BIKES, mix=ACTING, words=ENGLISH)
    c.tolerate("member_at_risk")
    c.expect("group_fading", ("38 00:00", "57 00:00"), because="usual")
    c.stage("62 23:00", "fading")
    c.never("group_dormant")


def a_bot_posts_race_results_into_a_quiet_room(c: Community) -> None:
    """On race day the bot posts a result every five minutes all afternoon, as it does each week: its work, not a flood."""
    c.group(members=110, staff="Marshal", bots="racebot")
    c.talk((1, 24), RIDERS, a_day=5, about=BIKES, words=ENGLISH)
    for week in range(3):
        for number in range(48):
            at = moment(f"{6 + 7 * week} 13:00") + number * 300 * SECOND
            c.says(at, "racebot", f"Result {number + 1}: rider {number * 7 % 90} in {30 + number} min", scene=False)
    c.tolerate("member_at_risk")
    c.never("flood", "false_activity", "advertising")
