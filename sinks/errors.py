"""Whose fault is it? ClickHouse's error codes, sorted (pure)."""

from __future__ import annotations

import re
from typing import Final

from sinks.store import RejectedError, StoreError, UnavailableError, UnusableError

DATA_CODES: Final = frozenset(
    {
        6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 109, 117, 128, 130, 131, 321, 349, 407, 441, 469, 510, 523, 559, 636,
        675, 676,
    }
)  # fmt: skip
"""Codes that speak of values: they do not parse, fit or convert. A row with such a value will never be stored."""

PERSON_CODES: Final = frozenset({16, 47, 60, 81, 82, 164, 192, 193, 194, 195, 291, 497, 516})
"""Codes that speak of the schema or of rights: no column, table or database, read-only, wrong user or password."""

HTTP_STATUS: Final = {
    6: 400, 27: 400, 36: 404, 41: 400, 43: 400, 46: 404, 47: 404, 53: 400, 60: 404, 62: 400, 69: 400, 70: 400, 72: 400,
    73: 404, 81: 404, 117: 400, 159: 408, 164: 403, 184: 400, 202: 429, 241: 503, 386: 400, 396: 400, 456: 400,
    457: 400, 497: 403,
}  # fmt: skip
"""The answer to a query that failed with a code, as ClickHouse's own HTTP interface gives it; else 500."""

_QUOTES_FROM_HERE: Final = (" Column values: ", " before: ", " at row: ", " (at row ")
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.|'')*(?:'|$)", re.DOTALL)
_CODE: Final = re.compile(r"Code: (\d+)")


def code_of(message: str) -> int | None:
    """Return the code in ClickHouse's ``Code: 60. DB::Exception: …``."""
    found = _CODE.search(message)
    return int(found.group(1)) if found else None


def sorted_out(message: str, code: int | None) -> StoreError:
    """Return what an insert or DDL that failed with ``code`` means; unknown is "try again": nothing is given up on."""
    if code in DATA_CODES:
        return RejectedError(message)
    if code in PERSON_CODES:
        return UnusableError(message)
    return UnavailableError(message)


def without_rows(message: str) -> str:
    """Return what an engine has against an insert, without the values in it: they are what people wrote."""
    for sign in _QUOTES_FROM_HERE:
        message = message.partition(sign)[0]
    return _QUOTED.sub("'…'", message)


def first_line(message: str) -> str:
    """Return the part of an engine's message that is for people (and holds no rows)."""
    line = message.strip().partition("\n")[0]
    return line.partition(" Stack trace:")[0][:500]
