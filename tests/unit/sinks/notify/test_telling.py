"""Who is told what, when."""

from typing import Any

import pytest

from huoqun.notify_config import NotifyRoute
from sinks.notify.lane import Traits
from sinks.notify.notice import Again, Limit
from tests.support.notifying import (
    DAY,
    FAILS,
    HOUR,
    KEEPER,
    MINUTE,
    NEVER,
    NOON,
    SECOND,
    Life,
    action,
    alert,
    configured,
    told,
)

EVENING = NOON + 10 * HOUR
"""22:00 in Shanghai."""
MORNING = NOON + 21 * HOUR
"""09:00 on the next day."""


def route(**more: Any) -> NotifyRoute:
    return NotifyRoute(**({"name": "all", "channels": ["chat"]} | more))


def living(*routes: NotifyRoute, **more: Any) -> Life:
    traits = more.pop("traits", None)
    now = more.pop("now", NOON)
    return Life(configured(*(routes or (route(),)), **more), traits=traits, now=now)


def test_an_alert_is_told_after_the_wait_and_never_again() -> None:
    life = living()
    life.hear(alert())
    assert life.pass_time(NOON + 9 * SECOND) == []
    assert told(life.pass_time(NOON + 11 * SECOND)) == [("chat", "raised", ("a",))]
    assert life.pass_time(NOON + DAY, MINUTE) == []


def test_an_alert_that_is_over_within_the_wait_is_not_told() -> None:
    life = living()
    life.hear(alert())
    life.pass_time(NOON + 5 * SECOND)
    life.hear(alert(state="resolved", version=2, ended=NOON + 5 * SECOND))
    assert life.pass_time(NOON + HOUR, MINUTE) == []


def test_what_comes_within_the_wait_goes_along_and_what_comes_then_waits_for_the_interval() -> None:
    life = living()
    life.hear(alert("a"))
    life.pass_time(NOON + 5 * SECOND)
    life.hear(alert("b", severity="critical"))
    assert told(life.pass_time(NOON + 11 * SECOND)) == [("chat", "raised", ("b", "a"))]
    life.hear(alert("c"))
    assert life.pass_time(NOON + 69 * SECOND) == []
    assert told(life.pass_time(NOON + 75 * SECOND)) == [("chat", "raised", ("c",))]


def test_who_was_told_is_told_that_it_is_over_and_nobody_else() -> None:
    life = living(route(), route(name="worse", channels=["boss"], severity="critical"))
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    life.hear(alert(state="resolved", version=2, ended=NOON + MINUTE))
    (notice,) = life.pass_time(NOON + HOUR, MINUTE)
    assert told([notice]) == [("chat", "resolved", ("a",))]
    assert (notice.items[0].ended, notice.items[0].ended_at) == ("resolved", NOON + MINUTE)
    assert life.pass_time(NOON + 2 * HOUR, MINUTE) == []


def test_what_expires_is_told_only_to_who_would_keep_it_open() -> None:
    life = living(route(channels=["chat", "pager"]), traits={"pager": KEEPER})
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    life.hear(alert(state="expired", version=2, ended=NOON + MINUTE))
    assert told(life.pass_time(NOON + HOUR, MINUTE)) == [("pager", "resolved", ("a",))]


def test_what_an_operator_resolves_on_the_desk_is_told_with_the_name() -> None:
    life = living()
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    life.hear(action("a", "resolve", NOON + MINUTE))
    (notice,) = life.pass_time(NOON + 2 * MINUTE)
    assert (notice.step, notice.items[0].ended_by) == ("resolved", "小周")


def test_an_alert_takes_every_route_that_matches_and_a_channel_is_told_once() -> None:
    life = living(
        route(kinds=["flood"]), route(name="b", severity="critical"), route(name="c", channels=["chat", "boss"]),
        route(name="d", channels=["boss"], groups=["qq/2"]), route(name="e", channels=["pager"], group_kinds=["fan"]),
    )  # fmt: skip
    life.hear(alert(severity="critical"))
    notices = life.pass_time(NOON + HOUR, MINUTE)
    assert sorted(told(notices)) == [("boss", "raised", ("a",)), ("chat", "raised", ("a",))]
    assert {n.channel: n.route for n in notices} == {"chat": "b", "boss": "c"}


