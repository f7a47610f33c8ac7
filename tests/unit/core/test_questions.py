"""Unanswered messages: what wants an answer, what answers it, and when operators are told."""

from __future__ import annotations

import pytest

from huoqun.config import Config, Deadlines, Group, QuietHours
from streams.core.state import NEWCOMER_MS
from tests.support.scenes import DAY, MINUTE, T0, Scene

ASK = "有人知道番茄叶子发黄怎么回事吗"


def grown(config: Config | None = None) -> Scene:
    """A group past its cold start: people talk, so that the common deadline of 10 minutes holds."""
    scene = Scene(config)
    for day in range(-35, 0):
        for n in range(25):
            scene.add(day * 86_400 + 36_000 + n * 600, f"old{n % 6}", "今天浇了水")
    return scene


def test_a_question_that_nobody_answers_is_an_alert_at_its_deadline_to_the_second() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.silence_until(36_000 + 599)
    assert not scene.alerts("unanswered")
    scene.silence_until(36_000 + 601)
    (alert,) = scene.alerts("unanswered")
    assert alert["raised_at"] == T0 + 36_000_000 + 600_000, "stamped with the deadline, not with the tick"
    assert alert["subject_event_id"] == "q"
    assert alert["state"] == "open"
    assert alert["severity"] == "warning"


def test_it_escalates_at_three_times_the_deadline() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.silence_until(36_000 + 1801)
    (alert,) = scene.alerts("unanswered")
    assert alert["severity"] == "critical"
    assert alert["raised_at"] == T0 + 36_600_000
    assert alert["updated_at"] == T0 + 37_800_000


@pytest.mark.parametrize(
    "answer", [{"reply_to": "q"}, {"mentions": ["bob"]}, {"thread_id": "q"}], ids=["reply", "mention", "thread"]
)
def test_an_explicit_link_answers_before_the_deadline_and_no_alert_is_raised(answer: dict[str, object]) -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_060, "carol", "缺氮", id="a", **answer)
    scene.silence_until(40_000)
    question = scene.question("q")
    assert question is not None
    assert (question["status"], question["answer_event_id"], question["answered_by"]) == ("answered", "a", "carol")
    assert question["answered_at"] == T0 + 36_060_000
    assert not scene.alerts("unanswered")


def test_a_message_in_a_thread_answers_what_others_asked_there_and_nothing_elsewhere() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="in it", thread_id="t")
    scene.add(36_010, "dave", "请问群主在哪买土", id="in another", thread_id="u")
    scene.add(36_020, "erin", "有没有推荐的花盆", id="in none")
    scene.add(36_030, "carol", "能不能晚上发货", id="her own", thread_id="t")
    scene.add(36_060, "carol", "缺氮", id="a", thread_id="t")
    asked = {name: scene.question(name) for name in ("in it", "in another", "in none", "her own")}
    assert {name: row["status"] for name, row in asked.items() if row} == {
        "in it": "answered", "in another": "open", "in none": "open", "her own": "open",
    }  # fmt: skip


def test_a_late_answer_resolves_the_alert_and_says_who_and_after_how_long() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(37_000, "carol", "缺氮", id="a", reply_to="q", user_name="卡萝")
    (alert,) = scene.alerts("unanswered")
    assert alert["state"] == "resolved"
    assert alert["resolved_at"] == T0 + 37_000_000
    assert "卡萝" in alert["reasons"][-1]
    assert "16 min" in alert["reasons"][-1]


def test_the_askers_name_in_the_text_is_a_mention() -> None:
    scene = grown()
    scene.add(36_000, "u7", ASK, id="q", user_name="小满")
    scene.add(36_030, "carol", "小满 你看看是不是缺氮", id="a")
    question = scene.question("q")
    assert question is not None
    assert question["status"] == "answered"


