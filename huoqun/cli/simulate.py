"""``huoqun simulate``: a community that never was, for demos and load."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import click
import msgspec

from huoqun.cli import configured, posting
from huoqun.clock import now_ms
from huoqun.events import read_time


class _Time(click.ParamType):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return RFC 3339 text, or milliseconds, as milliseconds since the epoch."""
        text = str(value)
        found = read_time(int(text) if text.isdecimal() else text)
        if isinstance(found, str):
            self.fail(f"{text!r} {found}", param, ctx)
        return found


@click.command()
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), default=7, show_default=True, help="How long it lasts."
)
@click.option("--groups", type=click.IntRange(1), default=3, show_default=True, help="How many groups.")
@click.option("--members", type=click.IntRange(1), default=60, show_default=True, help="In each group, at the start.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed, end and sizes: the same events.")
@click.option(
    "--end",
    type=_Time(),
    default=None,
    metavar="TIME",
    help="When it ends, such as 2026-11-21T20:00:00+08:00. Default: now.",
)
@click.option(
    "--sample", is_flag=True, help="The demo's written community instead of a modelled one; takes --seed and --end."
)
@click.option("--out", default=None, metavar="FILE", help="Where to, as NDJSON; - is standard output. Default: -")
@click.option("--send", is_flag=True, help="Post it through the gateway instead.")
@click.option(
    "--url",
    default=None,
    metavar="URL",
    help="The gateway, with --send. Default: the stack that runs here, or as configured.",
)
@click.pass_context
def command(  # noqa: PLR0917  # click passes by name
    ctx: click.Context,
    days: float,
    groups: int,
    members: int,
    seed: int,
    end: int | None,
    out: str | None,
    url: str | None,
    *,
    sample: bool,
    send: bool,
) -> None:
    """Write, or send, the events of a modelled community: talk with a daily rhythm, joins, leaves, questions, silence.

    Every event is labelled: extra.simulated is true, here and for good. Nothing in it was ever said by anyone.

    \b
    huoqun simulate --days 30 --groups 20 --members 200 --out load.ndjson
    huoqun simulate --sample --send
    """  # noqa: D301  # \\b is click's mark for text that it must not wrap
    from producers.simulator import Model, sample_community, simulate  # noqa: PLC0415  # rooms only lazily

    if send and out is not None:
        raise click.UsageError("--send and --out exclude each other: send the events, or write them")
    if url is not None and not send:
        raise click.UsageError("--url is for --send")
    at = now_ms() if end is None else end
    events: Iterable[dict[str, Any]] = (
        sample_community(at, seed)
        if sample
        else simulate(Model(end_ms=at, days=days, groups=groups, members=members, seed=seed))
    )
    count = _send(ctx, events, url) if send else _write(events, out or "-")
    click.echo(f"{count:,} simulated events {'sent' if send else 'written'}", err=True)


def _write(events: Iterable[dict[str, Any]], out: str) -> int:
    encoder, count = msgspec.json.Encoder(), 0
    try:
        with _opened(out) as file:
            for event in events:
                file.write(encoder.encode(event) + b"\n")
                count += 1
    except BrokenPipeError:
        # head and its like have seen enough; what Python flushes at its end must find an open door.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror}") from None
    return count


@contextlib.contextmanager
def _opened(out: str) -> Iterator[IO[bytes]]:
    if out == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with Path(out).open("wb") as file:
            yield file


def _send(ctx: click.Context, events: Iterable[dict[str, Any]], url: str | None) -> int:
    from huoqun.local import addresses  # noqa: PLC0415  # keeps `huoqun --help` instant
    from producers.replay import BATCH_BYTES, Client, Line, ReplayError, Totals, batches  # noqa: PLC0415  # rooms only lazily

    config = configured(ctx)
    gateway = addresses.of_running_stack(config).gateway
    totals = Totals()
    lines = (Line(msgspec.json.encode(event), "simulated", number) for number, event in enumerate(events, 1))
    try:
        client = Client(
            url or f"http://{posting.host(gateway.host)}:{gateway.port}",
            source=None,
            key=posting.key(config, None),
            give_up_seconds=60.0,
        )
        client.send_all(batches(lines, max_bytes=min(BATCH_BYTES, config.gateway.max_body_bytes)), totals, lambda: None)
    except ReplayError as error:
        raise click.ClickException(str(error)) from None
    if totals.refused:
        first = totals.shown[0]
        raise click.ClickException(
            f"{totals.refused} events were refused; event {first.number}: {first.where} {first.why}"
        )
    return totals.accepted
