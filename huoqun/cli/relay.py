"""``huoqun relay``: platforms that do not call us, but want to be held on to."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import click

from huoqun.cli import configured, posting


@click.group(name="relay")
def command() -> None:
    """Hold a platform's own connection and post what it tells to the gateway, as canonical events.

    For platforms without webhooks that tell enough. A relay has no state: run one for each bot, and let something start it
    again when it ends. What happens while it does not run is not seen.
    """


@command.command(name="discord")
@click.option(
    "--token-env",
    default="DISCORD_BOT_TOKEN",
    show_default=True,
    metavar="NAME",
    help="The environment variable that holds the bot's token.",
)
@click.option(
    "--groups",
    type=click.Choice(["server", "channel"]),
    default="server",
    show_default=True,
    help="What a group is: the whole server, or each channel (joins and leaves then belong to a group of their own).",
)
@click.option("--no-members", is_flag=True, help="Without the privileged intent Server Members: leaves are not seen.")
@click.option(
    "--source",
    default="discord",
    show_default=True,
    metavar="NAME",
    help="What the events' source is to be called. The canonical source of that name signs, or else the first with a secret.",
)
@posting.to_gateway
@click.option(
    "--most-waiting",
    type=click.IntRange(1),
    default=50_000,
    show_default=True,
    metavar="EVENTS",
    help="So many events may wait for the gateway; more are dropped and counted.",
)
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65_535),
    default=9103,
    show_default=True,
    help="Where /metrics and /healthz answer on 127.0.0.1; 0 takes any free port.",
)
@click.pass_context
def discord(
    ctx: click.Context,
    token_env: str,
    groups: Any,
    *,
    no_members: bool,
    source: str,
    url: str | None,
    most_waiting: int,
    metrics_port: int,
) -> None:
    """Relay what happens on the Discord servers that a bot is a member of.

    \b
    Needs:    pip install 'huoqun[discord]', a bot (docs/sources.md), its token in DISCORD_BOT_TOKEN
    Metrics:  http://127.0.0.1:9103/metrics
    Ends:     0 after SIGTERM or Ctrl-C, with everything brought home that the gateway took within 10 s;
              1 when it can't go on: start it again
    """  # noqa: D301  # \\b is click's mark for text that it must not wrap
    from huoqun.local import addresses  # noqa: PLC0415  # the same

    config = configured(ctx)
    token = os.environ.get(token_env, "")
    if not token:
        raise click.UsageError(f"the environment variable {token_env} is not set: put the bot's token there")
    at = addresses.of_running_stack(config).gateway
    address = url or f"http://{posting.host(at.host)}:{at.port}"
    key = posting.key(config, source)
    try:
        from producers.discord.relay import RelayError, Settings, run  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        if error.name != "discord":
            raise
        raise click.ClickException("discord.py is not installed: pip install 'huoqun[discord]'") from None
    from prometheus_client import REGISTRY  # noqa: PLC0415  # see above

    from huoqun import health, log  # noqa: PLC0415  # the same
    from huoqun.clock import now_ms  # noqa: PLC0415  # the same

    log.configure(service="relay")
    settings = Settings(token, address, key, source, groups, not no_members, most_waiting)
    try:
        checks = health.serve("127.0.0.1", metrics_port, lambda: None)
    except OSError as error:
        raise click.ClickException(f"port {metrics_port}: {error.strerror}; choose another by --metrics-port") from None
    try:
        asyncio.run(run(settings, clock=now_ms, registry=REGISTRY))
    except RelayError as error:
        raise click.ClickException(str(error)) from None
    finally:
        checks.shutdown()
