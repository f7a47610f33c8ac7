"""The ``huoqun`` command: one module a sub-command, loaded when it is called so that ``--help`` stays instant."""

from __future__ import annotations

import importlib
import os
from typing import Final

import click

from huoqun import __version__
from huoqun.config import Config, ConfigError, load

COMMANDS: Final = {
    "up": "huoqun.cli.up",
    "demo": "huoqun.cli.demo",
    "gateway": "huoqun.cli.gateway",
    "relay": "huoqun.cli.relay",
    "worker": "huoqun.cli.worker",
    "sink": "huoqun.cli.sink",
    "notify": "huoqun.cli.notify",
    "desk": "huoqun.cli.desk",
    "replay": "huoqun.cli.replay",
    "import": "huoqun.cli.import_history",
    "simulate": "huoqun.cli.simulate",
    "report": "huoqun.cli.report",
    "query": "huoqun.cli.query",
    "status": "huoqun.cli.status",
    "dlq": "huoqun.cli.dlq",
    "migrate": "huoqun.cli.migrate",
    "grants": "huoqun.cli.grants",
    "erase": "huoqun.cli.erase",
    "provision": "huoqun.cli.provision",
    "rebuild": "huoqun.cli.rebuild",
    "config": "huoqun.cli.config",
    "doctor": "huoqun.cli.doctor",
}
"""Sub-command -> the module that holds it, as an attribute named ``command``."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-c",
    "--config",
    "path",
    metavar="FILE",
    envvar="HUOQUN_CONFIG",
    default=None,
    help="Configuration file. Default: huoqun.toml here, if there is one.",
)
@click.version_option(__version__, prog_name="huoqun")
@click.pass_context
def main(ctx: click.Context, path: str | None) -> None:
    """Huoqun 活群: which group, which question and which person needs you now.

    \b
    Try it:            huoqun up          (broker, gateway, worker and store on this machine)
                       huoqun replay FILE (in another terminal: events through the webhook)
                       huoqun query "SELECT * FROM alerts"
    Run it for real:   huoqun provision, migrate, then gateway, worker and sink as services.
    Something wrong?   huoqun doctor
    """  # noqa: D301
    ctx.obj = path


def configured(ctx: click.Context) -> Config:
    """Return the configuration for a sub-command; a bad one ends the command with status 2 and says where and why."""
    try:
        return load(ctx.obj, os.environ)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
