"""``huoqun demo``: the whole pipeline once, from webhook to report."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from huoqun.cli import configured
from huoqun.cli.naming import program
from huoqun.clock import now_ms
from huoqun.config import DEFAULT_FILE, Config
from huoqun.toml_text import dump

if TYPE_CHECKING:
    from huoqun.local.stack import LocalStack

DIRECTORY: Final = "demo"
_PROCESSED_SECONDS: Final = 60.0
_GIVE_UP_SECONDS: Final = 20.0
_FURTHER: Final = """
Data of this demo   {data_dir}
Look further        {program} -c {file} up
                    and in another terminal: {program} -c {file} report
Your own chats      {program} up, then {program} replay FILE (one JSON event a line), or point a webhook at it
看自己的群          先 {program} up，再 {program} replay 文件，或把机器人的 webhook 指过来
"""


@click.command(name="demo")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Start everything, send a made-up community through the webhook, print what was found, stop everything.

    The community is simulated (a few days of a forming group, Chinese and English, with unanswered questions,
    newcomers, an advertisement and a burst of leaves). It is kept in a directory of its own, data_dir/demo, which each
    demo begins anew; your own data and settings are not touched. Ports are any free ones. Ends with 0, under a minute.
    """
    config = configured(ctx)  # where data is kept
    from huoqun.local.addresses import is_running  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.local.stack import LocalStack, StackError  # noqa: PLC0415

    data_dir = Path(config.data_dir).absolute() / DIRECTORY
    if is_running(data_dir):
        raise click.ClickException(f"a demo already runs in {data_dir}: wait for its end")
    shutil.rmtree(data_dir, ignore_errors=True)
    data_dir.mkdir(parents=True)
    own = Config(data_dir=str(data_dir))  # a source that wants signatures, or another store, must not get in the way
    file = data_dir / DEFAULT_FILE
    file.write_text(dump(own), "utf-8")
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell's background job is made to ignore SIGINT
        signal.signal(number, signal.default_int_handler)  # both end as KeyboardInterrupt, also while it starts
    _say("1/4 starting broker, store, gateway and worker · 正在启动")
    try:
        with LocalStack(own, config_file=str(file), free_ports=True, say=_say) as stack:
            _run(stack)
            _say("4/4 stopping everything · 正在停止")
    except StackError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        raise click.Abort from None
    click.echo(_FURTHER.format(data_dir=_short(data_dir), file=_short(file), program=program()))


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def _say(line: str) -> None:
    click.echo(line, err=True)


def _run(stack: LocalStack) -> None:
    from huoqun.cli.report import print_report  # noqa: PLC0415  # heavy
    from producers.replay import Client, Line, ReplayError, Totals, batches  # noqa: PLC0415  # rooms only lazily
    from producers.simulator import sample_community  # noqa: PLC0415

    events = sample_community(end_ms=now_ms())
    click.echo(
        f"2/4 sending {len(events):,} simulated events to {stack.addresses.gateway}/v1/events · 正在发送", err=True
    )
    totals = Totals()
    lines = (Line(msgspec.json.encode(event), "sample", number) for number, event in enumerate(events, 1))
    client = Client(stack.addresses.gateway, source=None, key=None, give_up_seconds=_GIVE_UP_SECONDS)
    try:
        client.send_all(batches(lines), totals, lambda: None)
    except ReplayError as error:
        raise click.ClickException(str(error)) from None
    if totals.refused:
        first: Any = totals.shown[0]
        raise click.ClickException(f"{totals.refused} sample events were refused; event {first.number}: {first.why}")
    _say("3/4 waiting until all of it is computed and stored · 正在计算")
    if not stack.wait_processed(_PROCESSED_SECONDS):
        raise click.ClickException(f"not all of it was processed within {_PROCESSED_SECONDS:.0f} s; logs: {stack.logs}")
    print_report(stack.config)