@pytest.mark.parametrize(
    ("user", "fields"),
    [("bob", {"reply_to": "q"}), ("robot", {"reply_to": "q", "is_bot": True})],
    ids=["the asker", "a bot"],
)
def test_the_asker_and_bots_do_not_answer(user: str, fields: dict[str, object]) -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_060, user, "再问一次", **fields)
    scene.silence_until(36_700)
    question = scene.question("q")
    assert question is not None
    assert question["status"] == "open"
    assert scene.alerts("unanswered")


def test_a_reaction_acknowledges_and_does_not_answer() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_060, "carol", type="reaction", reply_to="q")
    question = scene.question("q")
    assert question is not None
    assert question["status"] == "open"


def test_a_question_by_staff_is_counted_and_never_alarmed() -> None:
    scene = grown()
    scene.add(36_000, "boss", "大家周末想种什么？", id="q", is_staff=True)
    scene.silence_until(50_000)
    question = scene.question("q")
    assert question is not None
    assert question["due_at"] is None
    assert not scene.alerts("unanswered")


def test_staff_who_are_mentioned_have_three_minutes() -> None:
    scene = grown()
    scene.add(35_000, "boss", "早", is_staff=True)
    scene.add(36_000, "bob", "群主在不在", id="q", mentions=["boss"])
    scene.silence_until(36_000 + 181)
    (alert,) = scene.alerts("unanswered")
    assert alert["raised_at"] == T0 + 36_180_000
    question = scene.question("q")
    assert question is not None
    assert question["kind"] == "mention"


def test_a_newcomers_first_words_want_an_answer_and_their_second_do_not() -> None:
    scene = grown()
    scene.join(35_000, "new")
    scene.add(36_000, "new", "大家好我是新来的", id="first")
    scene.add(36_500, "new", "阳台朝西", id="second")
    scene.silence_until(36_000 + 301)
    first = scene.question("first")
    assert first is not None
    assert first["kind"] == "newcomer"
    assert scene.question("second") is None
    assert [a["raised_at"] for a in scene.alerts("unanswered")] == [T0 + 36_300_000], "five minutes for newcomers"


def test_a_repeated_question_joins_the_open_one_and_is_answered_with_it() -> None:
    scene = grown()
    scene.add(36_000, "bob", "how do I repot a big tomato plant?", id="q1")
    scene.add(37_000, "bob", "how do I repot a big tomato plant", id="q2")
    scene.add(37_030, "carol", "gently", id="a", reply_to="q2")
    one, two = scene.question("q1"), scene.question("q2")
    assert one is not None
    assert two is not None
    assert two["joined_to"] == "q1"
    assert one["answer_event_id"] == two["answer_event_id"] == "a"
    assert len(scene.alerts("unanswered")) == 1, "one question, one alert"


def test_in_quiet_hours_the_deadline_stands_still() -> None:
    night = Group(
        platform="qq", group_id="1", time_zone="Asia/Shanghai", quiet_hours=QuietHours(start="23:00", end="07:00"),
        deadlines=Deadlines(question_minutes=10, cold_start_minutes=10),
    )  # fmt: skip
    scene = Scene(Config(groups=[night]))
    asked = 14 * 3600 + 55 * 60  # 22:55 in Shanghai
    scene.add(asked, "bob", ASK, id="q")
    question = scene.question("q")
    assert question is not None
    assert question["due_at"] == T0 + 23 * 3_600_000 + 5 * 60_000, "five minutes before 23:00 and five after 07:00"


def test_in_a_cold_start_the_deadline_is_five_minutes() -> None:
    scene = Scene()
    scene.add(36_000, "bob", ASK, id="q")
    question = scene.question("q")
    assert question is not None
    assert question["due_at"] == T0 + 36_300_000


def test_after_a_week_an_open_question_expires_with_its_alert() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.silence_until(36_000 + 7 * DAY / 1000 + 1)
    question = scene.question("q")
    assert question is not None
    assert question["status"] == "expired"
    assert [a["state"] for a in scene.alerts("unanswered")] == ["expired"]


