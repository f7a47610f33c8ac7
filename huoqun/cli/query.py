"""``huoqun query``: SQL over the results."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any, Final

import click

from huoqun.cli import configured

_CLICKHOUSE_FORMATS: Final = {
    "json": "JSON",
    "jsonl": "JSONEachRow",
    "csv": "CSVWithNames",
    "tsv": "TabSeparatedWithNames",
}
WIDEST: Final = 60
"""Characters of one cell in a table on a terminal; all of it with ``--wide`` and in every other format."""


@click.command()
@click.argument("sql", metavar="SQL")
@click.option(
    "--format", "format_name", metavar="FORMAT", default=None,
    help="table, json, jsonl, csv or tsv, or any of ClickHouse's own (Pretty, Vertical, Markdown, Parquet …; embedded "
    "store only). Default: table on a terminal, tsv with a header when piped.",
)  # fmt: skip
@click.option("--wide", is_flag=True, help="Do not shorten cells of a table.")
@click.pass_context
def command(ctx: click.Context, sql: str, format_name: str | None, *, wide: bool) -> None:
    """Ask the results in SQL (ClickHouse's), read-only. `-` reads the SQL from standard input.

    \b
    huoqun query "SELECT kind, state, count() FROM alerts GROUP BY ALL"
    huoqun query "SELECT * FROM questions WHERE status = 'open' ORDER BY asked_at"
    huoqun query --format csv "SELECT * FROM activity WHERE window = '24h'" > activity.csv

    Views: events, activity, questions, alerts, members, member_risk, groups. They never show a row twice or in an old
    version. Times are UTC. With the embedded store the running sink answers; where none runs, the directory is opened.
    """  # noqa: D301  # \b keeps the lines of the examples
    from sinks import client  # noqa: PLC0415  # keeps `huoqun --help` instant
    from sinks.tables import VIEWS  # noqa: PLC0415  # the same

    config = configured(ctx)
    if sql == "-":
        sql = click.get_text_stream("stdin").read()
    chosen = format_name or ("table" if sys.stdout.isatty() else "tsv")
    try:
        if chosen.lower() == "table":
            _print_table(*client.columns(config, sql), wide=wide)
        elif config.store.kind == "clickhouse":
            if chosen.lower() not in _CLICKHOUSE_FORMATS:
                raise click.UsageError(
                    f"--format {chosen}: over the native protocol there are table, {', '.join(_CLICKHOUSE_FORMATS)}"
                )
            click.echo(_rendered(*client.columns(config, sql), chosen.lower()), nl=False)
        else:
            out = click.get_binary_stream("stdout")
            out.write(client.raw(config, sql, _CLICKHOUSE_FORMATS.get(chosen.lower(), chosen)))
            out.flush()
    except client.QueryError as error:
        raise click.ClickException(
            f"{error}\nThere are: {', '.join(VIEWS)} (DESCRIBE one to see its columns)"
        ) from None


def _print_table(names: list[str], rows: list[list[Any]], *, wide: bool) -> None:
    from rich.console import Console  # noqa: PLC0415  # only for terminals
    from rich.table import Table  # noqa: PLC0415  # the same
    from rich.text import Text  # noqa: PLC0415  # the same

    table = Table(box=None, header_style="bold", pad_edge=False)
    for at, name in enumerate(names):
        numbers = bool(rows) and all(isinstance(r[at], int | float) and not isinstance(r[at], bool) for r in rows)
        table.add_column(name, justify="right" if numbers else "left", no_wrap=not wide, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(_cell(value, wide=wide)) for value in row))  # Text: no markup in what people wrote
    console = Console()
    console.print(table)
    console.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", style="dim")


def _cell(value: Any, *, wide: bool) -> str:
    if value is None:
        return "-"
    text = _flat(value)
    text = "".join(c if c.isprintable() else " " for c in text)  # a message must not steer the terminal
    return text if wide or len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, ensure_ascii=False)


def _rendered(names: list[str], rows: list[list[Any]], format_name: str) -> str:
    """Write rows of the native protocol in one of our own formats."""
    if format_name == "json":
        data = [dict(zip(names, row, strict=True)) for row in rows]
        return json.dumps({"data": data, "rows": len(rows)}, ensure_ascii=False) + "\n"
    if format_name == "jsonl":
        lines = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in rows)
        return "".join(f"{line}\n" for line in lines)
    if format_name == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(
            [["" if v is None else v if isinstance(v, str) else json.dumps(v) for v in row] for row in rows]
        )
        return out.getvalue()
    escapes = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
    lines = ("\t".join("\\N" if v is None else _flat(v).translate(escapes) for v in row) for row in rows)
    return "\t".join(names) + "\n" + "".join(f"{line}\n" for line in lines)