def test_an_alert_that_nobody_takes_on_escalates_and_one_that_is_acknowledged_does_not() -> None:
    life = living(route(escalate_after_minutes=15, escalate_to=["boss"]))
    life.hear(alert("a"), alert("b"))
    life.pass_time(NOON + MINUTE)
    life.hear(action("b", "acknowledge", NOON + MINUTE))
    assert life.pass_time(NOON + 15 * MINUTE) == []
    assert told(life.pass_time(NOON + 16 * MINUTE)) == [("boss", "escalated", ("a",))]
    life.hear(alert("a", state="resolved", version=2, ended=life.now))
    assert sorted(told(life.pass_time(NOON + HOUR, MINUTE))) == [
        ("boss", "resolved", ("a",)),
        ("chat", "resolved", ("a",)),
    ]


def test_an_acknowledgement_that_is_taken_back_lets_it_escalate() -> None:
    life = living(route(escalate_after_minutes=15, escalate_to=["boss"]))
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    life.hear(action("a", "acknowledge", NOON + MINUTE))
    life.hear(action("a", "undo", NOON + 2 * MINUTE, undoes="a-acknowledge-1"))
    assert told(life.pass_time(NOON + HOUR, MINUTE)) == [("boss", "escalated", ("a",))]


def test_it_escalates_also_when_the_first_channel_takes_nothing() -> None:
    life = living(route(escalate_after_minutes=15, escalate_to=["boss"]), failing_minutes=1440)
    life.behaves["chat"] = [FAILS] * 1_000
    life.hear(alert())
    assert told(life.pass_time(NOON + HOUR, MINUTE)) == [("boss", "escalated", ("a",))]


def test_an_alert_that_becomes_worse_is_told_once_more() -> None:
    life = living()
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    life.hear(alert(severity="critical", version=2))
    assert told(life.pass_time(NOON + 2 * MINUTE)) == [("chat", "escalated", ("a",))]
    life.hear(alert(severity="critical", version=3))
    assert life.pass_time(NOON + DAY, MINUTE) == []


def test_a_snoozed_alert_is_not_told_until_then_and_told_again_after() -> None:
    life = living()
    life.hear(alert("known"))
    life.pass_time(NOON + MINUTE)
    life.hear(alert("new", at=life.now), action("known", "snooze", life.now, until=NOON + HOUR))
    life.hear(action("new", "snooze", life.now, until=NOON + HOUR))
    assert life.pass_time(NOON + HOUR - SECOND) == []
    assert sorted(told(life.pass_time(NOON + HOUR + MINUTE))) == [
        ("chat", "again", ("known",)),
        ("chat", "raised", ("new",)),
    ]
    assert life.pass_time(NOON + DAY, MINUTE) == []


def test_open_alerts_are_repeated_where_that_is_wanted_and_those_taken_on_are_not() -> None:
    life = living(repeat_hours=4)
    life.hear(alert("a"), alert("b", group="2"))
    life.pass_time(NOON + MINUTE)
    life.hear(action("b", "acknowledge", life.now))
    assert told(life.pass_time(NOON + 9 * HOUR, MINUTE)) == [("chat", "again", ("a",))] * 2


def test_an_alert_that_is_raised_anew_is_told_anew_whatever_was_done_about_the_last_one() -> None:
    life = living()
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    life.hear(action("a", "resolve", life.now))
    life.pass_time(NOON + 2 * MINUTE)
    life.hear(alert(at=NOON + HOUR, version=2))
    assert told(life.pass_time(NOON + 2 * HOUR, MINUTE)) == [("chat", "raised", ("a",))]


def test_who_was_told_is_told_the_end_also_of_one_that_was_raised_anew_and_over_before_that_was_told() -> None:
    """As after an outage: the end of the first, the second, and its end come as one record."""
    life = living()
    life.hear(alert())
    life.pass_time(NOON + 2 * MINUTE)
    life = life.restart()
    life.hear(alert(at=NOON + HOUR, version=4, state="resolved", ended=NOON + HOUR + MINUTE))
    assert told(life.pass_time(NOON + 2 * HOUR, MINUTE)) == [("chat", "resolved", ("a",))]
    assert life.restart().pass_time(NOON + 3 * HOUR, MINUTE) == []


@pytest.mark.parametrize("moved", [-30 * SECOND, 5 * SECOND])
def test_an_alert_whose_time_of_raising_is_corrected_is_not_told_again(moved: int) -> None:
    life = living(route(escalate_after_minutes=15, escalate_to=["boss"]))
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    life.hear(alert(at=NOON + moved, version=2))
    assert told(life.pass_time(NOON + HOUR, MINUTE)) == [("boss", "escalated", ("a",))]
    life = life.restart()
    assert life.pass_time(NOON + 2 * HOUR, MINUTE) == []
    life.hear(alert(at=NOON + moved, state="resolved", version=3, ended=life.now))
    assert len(life.pass_time(NOON + 3 * HOUR, MINUTE)) == 2


