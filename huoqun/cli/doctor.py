"""``huoqun doctor``: what is wrong on this machine, and what to do about it."""

from __future__ import annotations

import json

import click

from huoqun.cli import configured


@click.command(name="doctor")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Look at everything that could keep huoqun from working here; a line each, with the mend where something is wrong.

    Checks Python, what is installed, the data directory and its disk, open files, the spool, ports, the clocks of this
    machine, the gateways and the store, the broker with its topics and their settings, workers and sinks, ticks, dead
    letters, the format of the saved state, and the store with its schema and rights. What simply does not run (yet) is
    no mistake and marked with a dot. Status 1: something is wrong.
    """
    from huoqun.local.doctor import examine  # noqa: PLC0415  # keeps `huoqun --help` instant

    config = configured(ctx)
    if as_json:
        findings = list(examine(config))
        click.echo(json.dumps([finding._asdict() for finding in findings], ensure_ascii=False, indent=2))
        ctx.exit(any(finding.state == "wrong" for finding in findings))
    wrong = 0
    for finding in examine(config):
        mark = {"ok": "✓", "note": "·", "wrong": "✗"}[finding.state]
        click.echo(f"{mark} {finding.what:<10} {finding.said}")
        if finding.mend:
            click.echo(f"             → {finding.mend}")
        wrong += finding.state == "wrong"
    if wrong:
        click.echo(f"\n{wrong} {'thing is' if wrong == 1 else 'things are'} wrong", err=True)
        ctx.exit(1)
    click.echo("\nnothing is wrong · 一切正常")
