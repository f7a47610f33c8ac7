"""``huoqun import``: exported chat history through the gateway."""

from __future__ import annotations

import hashlib
import time
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from huoqun.cli import configured, import_summary, posting
from huoqun.cli.progress import progress_bar

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from huoqun.config import Config
    from producers.history.gathering import Gatherer
    from producers.history.progress import Progress
    from producers.replay import Client, Totals

FORMATS: Final = ("slack", "telegram", "discord", "zulip", "mattermost", "wechat", "qq", "irc")
"""Those of :data:`producers.history.FORMATS`, which is loaded only when it is used."""

_SAVE_SECONDS: Final = 1.0
_GO_ON: Final = "run it again: it goes on where it was"


class _Zone(click.ParamType):
    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """Return a time zone by its name."""
        if isinstance(value, tzinfo):
            return value
        try:
            return ZoneInfo(str(value))
        except (ValueError, KeyError, OSError):
            self.fail("is no time zone; name one such as Asia/Shanghai, Europe/Berlin or UTC", param, ctx)


@click.command("import")
@click.argument(
    "paths",
    nargs=-1,
    required=True,
    metavar="PATH...",
    type=click.Path(exists=True, readable=True, path_type=Path),
)
@click.option(
    "--format",
    "forced",
    type=click.Choice(FORMATS),
    default=None,
    help="What kind of export it is. Default: found out from what is in it.",
)
@click.option(
    "--platform", default="", metavar="NAME", help="What the platform is to be called. Default: the format's."
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    metavar="ID|NAME=ID",
    help="Only this group; NAME=ID also gives it another id. Where the export has no ids of groups (QQ, WeChat, IRC), "
    "ID is the one of the group in it. May be repeated.",
)
@click.option(
    "--time-zone",
    "zone",
    type=_Zone(),
    default=None,
    metavar="ZONE",
    help="Where times that are written without a zone are at home. Default: Asia/Shanghai for QQ and WeChat, else UTC.",
)
@click.option(
    "--source", default="history", show_default=True, metavar="NAME", help="What the events' source is called."
)
@click.option(
    "--discord-groups",
    type=click.Choice(["server", "channel"]),
    default="server",
    show_default=True,
    help="What a group is on Discord; as `huoqun relay` has it.",
)
@click.option("--dry-run", is_flag=True, help="Only say what there is; nothing is sent.")
@click.option("--again", is_flag=True, help="From the beginning, whatever was sent before.")
@posting.to_gateway
@posting.patiently
@click.pass_context
def command(  # click passes by name
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    forced: str | None,
    platform: str,
    groups: tuple[str, ...],
    zone: tzinfo | None,
    source: str,
    discord_groups: str,
    url: str | None,
    give_up: float,
    dry_run: bool,
    again: bool,
    quiet: bool,
) -> None:
    """Post the history that a chat platform exports, in the order of time.

    \b
    Slack        the export's zip, or its directory
    Telegram     result.json of Telegram Desktop: one chat, or the whole account
    Discord      JSON of DiscordChatExporter, a file a channel
    Zulip        the export's tar.gz, or its directory
    Mattermost   the bulk export: JSONL, or the zip around it
    WeChat       CSV or text of MemoTrace (WeChatMsg), PyWxDump or chatlog
    QQ           the text file of its message manager
    IRC          logs of irssi, WeeChat, ZNC, mIRC, HexChat and many bots

    Private conversations are left out. If it is stopped, run it again: it goes on where it was. Events are counted once,
    by id, and where the platform numbers its messages history and live traffic have the same ids.

    Import a group's history BEFORE its live traffic begins. What is older than what a group has already seen is stored
    and shown in `events`, but left out of its signals; you are warned of it. With `huoqun up`, restart it after the
    import: it reads everything again in the order of time. docs/history.md says what to do on a real stack.

    Status 1 if anything could not be read or was refused; the rest is imported, and the first places are listed.

    \b
    huoqun import slack-export.zip --dry-run
    huoqun import 全部消息记录.txt --group 番茄互助群=123456 --group 阳台=234567
    huoqun import ~/irclogs/libera/ --time-zone Europe/Berlin
    """  # noqa: D301  # \\b is click's mark for text that it must not wrap
    from rich.console import Console  # noqa: PLC0415  # keeps `huoqun --help` instant

    from huoqun.clock import now_ms  # noqa: PLC0415  # the same
    from huoqun.local import addresses  # noqa: PLC0415  # the same
    from producers.history.gathering import Gatherer  # noqa: PLC0415  # rooms only lazily
    from producers.history.progress import DIRECTORY  # noqa: PLC0415  # the same
    from producers.history.reading import read_path  # noqa: PLC0415  # the same
    from producers.history.sorting import Sorter  # noqa: PLC0415  # the same

    config = configured(ctx)
    console = Console(stderr=True)
    now = now_ms()
    sorter = Sorter(Path(config.data_dir) / DIRECTORY)
    try:
        lateness = round(config.worker.lateness_seconds * 1000)
        gatherer = Gatherer(sorter, now=now, platform=platform, newest=_newest(config), lateness=lateness)
        tally = gatherer.tally
        with progress_bar(console, quiet=quiet) as bar:
            task = bar.add_task("", total=None, counts="")
            for path in paths:
                bar.update(task, description=f"reading {path.name or path}")
                items = read_path(
                    path,
                    forced=forced,
                    groups=groups,
                    zone=zone,
                    now=now,
                    by_channel=discord_groups == "channel",
                    begun=tally.begin,
                )
                gatherer.gather(items, lambda: bar.update(task, counts=f"{tally.events:,} events"))
        sending = _Sending(config, gatherer, paths, url, again=again)
        _say(config, gatherer, first=not (again or sending.begun))
        if not tally.events:
            raise click.ClickException(import_summary.nothing(tally, groups))
        refused = 0
        if not dry_run:
            at = addresses.of_running_stack(config).gateway
            with progress_bar(console, quiet=quiet) as bar:
                refused = sending.send(
                    url or f"http://{posting.host(at.host)}:{at.port}", source=source, give_up=give_up, bar=bar
                )
        if tally.wrong or refused:
            ctx.exit(1)
    except OSError as error:
        raise click.ClickException(f"{error.filename or config.data_dir}: {error.strerror or error}") from None
    finally:
        sorter.close()


