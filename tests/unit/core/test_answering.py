"""Which message answers which question when no link says so, and how later words revise that."""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from huoqun import codec
from huoqun.config import Config, ConfigError, Group, Streams
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.results import Question
from streams.core.answer_features import COLD, LUKEWARM, PAIR, STATE, THANKFUL, WARM, warmth, width
from streams.core.answer_model import NAMED, STATES, AnswerModel, WeightsError, blank
from streams.core.lag import Lag
from streams.core.partition import Partition
from streams.core.weights import shipped
from streams.service import partition_states
from tests.support.core import Machine, encoded, shuffled_within, view_of
from tests.support.scenes import T0, Scene
from tests.unit.core.test_questions import grown

ASK = "有人知道番茄叶子发黄怎么回事吗"


def answered(scene: Scene, question: str = "q") -> tuple[str, str]:
    row = scene.question(question)
    assert row is not None
    return str(row["status"]), str(row["answer_event_id"])


def test_the_next_words_within_a_minute_on_the_matter_answer() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_040, "carol", "叶子发黄多半是缺氮", id="a")
    assert answered(scene) == ("answered", "a")


def test_words_to_somebody_else_do_not() -> None:
    scene = grown()
    scene.add(35_990, "dave", "今天天气真好啊")
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_040, "carol", "叶子发黄多半是缺氮", id="a", mentions=["dave"])
    assert answered(scene) == ("open", "")


def test_somebody_else_who_asks_the_same_answers_nothing() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_040, "carol", f"{ASK}啊", id="too")
    assert answered(scene) == ("open", "")


def test_a_reply_to_something_else_of_the_askers_hours_later_is_no_answer() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_600, "dave", "今天天气真好啊")
    scene.add(36_660, "dave", "下午去公园走走")
    scene.add(36_720, "erin", "我也想去")
    scene.add(36_780, "dave", "那一起")
    scene.add(46_800, "bob", "滴灌装完漏了一地", id="else")
    scene.add(46_860, "carol", "接头处缠两圈生料带就好", id="a", reply_to="else")
    assert answered(scene)[1] != "a"


def test_a_question_is_a_poorer_answer_than_a_statement_and_distance_makes_answers_less_likely() -> None:
    weights = shipped("answers")["undirected"]["weights"]
    assert weights["asks"][1] < weights["asks"][0]
    assert weights["between"][0] > weights["between"][5] > weights["between"][11]
    assert weights["shared words"][3] > weights["shared words"][0]


def test_who_opens_with_yes_or_advice_or_says_you_answers_rather_than_who_greets_or_calls_for_anybody() -> None:
    for kind in ("undirected", "directed"):
        weights = shipped("answers")[kind]["weights"]
        greets, calls, *_, advises, yes_or_no = weights["opening"]
        assert max(greets, calls) < min(advises, yes_or_no)
        assert weights["you"][0] < weights["you"][1]


def test_the_askers_thanks_turn_doubt_into_an_answer_that_dates_from_the_answer() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_150, "carol", "之前我那盆也这样", id="a")
    assert answered(scene) == ("open", "")
    scene.add(36_180, "bob", "谢谢", id="thanks")
    row = scene.question("q")
    assert row is not None
    assert (row["status"], row["answer_event_id"], row["answered_by"]) == ("answered", "a", "carol")
    assert row["answered_at"] == T0 + 36_150_000


def test_thanks_when_nobody_has_spoken_answer_nothing() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_030, "bob", "谢谢", id="thanks")
    assert answered(scene) == ("open", "")


def test_an_answer_after_the_alert_resolves_it_with_who_answered() -> None:
    scene = grown()
    scene.add(36_000, "u7", ASK, id="q", user_name="小满")
    scene.add(36_800, "carol", "小满 多半是缺氮", id="a", user_name="卡萝", mentions=["u7"])
    scene.add(36_830, "u7", "谢谢，我试试", id="thanks", mentions=["carol"])
    (alert,) = scene.alerts("unanswered")
    assert alert["state"] == "resolved"
    assert "卡萝" in str(alert["reasons"])


def strict(**changes: float) -> AnswerModel:
    """A model by hand: a message to nobody is a candidate of p = .5, and what the asker does counts as told."""
    numbers = msgspec.json.decode(msgspec.json.encode(blank()))
    numbers["threshold"] = 0.6
    for kind in STATES:
        numbers[kind]["weights"]["candidates"] = [-4.0 + 0.6 * place for place in range(15)]
        numbers[kind]["bias"] = changes.get("bias", 0.0)
        numbers[kind]["weights"]["asked after"] = [0.0, changes.get("asked_after", -3.0)]
    numbers["bar"] = 0.5
    numbers["alarm"]["bias"] = changes.get("wrong", -1.0)
    numbers["alarm"]["weights"]["own question"] = [0.0, 0.0, 2.0]  # one who was just answered asks on
    return AnswerModel(numbers)


