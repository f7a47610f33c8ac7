"""``huoqun up``: the whole pipeline on this machine, until it is stopped."""

from __future__ import annotations

import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Self

import click

from huoqun.cli import configured
from huoqun.cli.naming import program

if TYPE_CHECKING:
    from huoqun.local.stack import LocalStack

_LOOK_SECONDS: Final = 0.5


@click.command(name="up")
@click.option("--free-ports", is_flag=True, help="Take any free ports instead of the configured ones.")
@click.pass_context
def command(ctx: click.Context, *, free_ports: bool) -> None:
    """Run everything on this machine: broker, gateway (webhook), worker (streams) and sink with the store.

    Nothing else has to be installed or running, and nothing leaves this machine. Stop it with Ctrl-C and start it
    again: it goes on where it was. Results and events are on disk below data_dir (.huoqun here); the embedded broker
    forgets, so at each start the stored events are fed to the streams again, which takes a moment when there are many.

    \b
    In another terminal:
      huoqun replay FILE             events from a file, through the webhook
      huoqun status                  what runs, and how far it is
      huoqun query "SELECT * FROM alerts"
      huoqun report                  what was found, to read
    A part that dies is started again, and its log is kept below data_dir/logs. Ends with 0 when it is stopped, with 1
    when the embedded broker dies (start again) or when it can't start.
    """  # noqa: D301
    config = configured(ctx)
    from huoqun.local.stack import LocalStack, StackError  # noqa: PLC0415  # keeps `huoqun --help` instant

    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell's background job is made to ignore SIGINT
        signal.signal(number, signal.default_int_handler)  # both end as KeyboardInterrupt, also while it starts
    try:
        with _Restoring() as restoring:
            stack = LocalStack(
                config,
                config_file=ctx.obj,
                free_ports=free_ports,
                desk=True,
                say=restoring.say,
                restoring=restoring.at,
            )
            stack.__enter__()
    except StackError as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        click.echo("stopped before it was up", err=True)
        return
    dead = None
    try:
        _announce(stack)
        while dead is None:
            dead = stack.wait_until_dead(_LOOK_SECONDS)
    except KeyboardInterrupt:
        click.echo("\nstopping: what was accepted is stored first · 正在停止，已收到的消息会先存好")
        click.echo("Ctrl-C once more ends at once and loses what is not stored · 再按一次立即结束，未存好的会丢失")
    finally:
        _stop(stack)
    if dead is not None:
        raise click.ClickException(
            f"the embedded {dead} ended, and with it what it held in memory. Everything stored is safe: start "
            f"`huoqun up` again, and it is rebuilt from the store. Logs: {stack.logs}"
        )


def _stop(stack: LocalStack) -> None:
    """Stop in order; a second Ctrl-C hurries."""

    def hurry(_number: int, _frame: Any) -> None:
        stack.hurry()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, hurry)
    stopping = threading.Thread(target=stack.stop, name="stopping")
    stopping.start()
    while stopping.is_alive():  # in a thread, so that a signal is heard meanwhile
        time.sleep(0.05)
    click.echo("stopped · 已停止")


def _announce(stack: LocalStack) -> None:
    places, call = stack.addresses, program()
    rows = [
        ("desk", f"{places.desk}  (what wants somebody, in a browser · 工作台，用浏览器打开)"),
        ("webhook", f"{places.gateway}/v1/events"),
        ("SQL", f"{places.query}  (read-only, ClickHouse's HTTP dialect)"),
        ("broker", f"{places.bootstrap}  (Kafka protocol, in memory)"),
        ("metrics", f"{places.gateway}/metrics  {places.worker_metrics}/metrics  {places.sink_metrics}/metrics"),
        ("data, logs", f"{stack.data_dir}, {stack.logs}"),
    ]
    click.echo("\nhuoqun 活群 is up · 已启动\n")
    for name, place in rows:
        click.echo(f"  {name:<11} {place}")
    if stack.restored:
        click.echo(f"  {'restored':<11} {stack.restored:,} stored events were fed to the streams again")
    click.echo(
        f"\n  next    in another terminal: {call} replay FILE · {call} report · {call} status"
        f"\n  接下来  另开一个终端：导入消息 {call} replay 文件 · 看结果 {call} report · 看状态 {call} status"
        "\n\nCtrl-C stops it · 按 Ctrl-C 停止\n"
    )


class _Restoring:
    """A line of progress while stored events are published again; silent when there are none."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def say(self, line: str) -> None:
        (self._progress.console.print if self._progress is not None else click.echo)(line)

    def at(self, count: int) -> None:
        if count == 0:
            return
        if self._progress is None:
            from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415  # heavy

            self._progress = Progress(
                SpinnerColumn(), TextColumn("rebuilding from {task.completed:,.0f} stored events"), TimeElapsedColumn()
            )
            self._progress.start()
            self._task = self._progress.add_task("")
        self._progress.update(self._task, completed=count)