def test_a_storm_in_one_group_is_one_notice_with_counts() -> None:
    life = living()
    life.hear(*(alert(f"a{n:03}", kind="unanswered" if n % 4 else "flood") for n in range(100)))
    (notice,) = life.pass_time(NOON + HOUR, MINUTE)
    assert (len(notice.items), notice.more, notice.counts) == (10, 90, (("unanswered", 75), ("flood", 25)))
    life.hear(*(alert(f"a{n:03}", state="resolved", version=2, ended=life.now) for n in range(100)))
    (notice,) = life.pass_time(NOON + 2 * HOUR, MINUTE)
    assert (notice.step, len(notice.items) + notice.more) == ("resolved", 100)


def test_a_storm_in_many_groups_is_one_notice() -> None:
    life = living()
    life.hear(*(alert(f"a{n:03}", group=str(n)) for n in range(300)))
    notices = life.pass_time(NOON + HOUR, MINUTE)
    assert [len(n.items) + n.more for n in notices] == [300]


def test_a_storm_that_goes_on_is_one_notice_an_interval_and_what_is_critical_does_not_wait() -> None:
    life = living()
    for n in range(300):
        life.hear(alert(f"a{n:03}", at=life.now, group=str(n)))
        life.pass_time(life.now + SECOND)
    life.hear(alert("bad", at=life.now, group="bad", severity="critical"))
    assert "bad" in [item.alert_id for n in life.pass_time(life.now + 12 * SECOND) for item in n.items]
    life.pass_time(life.now + 2 * MINUTE)
    assert sum(len(n.items) + n.more for n in life.sent) == 301
    assert len(life.sent) <= 6 + 7 + 1


def test_who_keeps_alerts_by_their_ids_gets_each_one() -> None:
    life = living(route(channels=["pager"]), traits={"pager": KEEPER})
    life.hear(*(alert(f"a{n:03}") for n in range(30)))
    notices = life.pass_time(NOON + 3 * HOUR, SECOND * 10)
    assert sorted(told(notices)) == [("pager", "raised", (f"a{n:03}",)) for n in range(30)]


def test_who_keeps_alerts_by_their_ids_is_told_that_somebody_has_it() -> None:
    life = living(route(channels=["chat", "pager"]), traits={"pager": KEEPER})
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    life.hear(action("a", "acknowledge", life.now))
    (notice,) = life.pass_time(NOON + HOUR, MINUTE)
    assert told([notice]) == [("pager", "acked", ("a",))]
    assert notice.items[0].assigned_to == "小周"


def test_what_must_be_refreshed_is_until_it_is_over() -> None:
    life = living(route(channels=["pager"]), traits={"pager": Traits(resolves=True, refresh_ms=MINUTE, most_items=2)})
    life.hear(*(alert(name) for name in "abc"))
    life.pass_time(NOON + 5 * MINUTE)
    before = len(life.log)
    assert {i.alert_id for n in life.pass_time(life.now + 2 * MINUTE) for i in n.items} == {"a", "b", "c"}
    assert len(life.log) == before, "a refresh is not recorded"
    life.hear(*(alert(name, state="expired", version=2, ended=life.now) for name in "abc"))
    life.pass_time(life.now + 3 * MINUTE)
    assert life.pass_time(life.now + HOUR, MINUTE) == []


def test_a_channels_limit_is_kept_and_the_most_severe_go_first() -> None:
    life = living(traits={"chat": Traits(limit=Limit(2, MINUTE))}, group_wait_seconds=0)
    for n in range(5):
        life.hear(alert(f"a{n}", group=str(n), severity="critical" if n == 4 else "warning"))
    assert told(life.pass_time(NOON + 50 * SECOND)) == [("chat", "raised", ("a4",)), ("chat", "raised", ("a0",))]
    life.pass_time(NOON + HOUR)
    times = sorted(notice.at for notice in life.sent)
    assert all(later - first >= MINUTE for first, later in zip(times, times[2:], strict=False))
    assert len(life.sent) == 5


