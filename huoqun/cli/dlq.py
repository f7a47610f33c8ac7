"""``huoqun dlq``: what could not be used, why, and once more."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from huoqun.cli import configured

if TYPE_CHECKING:
    from huoqun.config import Config
    from huoqun.deadletters import Choice, Letter, Letters

_AGO: Final = re.compile(r"(\d{1,6})([smhd])")
_UNIT_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_MOST_SHOWN: Final = 20_000
"""Characters of a value that are shown."""
_MOST_FAILED: Final = 20


class _Since(click.ParamType):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return a time as ms since the epoch: an age such as 90m, or a date or time of RFC 3339."""
        from huoqun.clock import now_ms  # noqa: PLC0415  # keeps `huoqun --help` instant
        from huoqun.events import read_time  # noqa: PLC0415  # the same

        if isinstance(value, int):
            return value
        text = str(value)
        ago = _AGO.fullmatch(text)
        if ago is not None:
            return max(0, now_ms() - int(ago[1]) * _UNIT_MS[ago[2]])
        when = read_time(f"{text}T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text)
        if isinstance(when, str):
            self.fail(
                "is an age such as 90m, 12h or 7d, or a time such as 2026-11-21 or 2026-11-21T08:30:00Z", param, ctx
            )
        return when


def _choosing(command: Any) -> Any:
    """Add the options that choose among letters."""
    for option in (
        click.option("--limit", type=click.IntRange(1), default=None, metavar="N", help="At most so many, the newest."),
        click.option(
            "--reason", default="", metavar="TEXT",
            help="Only of this kind (empty, encoding, malformed, schema, range, store, other), or with this in the reason.",
        ),
        click.option("--since", type=_Since(), default=0, help="Only from then on: 90m, 12h, 7d, or 2026-11-21T08:30:00Z."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(name="dlq")
def command() -> None:
    """Look at dead letters, records that nobody could use, and send them again once the cause is mended.

    \b
    huoqun dlq list --summary             what is wrong, and how often
    huoqun dlq show 17                    one letter: why, where it was, what is in it
    huoqun dlq replay --reason store      the letters of one cause, again

    The worker writes a letter for an event that it cannot read, the sink for a result that it cannot read and for a row that
    the store will never take. Letters are kept for 30 days; in the embedded stack as long as it runs.
    """  # noqa: D301  # \b keeps the lines of the examples


@command.command(name="list")
@_choosing
@click.option("--waiting", is_flag=True, help="Only those that have not been sent again.")
@click.option("--summary", is_flag=True, help="Count them by topic, service and kind instead.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def list_(
    ctx: click.Context, *, since: int, reason: str, limit: int | None, waiting: bool, summary: bool, as_json: bool
) -> None:
    """List dead letters, newest first. Times are UTC."""
    from huoqun.deadletters import Choice, heaps  # noqa: PLC0415  # keeps `huoqun --help` instant

    config = _where(ctx)
    letters = _look(config)
    found = _chosen(letters, Choice(since, reason, waiting))
    shown = found if summary else found[: limit or 50]
    if as_json:
        documents = [_heap_document(heap) for heap in heaps(found)] if summary else [_document(each) for each in shown]
        click.echo(json.dumps(documents, ensure_ascii=False, indent=2))
    elif not found:
        click.echo("no dead letters" + (" of that choice" if letters.found else ""))
    elif summary:
        _print_heaps(found)
    else:
        _print_letters(shown)
        if len(shown) < len(found):
            click.echo(f"{len(shown)} of {len(found):,}: --limit shows more, --summary counts them")
    if letters.unreadable:
        click.echo(f"{letters.unreadable:,} records of the topic are no letters", err=True)


@command.command()
@click.argument("number", type=click.IntRange(0), metavar="LETTER")
@click.option("--raw", is_flag=True, help="Nothing but the original bytes, to a file or another program.")
@click.pass_context
def show(ctx: click.Context, number: int, *, raw: bool) -> None:
    """Show one letter: why, where the record was, and what is in it. LETTER is its number in `huoqun dlq list`.

    JSON is indented; what cannot be seen, and might steer a terminal, is written as an escape; other bytes are
    hexadecimal. Headers are those of the original record, if that is still in its topic.
    """
    from huoqun import dlq  # noqa: PLC0415  # keeps `huoqun --help` instant

    config = _where(ctx)
    letter = _look(config).get(number)
    with _broker_errors():
        opened = None if letter is None else dlq.open_letter(config, letter.number)
        record = None if opened is None else dlq.original(config, opened)
    if letter is None or opened is None:
        raise click.ClickException(f"there is no letter {number}: `huoqun dlq list` shows their numbers")
    value = opened.value if record is None or record.value is None else record.value
    if raw:
        out = click.get_binary_stream("stdout")
        out.write(value)
        out.flush()
        return
    _print_letter(letter, value, headers=None if record is None else record.headers)


@command.command()
@click.argument("numbers", type=click.IntRange(0), nargs=-1, metavar="[LETTER]...")
@_choosing
@click.option("--all", "everything", is_flag=True, help="All that wait.")
@click.option("--again", is_flag=True, help="Also those that have been sent again before.")
@click.option("--dry-run", is_flag=True, help="Only say which would be sent.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_context
def replay(  # click passes by name
    ctx: click.Context,
    numbers: tuple[int, ...],
    *,
    since: int,
    reason: str,
    limit: int | None,
    everything: bool,
    again: bool,
    dry_run: bool,
    quiet: bool,
) -> None:
    """Send letters again, to the topics they came from, in the order in which they were written.

    Name letters by their numbers, choose them with --since, --reason and --limit, or take --all. Mend the cause first:
    what fails again becomes a dead letter again. Sending one twice does no harm: events are counted once, by id.
    Status 1: some could not be sent; they are named with the reason.
    """
    from huoqun import dlq  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.deadletters import Choice  # noqa: PLC0415  # the same

    filtered = bool(since or reason or limit)
    if not numbers and not filtered and not everything:
        raise click.UsageError("which letters? Name their numbers, choose with --since or --reason, or say --all")
    if numbers and (filtered or everything):
        raise click.UsageError(
            "name letters by number, or choose them by --since, --reason, --limit or --all, not both"
        )
    config = _where(ctx)
    letters = _look(config)
    wanted = _named(letters, numbers) if numbers else _chosen(letters, Choice(since, reason))
    before = [letter for letter in wanted if not letter.waits]
    if not again:
        wanted = [letter for letter in wanted if letter.waits]
    wanted = sorted(wanted[:limit], key=lambda letter: letter.number)
    if before and not again:
        click.echo(f"{len(before):,} sent again before: left out (--again takes them too)", err=True)
    if not wanted:
        click.echo("no letter to send")
        return
    if dry_run:
        _print_letters(wanted)
        click.echo(f"{len(wanted):,} letters would be sent; nothing was")
        return
    with _broker_errors(), _progress(len(wanted), quiet=quiet) as advanced:
        outcome = dlq.send_again(config, wanted, advanced)
    click.echo(f"{outcome.sent:,} letters sent again; what fails again is in `huoqun dlq list --waiting`")
    for number, why in outcome.failed[:_MOST_FAILED]:
        click.echo(f"letter {number} not sent: {why}", err=True)
    if len(outcome.failed) > _MOST_FAILED:
        click.echo(f"... and {len(outcome.failed) - _MOST_FAILED:,} more", err=True)
    if outcome.failed:
        ctx.exit(1)


def _where(ctx: click.Context) -> Config:
    from huoqun.local.addresses import of_running_stack  # noqa: PLC0415  # keeps `huoqun --help` instant

    return of_running_stack(configured(ctx))


@contextmanager
def _broker_errors() -> Iterator[None]:
    from huoqun.broker import BrokerError  # noqa: PLC0415  # keeps `huoqun --help` instant

    try:
        yield
    except BrokerError as error:
        raise click.ClickException(str(error)) from None


def _look(config: Config) -> Letters:
    from huoqun import broker, dlq  # noqa: PLC0415  # keeps `huoqun --help` instant

    with _broker_errors():
        broker.wait_for_broker(config.kafka, 0)  # says at once what is wrong with the address
        return dlq.look(config)


def _named(letters: Letters, numbers: Sequence[int]) -> list[Letter]:
    found = {number: letters.get(number) for number in numbers}
    missing = [str(number) for number, letter in found.items() if letter is None]
    if missing:
        raise click.ClickException(
            f"there is no letter {', '.join(missing)}: `huoqun dlq list` shows their numbers; nothing was sent"
        )
    return list({letter.number: letter for letter in found.values() if letter is not None}.values())


def _chosen(letters: Letters, choice: Choice) -> list[Letter]:
    return [letter for letter in letters.found if choice.takes(letter)]


def _document(letter: Letter) -> dict[str, Any]:
    done = letter.replayed
    return {
        "letter": letter.number,
        "times": letter.times,
        "at": _time(letter.at),
        "service": letter.service,
        "kind": letter.kind,
        "reason": letter.reason,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "key": None if letter.key is None else letter.key.decode("utf-8", "backslashreplace"),
        "bytes": letter.size,
        "replayed_at": None if done is None else _time(done.at),
        "replayed_to": None if done is None else f"{done.topic}/{done.partition}/{done.offset}",
        "replay_of": letter.replay_of,
    }


def _heap_document(heap: Any) -> dict[str, Any]:
    return {
        "topic": heap.topic,
        "service": heap.service,
        "kind": heap.kind,
        "letters": heap.letters,
        "waiting": heap.waiting,
        "oldest_at": _time(heap.oldest_at),
        "newest_at": _time(heap.newest.at),
        "newest": heap.newest.number,
        "reason": heap.newest.reason,
    }


def _print_letters(letters: Sequence[Letter]) -> None:
    _print_table(
        ("letter", "at", "by", "kind", "where it was", "key", "bytes", "state"),
        [
            (str(x.number), _time(x.at), x.service or "-", x.kind, x.place, _key(x), f"{x.size:,}", _state(x))
            for x in letters
        ],
        right=("letter", "bytes"),
    )


def _print_heaps(letters: Sequence[Letter]) -> None:
    from huoqun.deadletters import heaps, visible  # noqa: PLC0415  # keeps `huoqun --help` instant

    _print_table(
        ("letters", "waiting", "topic", "by", "kind", "oldest", "newest", "the newest says"),
        [
            (
                f"{h.letters:,}", f"{h.waiting:,}", h.topic, h.service or "-", h.kind, _time(h.oldest_at),
                _time(h.newest.at), visible(h.newest.reason)[:120],
            )
            for h in heaps(letters)
        ],
        right=("letters", "waiting"),
    )  # fmt: skip


def _print_letter(letter: Letter, value: bytes, headers: Sequence[tuple[str, bytes]] | None) -> None:
    from huoqun.deadletters import shown, visible  # noqa: PLC0415  # keeps `huoqun --help` instant

    seen = shown(value)
    rows = [
        ("letter", str(letter.number) + (f", written {letter.times} times" if letter.times > 1 else "")),
        ("at", f"{_time(letter.at)} UTC, by the {letter.service}" if letter.service else f"{_time(letter.at)} UTC"),
        ("reason", f"{letter.kind}: {visible(letter.reason)}"),
        ("where it was", f"{letter.topic}, partition {letter.partition}, offset {letter.offset}"),
        ("key", "none" if letter.key is None else _key(letter)),
        ("state", _state(letter) or "waiting"),
    ]
    if headers is None:
        rows.append(("headers", "not known: the record is not in its topic any more"))
    elif headers:
        rows += [("header", f"{visible(k)}: {visible(v.decode('utf-8', 'backslashreplace'))}") for k, v in headers]
    else:
        rows.append(("headers", "none"))
    kept = f", {len(value):,} of them kept" if len(value) < letter.size else ""
    rows.append(("value", f"{letter.size:,} bytes{kept}, as {seen.form}:"))
    for name, text in rows:
        click.echo(f"{name:<13} {text}")
    click.echo(seen.text[:_MOST_SHOWN])
    if len(seen.text) > _MOST_SHOWN:
        click.echo(f"… ({len(seen.text):,} characters; --raw writes all of it)")


def _print_table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], right: tuple[str, ...]) -> None:
    from rich.console import Console  # noqa: PLC0415  # heavy
    from rich.table import Table  # noqa: PLC0415  # the same
    from rich.text import Text  # noqa: PLC0415  # the same

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: no markup in what others wrote
    Console(width=None if sys.stdout.isatty() else 240).print(table)


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Any]:
    from rich.console import Console  # noqa: PLC0415  # heavy
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415  # the same

    console = Console(stderr=True)
    columns = (TextColumn("replay"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=quiet, transient=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        yield lambda count: progress.advance(task, count)


def _state(letter: Letter) -> str:
    said = []
    if letter.replay_of is not None:
        said.append(f"letter {letter.replay_of}, failed again")
    if letter.replayed is not None:
        said.append(f"sent again {_time(letter.replayed.at)}")
    return ", ".join(said)


def _key(letter: Letter) -> str:
    from huoqun.deadletters import visible  # noqa: PLC0415  # keeps `huoqun --help` instant

    return "-" if letter.key is None else visible(letter.key.decode("utf-8", "backslashreplace"))[:80]


def _time(ms: int) -> str:
    try:
        return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError, OSError):
        return "-"
