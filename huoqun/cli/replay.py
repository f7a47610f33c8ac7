"""``huoqun replay``: history through the gateway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from huoqun.cli import configured, posting
from huoqun.cli.progress import progress_bar

if TYPE_CHECKING:
    from rich.console import Console

    from producers.replay import Client, Line, Totals


class _Speed(click.ParamType):
    name = "speed"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        """Return how many times as fast as it happened; ``None`` is as fast as it goes."""
        if value is None or value == "max":
            return None
        try:
            speed = float(str(value))
        except ValueError:
            speed = 0.0
        if not 0 < speed < float("inf"):
            self.fail("is max, or a number above 0 such as 1 (as it happened) or 60 (a minute a second)", param, ctx)
        return speed


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
)
@click.option(
    "--speed",
    type=_Speed(),
    default="max",
    show_default=True,
    metavar="max|1|60…",
    help="How many times as fast as it happened, by the events' own times.",
)
@click.option("--source", default=None, metavar="NAME", help="What the events' source is to be called.")
@posting.to_gateway
@posting.patiently
@click.pass_context
def command(  # click passes by name
    ctx: click.Context,
    files: tuple[Path, ...],
    speed: float | None,
    source: str | None,
    url: str | None,
    give_up: float,
    *,
    quiet: bool,
) -> None:
    """Post files of canonical events through the gateway, in order.

    A file holds one JSON object a line (NDJSON), gzip or not. Replaying it again changes nothing: events are counted
    once, by id. The gateway may be restarted meanwhile. Where the canonical source has a secret, set its
    environment variable here too. Status 1 if any line was refused; the first of them are listed with their place.

    \b
    huoqun replay history.ndjson.gz
    huoqun replay day1.ndjson day2.ndjson --speed 60 --source archive
    """  # noqa: D301  # \\b is click's mark for text that it must not wrap
    from rich.console import Console  # noqa: PLC0415  # keeps `huoqun --help` instant

    from huoqun.local import addresses  # noqa: PLC0415  # the same
    from producers.replay import BATCH_BYTES, Client, ReplayError, Totals  # noqa: PLC0415  # the shared room imports rooms lazily

    config = configured(ctx)
    at = addresses.of_running_stack(config).gateway
    console = Console(stderr=True)
    totals = Totals()
    started = time.monotonic()
    try:
        client = Client(
            url or f"http://{posting.host(at.host)}:{at.port}",
            source=source,
            key=posting.key(config, source),
            give_up_seconds=give_up,
        )
        _run(
            client,
            files,
            speed=speed,
            totals=totals,
            console=console,
            largest=min(BATCH_BYTES, config.gateway.max_body_bytes),
            quiet=quiet,
        )
    except ReplayError as error:
        posting.report(totals, time.monotonic() - started)
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        posting.report(totals, time.monotonic() - started)
        raise click.Abort from None
    posting.report(totals, time.monotonic() - started)
    if totals.refused:
        ctx.exit(1)


def _run(
    client: Client,
    files: tuple[Path, ...],
    *,
    speed: float | None,
    totals: Totals,
    console: Console,
    largest: int,
    quiet: bool,
) -> None:
    from producers.replay import batches, paced, read_lines  # noqa: PLC0415  # see command()

    with progress_bar(console, quiet=quiet) as progress:
        task = progress.add_task("replay", total=sum(f.stat().st_size for f in files), counts="")
        began = time.monotonic()

        def lines() -> Iterator[Line]:
            for file in files:
                progress.update(task, description=file.name)
                yield from read_lines(file, lambda count: progress.advance(task, count))

        def advanced() -> None:
            rate = totals.accepted / max(time.monotonic() - began, 1e-6)
            refused = f", {totals.refused:,} refused" if totals.refused else ""
            progress.update(task, counts=f"{totals.accepted:,} events{refused}, {rate:,.0f}/s")

        client.said = lambda text: progress.update(task, counts=text)
        cut = batches(lines(), max_bytes=largest) if speed is None else paced(lines(), speed, max_bytes=largest)
        client.send_all(cut, totals, advanced, ahead=speed is None)