def test_a_channel_that_fails_is_tried_again_with_growing_waits_and_the_same_notice() -> None:
    life = living()
    life.behaves["chat"] = [FAILS] * 5
    life.hear(alert())
    assert told(life.pass_time(NOON + HOUR)) == [("chat", "raised", ("a",))]
    assert len({n.delivery_id for n in life.tried}) == 1
    assert len(life.tried) == 6


def test_a_receiver_that_asks_for_time_gets_it() -> None:
    life = living()
    life.behaves["chat"] = [Again(5 * MINUTE, "429")]
    life.hear(alert())
    assert life.pass_time(NOON + 5 * MINUTE) == []
    assert told(life.pass_time(NOON + 6 * MINUTE)) == [("chat", "raised", ("a",))]


def test_what_is_over_before_the_channel_works_again_is_not_told() -> None:
    life = living()
    life.behaves["chat"] = [FAILS] * 6
    life.hear(alert())
    life.pass_time(NOON + 20 * SECOND)
    life.hear(alert(state="resolved", version=2, ended=life.now))
    assert life.pass_time(NOON + HOUR, MINUTE) == []


def test_a_notice_that_the_receiver_cannot_take_lets_others_go_first() -> None:
    life = living(route(channels=["chat"]))
    life.hear(alert("poison", severity="critical"))
    life.behaves["chat"] = [FAILS] * 8
    life.pass_time(NOON + 15 * SECOND)
    life.hear(alert("other", at=life.now, group="2"))
    assert told(life.pass_time(NOON + HOUR, SECOND * 5))[0] == ("chat", "raised", ("other",))


def test_another_channel_tells_of_one_that_fails_for_long() -> None:
    life = living(route(channels=["chat", "boss"]))
    life.behaves["chat"] = [FAILS] * 10_000
    life.hear(alert())
    notices = life.pass_time(NOON + HOUR, SECOND * 10)
    assert [(n.channel, n.step) for n in notices] == [("boss", "raised"), ("boss", "trouble")]
    trouble = notices[1].trouble
    assert trouble is not None
    assert (trouble.channel, trouble.why, trouble.waiting) == ("chat", "503", 1)


def test_another_channel_tells_at_once_of_one_that_refuses_and_it_is_recorded() -> None:
    life = living(route(channels=["chat", "boss"]))
    life.behaves["chat"] = [NEVER]
    life.hear(alert())
    assert [(n.channel, n.step) for n in life.pass_time(NOON + HOUR, MINUTE)] == [
        ("boss", "raised"),
        ("boss", "trouble"),
    ]
    refused = [record for record, _ in life.log if getattr(record, "outcome", "") == "refused"]
    assert [(r.channel, r.alerts, r.why) for r in refused] == [("chat", ["a"], "404: no such robot")]


def test_what_was_refused_is_told_after_a_restart() -> None:
    life = living()
    life.behaves["chat"] = [NEVER]
    life.hear(alert())
    life.pass_time(NOON + MINUTE)
    assert told(life.restart().pass_time(NOON + 2 * MINUTE)) == [("chat", "raised", ("a",))]


def test_a_night_of_quiet_hours_is_one_digest_in_the_morning() -> None:
    life = living(now=EVENING)
    life.pass_time(EVENING + 2 * HOUR, MINUTE)
    for n in range(20):
        life.hear(alert(f"a{n:02}", at=life.now, group="night"))
        life.pass_time(life.now + 10 * MINUTE, MINUTE)
    for n in range(5):
        life.hear(alert(f"a{n:02}", at=EVENING + 2 * HOUR, state="resolved", version=2, ended=life.now, group="night"))
    assert life.sent == []
    assert life.pass_time(MORNING - SECOND, MINUTE) == []
    (digest,) = life.pass_time(MORNING + 5 * HOUR, MINUTE)
    assert digest.step == "digest"
    assert len(digest.items) + digest.more == 15
    assert digest.night is not None
    assert (digest.night.raised, digest.night.closed) == (20, 5)


def test_what_is_critical_is_told_at_night_unless_it_may_not() -> None:
    for passes, expected in ((True, [("chat", "raised", ("a",))]), (False, [])):
        life = living(route(critical_in_quiet_hours=passes), now=EVENING + 2 * HOUR)
        life.hear(alert(at=life.now, severity="critical", group="night"))
        assert told(life.pass_time(life.now + 5 * HOUR, MINUTE)) == expected


def test_a_route_without_quiet_hours_tells_at_night() -> None:
    life = living(route(quiet_hours=False), now=EVENING + 2 * HOUR)
    life.hear(alert(at=life.now, group="night"))
    assert told(life.pass_time(life.now + MINUTE)) == [("chat", "raised", ("a",))]