def _say(config: Config, gatherer: Gatherer, *, first: bool) -> None:
    """Print what there is. What has been sent before is known by now, and no news: only the ``first`` time is it late."""
    tally = gatherer.tally
    for line in import_summary.summary(tally):
        click.echo(line)
    for wrong in tally.shown:
        click.echo(f"{wrong.place.file}:{wrong.place.line}: {wrong.why}", err=True)
    if tally.wrong > len(tally.shown):
        click.echo(f"... and {tally.wrong - len(tally.shown):,} more that could not be read", err=True)
    late = [(name, group) for name, group in tally.groups.items() if group.late]
    if first and late:
        click.echo(import_summary.late(config, late), err=True)


class _Sending:
    """What has been gathered on its way through the gateway, and a note of how far it has come."""

    def __init__(
        self, config: Config, gatherer: Gatherer, paths: tuple[Path, ...], url: str | None, *, again: bool
    ) -> None:
        from producers.history.progress import Progress, ProgressFile  # noqa: PLC0415  # rooms only lazily

        # Another gateway is another import: the address belongs to the name unless it is the usual one.
        name = hashlib.sha256(f"{url or ''}\n{gatherer.digest()}".encode()).hexdigest()[:32]
        self._config = config
        self._gatherer = gatherer
        self._events = gatherer.tally.events
        self._file = ProgressFile(Path(config.data_dir), name)
        found = None if again else self._file.read(self._events)
        self._begun: Progress = found or Progress(events=self._events, paths=[str(path) for path in paths])
        self._saved = 0.0

    @property
    def begun(self) -> bool:
        """Return whether some of it has been sent before."""
        return self._begun.settled > 0

    def send(self, url: str, *, source: str, give_up: float, bar: Bar) -> int:
        """Post what has not been posted yet; return how many events were refused, ever."""
        from producers.replay import Client, ReplayError, Totals  # noqa: PLC0415  # rooms only lazily

        if self._begun.complete:
            click.echo("all of it has been imported before; --again sends it once more")
            return self._begun.refused
        if self.begun:
            click.echo(f"{self._begun.settled:,} of them have been imported before; the rest follows")
        totals = Totals()
        started = time.monotonic()
        try:
            key = posting.key(self._config, source)
            client = Client(url, source=source, key=key, give_up_seconds=give_up)
            try:
                self._post(client, totals, bar)
            finally:
                self._save(totals)
        except ReplayError as error:
            posting.report(totals, time.monotonic() - started)
            raise click.ClickException(f"{error}; {_GO_ON}") from None
        except KeyboardInterrupt:
            posting.report(totals, time.monotonic() - started)
            click.echo(_GO_ON, err=True)
            raise click.Abort from None
        posting.report(totals, time.monotonic() - started)
        return self._begun.refused + totals.refused

    def _post(self, client: Client, totals: Totals, bar: Bar) -> None:
        from producers.replay import BATCH_BYTES, batches  # noqa: PLC0415  # rooms only lazily

        before = self._begun.settled
        task = bar.add_task("sending", total=self._events, completed=before, counts="")
        began = time.monotonic()

        def advanced() -> None:
            settled = before + totals.accepted + totals.refused
            rate = totals.accepted / max(time.monotonic() - began, 1e-6)
            bar.update(task, completed=settled, counts=f"{settled:,} events, {rate:,.0f}/s")
            if time.monotonic() - self._saved > _SAVE_SECONDS:
                self._save(totals)

        client.said = lambda text: bar.update(task, counts=text)
        largest = min(BATCH_BYTES, self._config.gateway.max_body_bytes)
        client.send_all(batches(islice(self._gatherer.lines(), before, None), max_bytes=largest), totals, advanced)

    def _save(self, totals: Totals) -> None:
        from msgspec.structs import replace  # noqa: PLC0415  # keeps `huoqun --help` instant

        settled = self._begun.settled + totals.accepted + totals.refused
        self._file.write(replace(self._begun, settled=settled, refused=self._begun.refused + totals.refused))
        self._saved = time.monotonic()


def _newest(config: Config) -> dict[str, int]:
    """Return the time of the newest event of each group that the store knows; nothing if it can't be asked right now."""
    from huoqun.local import addresses  # noqa: PLC0415  # keeps `huoqun --help` instant
    from sinks.client import QueryError, query  # noqa: PLC0415  # rooms only lazily

    if config.store.kind == "embedded" and not addresses.is_running(Path(config.data_dir)):
        return {}
    try:
        rows = query(
            config,
            "SELECT platform, group_id, toUnixTimestamp64Milli(max(ts)) AS newest FROM events_rows "
            "WHERE deleted = 0 GROUP BY platform, group_id",
        )
    except (QueryError, OSError):
        return {}
    return {f"{row['platform']}/{row['group_id']}": int(row["newest"]) for row in rows}