def test_in_a_group_where_nobody_names_anybody_the_next_words_on_the_matter_answer() -> None:
    scene = grown()
    scene.add(36_000, "bob", "番茄叶子发黄怎么办", id="q")
    scene.add(36_200, "carol", "番茄叶子发黄多半是缺氮", id="a")
    question = scene.question("q")
    assert question is not None
    assert question["status"] == "answered"
    assert 0.5 <= question["confidence"] < 0.95


def test_an_advertisement_asks_nothing_even_as_first_words() -> None:
    scene = grown()
    scene.join(35_000, "ad")
    scene.add(36_000, "ad", "还在为脱发烦恼吗？加微信 abc123 领优惠", id="q")
    assert scene.question("q") is None
    assert scene.alerts("advertising")


def test_who_asks_more_than_eight_things_has_the_first_ones_expire() -> None:
    scene = Scene()
    scene.add(0, "ada", "大家好")
    asked = [scene.add(10 + n * 400, "bob", f"请问{what}怎么种？") for n, what in enumerate("瓜豆葱蒜姜椒茄菇笋桃")]
    states = [(scene.question(name) or {})["status"] for name in asked]
    assert states[:2] == ["expired", "expired"]
    assert "expired" not in states[2:]


def test_more_than_256_open_questions_are_too_many_and_the_oldest_expires() -> None:
    scene = Scene()
    for n in range(257):
        scene.add(n, f"u{n}", "请问怎么浇水？", id=f"q{n}")
    view = scene.view()
    states = [view["Question", f"qq/1/q{n}"]["status"] for n in range(257)]
    assert states[0] == "expired"
    assert "expired" not in states[1:]


MARKED = "how do I repot an orchid? Mine is in bark now. Thanks"
HARDLY = "leaves turning yellow"


@pytest.mark.parametrize(("silent", "asks"), [(61, True), (60, False)])
def test_out_of_talk_a_question_mark_outweighs_the_words_around_it(silent: int, asks: bool) -> None:
    scene = grown()
    scene.add(36_000, "bob", "今天浇了水")
    scene.add(36_000 + silent, "bob", MARKED, id="q")
    assert (scene.question("q") is not None) == asks


def test_nothing_is_known_of_talk_before_anybody_has_spoken() -> None:
    scene = Scene()
    scene.add(36_000, "bob", MARKED, id="q")
    assert scene.question("q") is None
    scene.add(36_001, "carol", MARKED, id="next")
    assert scene.question("next") is not None


def test_a_question_mark_within_a_link_is_none() -> None:
    scene = grown()
    scene.add(36_400, "bob", "i have a problem, see https://example.org/?page=2 thanks", id="q")
    assert scene.question("q") is None


def test_in_talk_words_that_hardly_ask_need_a_question_mark() -> None:
    scene = grown()
    scene.add(36_000, "bob", HARDLY, id="alone")
    scene.add(36_030, "bob", HARDLY, id="in talk")
    scene.add(36_100, "carol", HARDLY, id="to bob", mentions=["bob"])
    scene.add(36_300, "dave", "so much, honestly?", id="marked", mentions=["bob"])
    asked = [name for name in ("alone", "in talk", "to bob", "marked") if scene.question(name) is not None]
    assert asked == ["alone", "marked"]


@pytest.mark.parametrize(("late_ms", "minutes"), [(-1, 2), (0, 2), (1, 10)])
def test_who_joined_just_so_long_ago_is_a_newcomer_still_and_a_millisecond_later_no_more(
    late_ms: int, minutes: int
) -> None:
    limits = Deadlines(question_minutes=10, newcomer_minutes=2, cold_start_minutes=10)
    scene = Scene(Config(deadlines=limits))
    scene.join(0, "bob")
    scene.add(5, "bob", "早")
    at = (NEWCOMER_MS + late_ms) / 1000
    asked = scene.question(scene.add(at, "bob", "请问怎么浇水？"))
    assert asked is not None
    assert asked["due_at"] == T0 + round(at * 1000) + minutes * MINUTE