def row_of(scene: Scene, model: AnswerModel) -> dict[str, object]:
    return Machine(answers=model).run(encoded(scene.events))["Question", "qq/1/q"]


def test_several_weak_candidates_together_answer_and_the_likeliest_first_one_is_the_answer() -> None:
    scene = Scene()
    scene.add(0, "bob", ASK, id="q")
    statuses = []
    for number in range(4):
        scene.add(20 + number, "carol", "嗯", id=f"a{number}")
        statuses.append(row_of(scene, strict())["status"])
    assert statuses == ["open", "answered", "answered", "answered"]
    assert row_of(scene, strict())["answer_event_id"] == "a0"


def test_asking_again_reopens_and_the_deadline_begins_anew() -> None:
    scene = Scene()
    scene.add(0, "bob", ASK, id="q")
    scene.add(20, "carol", "嗯", id="a")
    scene.add(200, "dave", "哈", id="b")
    answers = strict(bias=2.0, asked_after=-5.0)
    assert row_of(scene, answers)["status"] == "answered"
    scene.add(260, "bob", "番茄叶子发黄到底怎么回事", id="again")
    row = row_of(scene, answers)
    assert (row["status"], row["answer_event_id"], row["confidence"]) == ("open", "", None)
    assert row["due_at"] == T0 + 260_000 + 5 * 60_000, "five minutes in a cold start, from when they asked again"


def raised(scene: Scene, model: AnswerModel) -> list[tuple[str, int]]:
    """The alerts about unanswered messages by this model: about which, and when in seconds."""
    view = Machine(scene.config, answers=model).run([*encoded(scene.events), codec.encode(Tick(scene.until or 0))])
    alerts = [row for (kind, _), row in view.items() if kind == "Alert" and row["kind"] == "unanswered"]
    return sorted((str(row["subject_event_id"]), (int(str(row["raised_at"])) - T0) // 1000) for row in alerts)


def test_an_alert_that_is_likely_wrong_is_held_back_at_the_deadline_and_where_it_would_escalate() -> None:
    scene = Scene()
    scene.add(0, "bob", ASK, id="q")
    scene.silence_until(3_000)
    assert raised(scene, strict(wrong=-1.0)) == [("q", 300)]
    assert raised(scene, strict(wrong=1.0)) == []


def test_who_asks_again_after_a_held_alert_waits_and_is_judged_anew_at_once() -> None:
    numbers = msgspec.json.decode(msgspec.json.encode(blank()))
    numbers["bar"] = 0.5
    numbers["alarm"]["weights"]["asked again"] = [1.0, -1.0, -1.0]
    scene = Scene()
    scene.add(0, "bob", ASK, id="q")
    scene.add(400, "bob", "番茄叶子发黄怎么回事？", id="again")
    scene.silence_until(500)
    assert raised(scene, AnswerModel(numbers)) == [("q", 400)]


def test_what_mentions_staff_is_never_held_back() -> None:
    scene = Scene(Config(groups=[Group(platform="qq", group_id="1", staff=["boss"])]))
    scene.add(0, "bob", "@boss 门坏了", id="q", mentions=["boss"])
    scene.silence_until(400)
    assert raised(scene, strict(wrong=5.0)) == [("q", 180)]


def test_a_counter_question_of_a_helper_raises_no_alert_and_the_same_question_by_itself_does() -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_030, "carol", "是什么品种的番茄？", id="back", reply_to="q")
    scene.add(36_060, "bob", "圣女果")
    scene.silence_until(40_000)
    assert not scene.alerts("unanswered")
    scene = grown()
    scene.add(36_030, "carol", "是什么品种的番茄？", id="back")
    scene.silence_until(40_000)
    assert [alert["subject_event_id"] for alert in scene.alerts("unanswered")] == ["back"]


@pytest.mark.parametrize("words", ["不用了，自己找到了", "搞定了", "nvm, figured it out", "never mind"])
def test_the_askers_word_that_it_is_solved_ends_the_waiting(words: str) -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_050, "bob", "番茄叶子发黄到底怎么回事", id="again")
    scene.add(36_900, "bob", words)
    scene.silence_until(40_000)
    (alert,) = scene.alerts("unanswered")
    assert (alert["state"], alert["updated_at"]) == ("expired", T0 + 36_900_000)
    assert "提问者" in str(alert["reasons"])
    for question in ("q", "again"):
        row = scene.question(question)
        assert row is not None
        assert (row["status"], row["answer_event_id"]) == ("expired", "")