def test_a_digest_that_was_missed_is_told_at_the_next_start_and_once() -> None:
    life = living(now=EVENING + 2 * HOUR)
    life.hear(alert(at=life.now, group="night"))
    life.pass_time(life.now + HOUR, MINUTE)
    life.now = MORNING + 3 * HOUR
    life = life.restart()
    assert told(life.pass_time(life.now + MINUTE)) == [("chat", "digest", ("a",))]
    assert life.restart().pass_time(life.now + DAY, HOUR) == []


def test_nothing_escalates_or_ends_in_the_quiet_hours_but_after_them() -> None:
    life = living(route(escalate_after_minutes=90, escalate_to=["boss"]), now=EVENING)
    life.hear(alert("a", at=life.now, group="night"), alert("b", at=life.now, group="night"))
    life.pass_time(EVENING + 70 * MINUTE, MINUTE)
    life.hear(alert("b", at=EVENING, state="resolved", version=2, ended=life.now, group="night"))
    assert life.pass_time(EVENING + 9 * HOUR, MINUTE) == []
    assert sorted(told(life.pass_time(EVENING + 10 * HOUR, MINUTE))) == [
        ("boss", "escalated", ("a",)),
        ("chat", "resolved", ("b",)),
    ]


def test_history_that_is_replayed_is_not_told_and_what_it_leaves_open_is_in_one_digest() -> None:
    life = living()
    for n in range(500):
        then = NOON - 400 * DAY + n * HOUR
        life.hear(alert(f"a{n:03}", at=then, group=str(n % 7)))
        life.pass_time(life.now + SECOND // 10, SECOND // 10)
        if n % 50:
            life.hear(alert(f"a{n:03}", at=then, group=str(n % 7), state="resolved", version=2, ended=then + HOUR))
    assert life.sent == []
    (digest,) = life.pass_time(MORNING + DAY, MINUTE)
    assert (digest.step, len(digest.items) + digest.more) == ("digest", 10)
    assert MORNING <= digest.at < MORNING + MINUTE


def test_what_comes_late_waits_for_what_ends_it() -> None:
    life = living()
    life.hear(alert(at=NOON - HOUR))
    life.pass_time(NOON + 30 * SECOND)
    life.hear(alert(at=NOON - HOUR, state="resolved", version=2, ended=NOON - HOUR + MINUTE))
    assert life.pass_time(NOON + HOUR, MINUTE) == []


def test_a_restart_tells_nothing_again() -> None:
    life = living(route(escalate_after_minutes=15, escalate_to=["boss"]))
    life.hear(alert("a"), alert("b", group="2"))
    life.pass_time(NOON + 20 * MINUTE)
    assert len(life.sent) == 4
    life = life.restart()
    assert life.pass_time(life.now + DAY, MINUTE) == []
    life.hear(alert("a", state="resolved", version=2, ended=life.now), alert("b", version=1, group="2"))
    assert sorted(told(life.pass_time(life.now + HOUR, MINUTE))) == [
        ("boss", "resolved", ("a",)),
        ("chat", "resolved", ("a",)),
    ]


def test_a_crash_before_the_record_tells_once_more_and_no_more() -> None:
    life = living()
    life.hear(alert())
    life.now += 11 * SECOND
    (notice,) = life.decider.due(life.now)
    assert told([notice]) == [("chat", "raised", ("a",))]
    life = life.restart()  # it was sent, and nothing says so
    (again,) = life.pass_time(life.now + HOUR, MINUTE)
    assert again.delivery_id == notice.delivery_id
    assert life.restart().pass_time(life.now + HOUR, MINUTE) == []


def test_the_weekly_report_is_told_on_its_day_once_and_not_for_a_week_before_the_first_start() -> None:
    life = living(route(weekly_on="wednesday"))
    weekly = [n for n in life.pass_time(NOON + 8 * DAY + HOUR, HOUR) if n.step == "weekly"]
    assert [n.at for n in weekly] == [MORNING, MORNING + 7 * DAY]
    life = life.restart()
    assert life.pass_time(life.now + 5 * DAY, HOUR) == []


@pytest.mark.parametrize("state", ["acked", "resolved"])
def test_what_is_taken_on_before_it_was_told_is_not_told(state: str) -> None:
    life = living()
    life.hear(alert(), action("a", "acknowledge" if state == "acked" else "resolve", NOON + SECOND))
    assert life.pass_time(NOON + DAY, MINUTE) == []
