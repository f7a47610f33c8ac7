"""What every command that posts events through the gateway needs: where it is, how to sign, what to say at the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from huoqun.config import Config
    from producers.replay import Totals


Command = TypeVar("Command", bound=Callable[..., Any])

to_gateway: Final = click.option(
    "--url",
    default=None,
    metavar="URL",
    help="The gateway. Default: the stack that `huoqun up` runs here, else gateway.host and gateway.port.",
)
"""The option that names the gateway."""


def patiently(command: Command) -> Command:
    """Add the options of a long work: when to give up, and whether to show how far it is."""
    give_up = click.option(
        "--give-up",
        "give_up",
        type=click.FloatRange(0),
        default=60.0,
        show_default=True,
        metavar="SECONDS",
        help="End with status 1 after so long without progress.",
    )
    return give_up(click.option("--quiet", is_flag=True, help="No progress bar.")(command))


def report(totals: Totals, seconds: float) -> None:
    """Print what was posted, and the first lines that were refused."""
    rate = totals.accepted / max(seconds, 1e-6)
    click.echo(f"{totals.accepted:,} events accepted in {seconds:.1f} s ({rate:,.0f}/s), {totals.refused:,} refused")
    if totals.retries:
        click.echo(f"{totals.retries:,} times a batch had to be sent again", err=True)
    for line in totals.shown:
        place = f"{line.where}: " if line.where else ""
        click.echo(f"{line.file}:{line.number}: {place}{line.why}", err=True)
    if totals.refused > len(totals.shown):
        click.echo(f"... and {totals.refused - len(totals.shown):,} more", err=True)


def key(config: Config, source: str | None) -> bytes | None:
    """Return the newest secret to sign with: that of the canonical source named, else of the first that has one."""
    from producers.ed25519 import PublicKey  # noqa: PLC0415  # keeps `huoqun --help` instant
    from producers.verify import Denied, standard_keys  # noqa: PLC0415  # the same

    able = [s for s in config.sources if s.kind == "canonical" and os.environ.get(s.secret_env)]
    chosen = next((s for s in able if s.name == source), able[0] if able else None)
    if chosen is None:
        return None
    keys = standard_keys(os.environ[chosen.secret_env])
    if isinstance(keys, Denied):
        raise click.UsageError(f"{chosen.secret_env}: {keys.where} {keys.why}")
    found = next((each for each in keys if not isinstance(each, PublicKey)), None)
    if found is None:
        raise click.UsageError(
            f"{chosen.secret_env} holds public keys only, which can't sign; name a source with a secret"
        )
    return found


def host(listens: str) -> str:
    """Return where a gateway that listens there is reached from this machine, as it stands in an address."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listens, listens)  # noqa: S104  # to reach it, not to listen
    return f"[{reached}]" if ":" in reached else reached
