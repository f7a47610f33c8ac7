"""``huoqun config``: whether the configuration is right, and what it comes to."""

from __future__ import annotations

import os
from pathlib import Path

import click

from huoqun.cli import configured
from huoqun.config import DEFAULT_FILE, ConfigError, dump_env, load


@click.group(name="config")
def command() -> None:
    """Check the configuration, or show it with every default filled in.

    It comes from one file (huoqun.toml here, or -c FILE, or HUOQUN_CONFIG) with HUOQUN_… variables on top:
    HUOQUN_KAFKA_BOOTSTRAP overrides `bootstrap` in [kafka]. No file at all is fine: every key has a default.
    """


@command.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@click.pass_context
def check(ctx: click.Context, file: str | None) -> None:
    """Say whether FILE (default: the configuration in use) is right; else name each mistake, its place and the mend.

    Status 0: right; 1: mistakes; 2: there is no such file. Variables that name a secret are looked for as well, since a
    source without its secret would be refused at start.
    """
    path = file or ctx.obj
    if path is not None and not Path(path).is_file():
        raise click.UsageError(f"{path}: no such file")
    try:
        config = load(path, os.environ)
    except ConfigError as error:
        click.echo(str(error), err=True)
        ctx.exit(1)
    missing = [
        f"sources: {source.name} takes its secret from {source.secret_env}, which is not set in this environment"
        for source in config.sources
        if source.secret_env and not os.environ.get(source.secret_env)
    ]
    for problem in missing:
        click.echo(problem, err=True)
    if missing:
        ctx.exit(1)
    used = path or (DEFAULT_FILE if Path(DEFAULT_FILE).exists() else "no file, only defaults and variables")
    click.echo(f"ok: {used} · {len(config.sources)} sources, {len(config.groups)} groups")


@command.command()
@click.option("--env", "as_env", is_flag=True, help="As HUOQUN_… variables (sections only) instead of TOML.")
@click.pass_context
def show(ctx: click.Context, *, as_env: bool) -> None:
    """Print the configuration in use, every default filled in. It holds no secrets, only their variables' names."""
    config = configured(ctx)
    if as_env:
        for name, value in sorted(dump_env(config).items()):
            click.echo(f"{name}={value}")
        return
    from huoqun.toml_text import dump  # noqa: PLC0415  # only this command needs it

    click.echo(dump(config), nl=False)
