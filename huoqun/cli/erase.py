"""``huoqun erase``: a person, gone from everywhere."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final

import click

from huoqun.cli import configured

if TYPE_CHECKING:
    from pathlib import Path

    from huoqun.config import Config
    from huoqun.control import Erase
    from huoqun.erasing import Waited

_SPOOL_SECONDS: Final = 30.0
_COUNTED: Final = (
    ("events", "user_id"),
    ("events", "inviter_id"),
    ("members", "user_id"),
    ("member_risk", "user_id"),
    ("questions", "user_id"),
    ("questions", "answered_by"),
    ("alerts", "user_id"),
)
"""What ``--dry-run`` counts: views, and where a person stands in them."""


@click.command()
@click.option("--platform", required=True, metavar="NAME", help="The person's platform, such as qq or telegram.")
@click.option("--user", required=True, metavar="ID", help="Their id there, or the pseudonym that panels show.")
@click.option(
    "--group", "groups", multiple=True, metavar="GROUP_ID", help="In this group only; several times for several."
)
@click.option("--dry-run", is_flag=True, help="Tell what there is of them, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--wait", "seconds", type=click.FloatRange(0), default=120.0, show_default=True, metavar="SECONDS",
    help="How long to wait until it is done. It is done in any case, as soon as workers and sinks run.",
)  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context,
    platform: str,
    user: str,
    groups: tuple[str, ...],
    seconds: float,
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Erase a person: from every table, the workers' state, dead letters and what waits on this machine's disk.

    \b
    huoqun erase --platform qq --user 10001 --dry-run     what there is of them
    huoqun erase --platform qq --user 10001
    huoqun erase --platform qq --user 10001 --group 42    only in one group

    It can't be undone. What others wrote stays, but for the person's id and names in it. Counts and shares over groups stay.
    Kafka's topics hold what was sent for as long as their retention says (docs/privacy.md); a rebuild from them erases
    the person again. What they write from now on counts as somebody's new. `huoqun query "SELECT * FROM erasures"` shows
    what was done, without who it was.

    Status 0 when it is done, or was done before; 1 when it is still under way.
    """  # noqa: D301  # \b keeps the lines of the examples
    from huoqun import erasing  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.broker import BrokerError  # noqa: PLC0415  # the same
    from huoqun.config import ConfigError  # noqa: PLC0415  # the same
    from huoqun.pseudonyms import read_key  # noqa: PLC0415  # the same

    if not platform or not user:
        raise click.UsageError("--platform and --user: give both, such as --platform qq --user 10001")
    config = configured(ctx)
    try:
        pseudonyms = read_key(config, os.environ)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    users = [user] if pseudonyms is None else [user, pseudonyms.user(platform, user)]
    erase = erasing.request(platform, users, groups)
    try:
        letters = erasing.letters_of(config, erase)
        _tell_what_there_is(config, erase, len(letters))
        if dry_run:
            return
        if not yes:
            if not sys.stdin.isatty():
                raise click.UsageError("nobody can be asked here: add --yes to erase, or --dry-run to look")
            click.confirm(f"Erase {platform}/{user} for good?", abort=True)
        _empty_spool(config, erase)
        asked = erasing.ask(config, erase)
        erasing.unmake(config, letters)
        waited = _wait(config, asked, seconds)
    except BrokerError as error:
        raise click.ClickException(str(error)) from None
    if waited.missing:
        click.echo(f"asked for, and not done after {seconds:g} s: {waited.missing}. It goes on without this command.")
        ctx.exit(1)
    _tell_what_was_done(config, erase)


def _wait(config: Config, asked: object, seconds: float) -> Waited:
    from rich.console import Console  # noqa: PLC0415  # keeps `huoqun --help` instant
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415  # the same

    from huoqun import erasing  # noqa: PLC0415  # the same

    assert isinstance(asked, erasing.Asked)
    console = Console(stderr=True)
    with Progress(
        TextColumn("erasing"), BarColumn(), TextColumn("{task.fields[missing]}"), TimeElapsedColumn(),
        console=console, disable=not console.is_terminal, transient=True,
    ) as progress:  # fmt: skip
        task = progress.add_task("erase", total=None, missing="")

        def told(waited: Waited) -> None:
            progress.update(task, total=waited.of, completed=waited.done, missing=waited.missing)

        return erasing.wait(config, asked, seconds, told)


def _tell_what_there_is(config: Config, erase: Erase, letters: int) -> None:
    from sinks import client  # noqa: PLC0415  # keeps `huoqun --help` instant

    people = list(erase.users)
    only = "AND group_id IN {groups:Array(String)}" if erase.groups else ""
    params: dict[str, client.Param] = {"platform": erase.platform, "users": people}
    if erase.groups:
        params["groups"] = list(erase.groups)
    counts = []
    for view, column in _COUNTED:
        try:
            rows = client.query(
                config,
                f"SELECT count() AS found FROM {view} WHERE platform = {{platform:String}} "  # noqa: S608  # our own names
                f"AND {column} IN {{users:Array(String)}} {only}",
                params,
            )
        except client.QueryError as error:
            click.echo(f"the store can't be looked at now: {error}", err=True)
            break
        counts.append(f"{view}.{column} {int(rows[0]['found']):,}")
    click.echo(", ".join([*counts, f"dead letters {letters:,}", f"files on disk {len(_files(config, erase)):,}"]))


def _tell_what_was_done(config: Config, erase: Erase) -> None:
    from sinks import client  # noqa: PLC0415  # keeps `huoqun --help` instant

    try:
        rows = client.query(
            config,
            "SELECT rows, tables FROM erasures WHERE erasure_id = {id:String}",
            {"id": erase.id},
        )
    except client.QueryError:
        rows = []
    count = int(rows[0]["rows"]) if rows else 0
    listed = ", ".join(map(str, rows[0]["tables"])) if rows else ""
    click.echo(f"erased: {count:,} rows{f' ({listed})' if listed else ', there was nothing left of them'}")


def _empty_spool(config: Config, erase: Erase) -> None:
    """See to what waits on this machine: events that are still to be sent are waited for, what was put aside goes."""
    deadline = time.monotonic() + _SPOOL_SECONDS
    while _waiting(config) and time.monotonic() < deadline:
        time.sleep(0.2)
    if _waiting(config):
        raise click.ClickException(
            f"events still wait below {config.data_dir}/spool: start the gateway, and erase when it has sent them"
        )
    for file in _files(config, erase):
        file.unlink(missing_ok=True)
        click.echo(f"removed {file}: the person was in it")


def _waiting(config: Config) -> bool:
    from producers.spool import spool  # noqa: PLC0415  # keeps `huoqun --help` instant

    return any(spool.waiting_since(place) is not None for place in _places(config))


def _files(config: Config, erase: Erase) -> list[Path]:
    """Return the files that gateways here put aside for people to look at, and that tell of the person."""
    from huoqun import erasing  # noqa: PLC0415  # keeps `huoqun --help` instant
    from producers.spool.spool import REFUSED_FILE  # noqa: PLC0415  # the same

    found = []
    for place in _places(config):
        for file in sorted(place.iterdir()):
            if file.suffix == ".damaged" or file.name.startswith(REFUSED_FILE):
                try:
                    data = file.read_bytes()
                except OSError:
                    continue
                if erasing.tells(data, erase):
                    found.append(file)
    return found


def _places(config: Config) -> list[Path]:
    from pathlib import Path  # noqa: PLC0415  # the same

    root = Path(config.data_dir) / "spool"
    return [place for place in sorted(root.iterdir()) if place.is_dir()] if root.is_dir() else []
