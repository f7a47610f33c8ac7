"""``huoqun notify test ROUTE`` says of every channel whether it works and how to mend it."""

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from click.testing import CliRunner

from huoqun.cli.notify_test import command
from tests.support.receiver import Asked, receiver

CONFIG = """
[notify]
allow_private = "127.0.0.1"
[[notify.channels]]
name = "hook"
kind = "webhook"
url_env = "HOOK_URL"
[[notify.channels]]
name = "ops"
kind = "feishu"
url_env = "FEISHU_URL"
language = "en"
[[notify.channels]]
name = "boss"
kind = "dingtalk"
url_env = "DING_URL"
[[notify.routes]]
name = "all"
channels = ["hook", "ops"]
escalate_after_minutes = 30
escalate_to = ["boss"]
[[notify.routes]]
name = "one"
channels = ["hook"]
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "huoqun.toml"
    file.write_text(CONFIG, "utf-8")
    return str(file)


@pytest.fixture
def listening() -> Iterator[tuple[int, list[Asked]]]:
    """A receiver in a thread of its own: the command has a loop of its own too."""
    ready, found, loop = threading.Event(), [], asyncio.new_event_loop()
    done = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if "hook" in request.path:
            return web.Response(status=204)
        if "feishu" in request.path:
            return web.json_response({"code": 0})
        return web.json_response({"errcode": 310000, "errmsg": "sign not match"})

    async def serve() -> None:
        async with receiver(answer) as started:
            found.append(started)
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    yield found[0].port, found[0].asked
    loop.call_soon_threadsafe(done.set)
    thread.join(10)


def test_each_channel_is_tried_once_and_what_fails_is_said_with_its_mend(
    config: str, listening: tuple[int, list[Asked]]
) -> None:
    port, asked = listening
    at = f"http://127.0.0.1:{port}"
    environ = {
        "HOOK_URL": f"{at}/hook",
        "FEISHU_URL": f"{at}/feishu/t0ken",
        "DING_URL": f"{at}/ding?access_token=t0ken",
    }
    result = CliRunner().invoke(command, ["all", "--config", config], env=environ)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert [line.split(" ")[:3] for line in lines] == [
        ["✓", "hook", "(webhook):"],
        ["✓", "ops", "(feishu):"],
        ["✗", "boss", "(dingtalk):"],
    ]
    assert "signing secret (SEC…)" in lines[2]
    assert "t0ken" not in result.output
    assert sorted(each.path.partition("?")[0] for each in asked) == ["/ding", "/feishu/t0ken", "/hook"]
    (hook,) = [json.loads(each.body) for each in asked if each.path == "/hook"]
    assert hook["type"] == "notice.test"
    assert "This is a test" in hook["data"]["text"]


def test_when_all_take_it_the_status_is_good(config: str, listening: tuple[int, list[Asked]]) -> None:
    result = CliRunner().invoke(
        command, ["one", "--config", config], env={"HOOK_URL": f"http://127.0.0.1:{listening[0]}/hook"}
    )
    assert result.exit_code == 0
    assert result.output.startswith("✓ hook (webhook)")


def test_a_variable_that_is_not_set_is_named(config: str) -> None:
    result = CliRunner().invoke(command, ["one", "--config", config], env={"HOOK_URL": ""})
    assert result.exit_code == 1
    assert "HOOK_URL is not set" in result.output


def test_a_route_that_is_not_there_is_wrong_use_and_the_routes_are_named(config: str) -> None:
    result = CliRunner().invoke(command, ["nobody", "--config", config])
    assert result.exit_code == 2
    assert "all, one" in result.output


def test_what_does_not_answer_is_said_to_be_for_now(config: str) -> None:
    result = CliRunner().invoke(command, ["one", "--config", config], env={"HOOK_URL": "http://127.0.0.1:9/hook"})
    assert result.exit_code == 1
    assert result.output.startswith("… hook (webhook): not now: 127.0.0.1: no connection")