@pytest.mark.parametrize(
    ("user", "words"), [("bob", "还没解决呢"), ("bob", "not fixed yet"), ("carol", "搞定了"), ("bob", "找到了吗？")]
)
def test_other_words_do_not(user: str, words: str) -> None:
    scene = grown()
    scene.add(36_000, "bob", ASK, id="q")
    scene.add(36_500, user, words)
    row = scene.question("q")
    assert row is not None
    assert row["status"] == "open"


def chatter(seed: int) -> list[Event]:
    """Few people who ask, answer, thank and ask again, close together."""
    rng = random.Random(seed)
    texts = [
        "有人知道番茄叶子发黄怎么回事吗",
        "缺氮",
        "谢谢",
        "番茄要几天浇一次水？",
        "浇水太多了",
        "ok",
        "bob 你看看",
        "不用了，自己找到了",
    ]
    ts, made = T0, []
    for number in range(120):
        ts += rng.choice([900, 5_000, 20_000, 61_000, 200_000, 700_000])
        made.append(
            Event(
                id=f"e{number}",
                type="message",
                ts=ts,
                platform="qq",
                group_id="1",
                user_id=rng.choice(["bob", "carol", "dave", "erik"]),
                text=rng.choice(texts),
                reply_to=f"e{rng.randrange(number)}" if number and rng.random() < 0.1 else "",
                mentions=["bob"] if rng.random() < 0.1 else [],
                received_at=ts + 500,
            )
        )
    return made


@pytest.mark.parametrize("seed", range(12))
def test_answers_given_revised_and_taken_back_are_the_same_in_any_order_and_after_any_crash(seed: int) -> None:
    made, answers = chatter(seed), strict(bias=1.0, asked_after=-4.0)
    plain = Machine(answers=answers).run(encoded(made), batch=7, checkpoint_every=3)
    assert Machine(answers=answers).run(encoded(shuffled_within(made, 119_000, seed)), batch=5) == plain
    rng, log, at = random.Random(seed), encoded(made), 0
    machine = Machine(lag=Lag(checkpoints=2, work=10, silent=1, steps=5, little=0), answers=answers)
    while at < len(log):
        end = min(len(log), at + rng.randint(1, 15))
        machine.feed(log, at, end)
        at = end
        if rng.random() < 0.4:
            machine.checkpoint()
        if rng.random() < 0.25 and machine.results:
            at = machine.crash()
            rng = random.Random(rng.random())
    machine.checkpoint()
    assert view_of(machine.results) == plain


def test_the_made_up_chatter_does_give_revise_and_take_back_answers() -> None:
    answers, seen = strict(bias=1.0, asked_after=-4.0), set()
    for seed in range(12):
        machine = Machine(answers=answers)
        machine.run(encoded(chatter(seed)), batch=1, checkpoint_every=1)
        versions: dict[str, list[tuple[str, str]]] = {}
        for row in machine.results:
            if isinstance(row, Question):
                versions.setdefault(row.question_id, []).append((row.status, row.answer_event_id))
        for rows in versions.values():
            for before, after in pairwise(rows):
                seen.add((before[0], after[0], before[1] != after[1]))
        seen.update(("held", str(asked.held), True) for asked in machine.state.groups["qq/1"].group.h.open)
    assert {("open", "answered", True), ("answered", "open", True), ("answered", "answered", False)} <= seen
    assert {("open", "expired", False), ("held", "2", True)} <= seen, "twice held back, so once before"


@pytest.mark.parametrize(
    ("text", "warm"),
    [
        ("谢谢！", THANKFUL),
        ("thanks, that helped", THANKFUL),
        ("好的，我试试", WARM),
        ("ok", WARM),
        ("bob: yes", WARM),
        ("well I think it works", WARM),
        ("it works", LUKEWARM),
        ("番茄叶子发黄", COLD),
        ("", COLD),
    ],
)
def test_warmth(text: str, warm: int) -> None:
    assert warmth(text) == warm


