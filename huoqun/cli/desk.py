"""``huoqun desk``: the operators' web page."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click

from huoqun.cli import configured

if TYPE_CHECKING:
    from dashboards.desk.server import Access, Publish
    from huoqun.config import Config
    from huoqun.results import Action


@click.command()
@click.option("--host", default=None, metavar="ADDRESS", help="Listen here instead of desk.host.")
@click.option("--port", type=click.IntRange(0, 65_535), default=None, help="Instead of desk.port; 0 takes a free one.")
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None) -> None:
    """Run the operators' desk: a web page of what wants somebody, and of how each community is.

    Work lists (answer, welcome, thank, win back, protect, move or close) with acknowledge, snooze, resolve, assign, notes
    and undo; what somebody does, everybody sees at once. Each community's charts are those of the Grafana dashboards.

    Who may come in: names and tokens in the variable that desk.token_env names (HUOQUN_DESK_TOKENS="name:token,…"), or whom
    a proxy in front names by desk.user_header. Without either, only this machine.
    """
    from dashboards.desk import signin  # noqa: PLC0415  # keeps `huoqun --help` instant
    from dashboards.desk.server import Access  # noqa: PLC0415  # the same
    from huoqun import log  # noqa: PLC0415  # the same

    config = configured(ctx)
    desk = config.desk
    try:
        tokens = signin.read_tokens(os.environ.get(desk.token_env, ""))
    except signin.TokenError as error:
        raise click.UsageError(f"{desk.token_env}: {error}") from None
    proxies = tuple(each.strip() for each in desk.proxies.split(",") if each.strip())
    log.configure(service="desk")
    try:
        asyncio.run(
            _serve(
                config,
                Access(tokens, desk.user_header, proxies),
                host or desk.host,
                desk.port if port is None else port,
            )
        )
    except OSError as error:
        raise click.ClickException(
            f"the desk's port cannot be opened ({error.strerror}): see desk.port, or --port"
        ) from None


async def _serve(config: Config, access: Access, host: str, port: int) -> None:
    from aiohttp import web  # noqa: PLC0415  # heavy

    from dashboards.desk.asking import AskError, Asking  # noqa: PLC0415  # the shared room imports rooms lazily
    from dashboards.desk.server import Desk  # noqa: PLC0415  # the same
    from huoqun import log  # noqa: PLC0415  # the same
    from huoqun.clock import now_ms  # noqa: PLC0415  # the same
    from sinks import client  # noqa: PLC0415  # the same

    def ask(sql: str, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        try:
            return client.query(config, sql, given)
        except client.QueryError as error:
            raise AskError(str(error)) from None

    publishing = _Publishing(config)
    desk = Desk(Asking(ask), publishing.publish, access, now_ms)
    runner = web.AppRunner(desk.app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    log.get("desk").info("the desk is open", at=site.name, tokens=len(access.tokens), proxy=bool(access.user_header))
    try:
        await ended.wait()
    finally:
        await runner.cleanup()
        publishing.close()


class _Publishing:
    """Writes actions with one connection, made with the first of them and again after trouble; in a thread of its own."""

    def __init__(self, config: Config) -> None:
        from huoqun import records, topics  # noqa: PLC0415  # the command's own imports stay few

        topic = topics.full_name(config.kafka.topic_prefix, topics.ACTIONS)
        self._keeper = records.Keeper(config.kafka, topic)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="publish")

    @property
    def publish(self) -> Publish:
        """What the desk calls."""
        return self._publish

    def close(self) -> None:
        """Let go of the connection."""
        self._thread.submit(self._keeper.close)
        self._thread.shutdown(wait=True)

    async def _publish(self, action: Action) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._write, action)

    def _write(self, action: Action) -> None:
        from dashboards.desk.server import PublishError  # noqa: PLC0415  # rooms only lazily
        from huoqun import records  # noqa: PLC0415  # the same
        from huoqun.broker import BrokerError  # noqa: PLC0415  # the same

        try:
            done = self._keeper.keep(action)
        except BrokerError as error:
            raise PublishError(str(error)) from None
        if not isinstance(done, records.Place):
            raise PublishError(f"the broker did not take it ({done}): nothing was done, try again")
