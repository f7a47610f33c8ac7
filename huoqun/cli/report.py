"""``huoqun report``: what was found, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from huoqun.cli import configured

if TYPE_CHECKING:
    from huoqun.config import Config
    from huoqun.report import Lang

NARROWEST = 100
"""Columns where standard output is no terminal that says how wide it is."""


@click.command()
@click.option(
    "--lang", type=click.Choice(["both", "zh", "en"]), default="both", show_default=True, help="In which language."
)
@click.option("--group", metavar="PLATFORM/GROUP_ID", default=None, help="One group only. Default: all of them.")
@click.pass_context
def command(ctx: click.Context, lang: Lang, group: str | None) -> None:
    """Print what was found: what needs you now, groups, questions, leave bursts, members at risk, newcomers waiting.

    Ages are counted up to the newest time in the data, so a report on history reads as it would have that day.

    \b
    huoqun report --lang zh
    huoqun report --group qq/123456
    """  # noqa: D301  # \\b is click's mark for text that it must not wrap
    key = None
    if group is not None:
        platform, slash, group_id = group.partition("/")
        if not (platform and slash and group_id):
            raise click.BadParameter(f"{group!r} is not PLATFORM/GROUP_ID such as qq/123456", param_hint="--group")
        key = (platform, group_id)
    print_report(configured(ctx), lang=lang, group=key)


def print_report(config: Config, *, lang: Lang = "both", group: tuple[str, str] | None = None) -> None:
    """Print the report to standard output. Raises :class:`click.ClickException` when the results can't be read."""
    from rich.console import Console  # noqa: PLC0415  # keeps `huoqun --help` instant

    from huoqun.report import collect, render  # noqa: PLC0415  # the same
    from sinks import client  # noqa: PLC0415  # the shared room imports rooms lazily

    try:
        report = collect(lambda sql: client.query(config, sql), group)
    except client.QueryError as error:
        raise click.ClickException(str(error)) from None
    if report.now_ms is None and group is not None:
        raise click.ClickException(f"no event of {'/'.join(group)}; `huoqun report` lists the groups there are")
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=NARROWEST)
    console.print(render(report, lang))