def test_every_judgement_looks_at_one_class_of_each_feature() -> None:
    model = AnswerModel(blank())
    model.recorded = []
    state = Partition(0, Config(), answers=model)
    texts = ["how do I water it?", "maybe daily", "bob: try it", "thanks", "x" * 500, "番茄叶子发黄怎么办", "发黄", ""]
    events = [
        Event(
            id=str(n),
            type="message",
            ts=T0 + n * n * 1000,
            platform="qq",
            group_id="1",
            user_id=("bob", "carol", "dave")[n * 7 % 3],
            text=texts[n * 5 % len(texts)],
            mentions=["bob"] if n % (11 if n < 150 else 2) == 0 else [],
        )
        for n in range(300)
    ]
    state.apply(list(enumerate(encoded(events))))
    assert {kind for kind, *_ in model.recorded} == {"undirected", "directed", *STATES, "alarm"}
    for kind, _, _, _, places in model.recorded:
        at = 0
        for place, (name, size) in zip(
            places, PAIR if kind.endswith("directed") and not kind.startswith("state") else STATE, strict=True
        ):
            assert at <= place < at + size, (kind, name)
            at += size


def test_the_shipped_weights_say_where_they_come_from_and_hold_no_text() -> None:
    numbers = shipped("answers")
    assert {"command", "data", "licence"} <= set(numbers["from"])
    kinds = dict.fromkeys(("undirected", "directed"), PAIR) | dict.fromkeys((*STATES, *NAMED, "alarm"), STATE)
    for kind, features in kinds.items():
        weights = numbers[kind]["weights"]
        assert set(weights) == {name for name, _ in features}
        assert sum(len(row) for row in weights.values()) == width(features)


def test_weights_from_a_file_of_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    numbers = blank()
    numbers["threshold"] = 0.77
    file.write_bytes(msgspec.json.encode(numbers))
    state = partition_states(Config(streams=Streams(answer_weights=str(file))))(0)
    assert isinstance(state, Partition)
    assert state.answers.threshold == 0.77


OLDER = '{"threshold": 0.5, "undirected": {"bias": 0, "weights": {}}}'


@pytest.mark.parametrize("content", ["", "[]", "{}", OLDER])
def test_a_file_that_holds_no_weights_is_refused_with_its_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "weights.json"
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"streams\.answer_weights: .*weights\.json"):
        partition_states(Config(streams=Streams(answer_weights=str(file))))
    with pytest.raises(ConfigError, match="No such file"):
        partition_states(Config(streams=Streams(answer_weights=str(tmp_path / "none.json"))))


@pytest.mark.parametrize("seed", range(4))
def test_what_changes_nothing_need_not_be_judged_again(seed: int) -> None:
    rng = random.Random(seed)
    texts = [
        ASK,
        "how do I water it?",
        "maybe daily",
        "发黄多半是缺氮",
        "谢谢，搞定了",
        "thanks",
        "ok, then",
        "没有用",
        "x" * 90,
    ]
    events: list[Event] = []
    ts = T0
    for n in range(500):
        ts += rng.choice([1_000, 5_000, 20_000, 90_000, 90_000, 600_000])
        user = rng.choice(["bob", "bob", "carol", "dave"])
        events.append(
            Event(
                id=f"e{n}",
                type="message",
                ts=ts,
                platform="qq",
                group_id="1",
                user_id=user,
                text=rng.choice(texts),
                mentions=[rng.choice(["bob", "carol"])] if rng.random() < 0.15 else [],
                reply_to=rng.choice(events).id if events and rng.random() < 0.05 else "",
            )
        )
    log = encoded(shuffled_within(events, 60_000, seed))
    always, model = AnswerModel(shipped("answers")), AnswerModel(shipped("answers"))
    always.recorded = []
    assert Machine(answers=model).run(log) == Machine(answers=always).run(log)
    assert any(kind == "state" for kind, *_ in always.recorded)


def test_weights_beyond_what_a_table_holds_are_refused_by_the_name_of_the_feature() -> None:
    numbers = msgspec.json.decode(msgspec.json.encode(blank()))
    numbers["state"]["weights"]["kind"] = [0.0, 52.0, -52.0]
    AnswerModel(numbers)
    numbers["state"]["weights"]["kind"] = [0.0, 60.0, 0.0]
    with pytest.raises(WeightsError, match="kind"):
        AnswerModel(numbers)


def test_a_sum_is_exact_whatever_its_weights_are() -> None:
    numbers = msgspec.json.decode(msgspec.json.encode(blank()))
    for number, (name, size) in enumerate(PAIR):
        numbers["directed"]["weights"][name] = [round(0.0137 * (number - 12), 4)] * size
    numbers["directed"]["bias"] = -0.5
    total = (sum(137 * (number - 12) for number in range(len(PAIR))) - 5_000) / 10_000
    starts: Any = tuple(sum(size for _, size in PAIR[:number]) for number in range(len(PAIR)))
    assert AnswerModel(numbers).of_pair(starts, True) == 1.0 / (1.0 + math.exp(-total))
