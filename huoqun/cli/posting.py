"""What every command that posts events through the gateway needs: where it is, how to sign, what to say at the end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from huoqun.config import Config
    from producers.replay import Totals


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
