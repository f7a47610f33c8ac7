"""Tell whether SQL reads our tables and does nothing else (pure).

The engine's own ``readonly = 1`` refuses writing, and reading files, URLs and other servers as tables, and it cannot
be lifted again. It lets through what this module refuses: ``INTO OUTFILE`` (writes a file), ``DESCRIBE file(…)`` and
``url(…)`` (open what they describe), the scalar function ``file`` (reads any file), functions that call out, ``KILL
QUERY``, ``USE`` and more than one statement in a request.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Final

from sinks.sql import Token, tokens

STATEMENTS: Final = frozenset({"select", "with", "from", "show", "describe", "desc", "explain", "exists"})
HARMLESS_TABLE_FUNCTIONS: Final = frozenset(
    {"format", "generate_series", "generateseries", "null", "numbers", "numbers_mt", "primes", "values", "view",
    "zeros", "zeros_mt"} )  # fmt: skip
"""Table functions that read nothing but their arguments. Every other one that the engine has is refused."""

_REFUSED_FUNCTIONS: Final = frozenset({"catboostevaluate", "evalmlmethod", "file", "sleep", "sleepeachrow"})
_CALLING_OUT: Final = ("ai", "AI", "naiveBayes")
"""How functions begin that ask a language model, or load a model's file."""


def refused_functions(table_functions: Collection[str], functions: Collection[str]) -> frozenset[str]:
    """Return the functions (lower case) that no query may call, of those that the engine has."""
    tables = {name.lower() for name in table_functions} - HARMLESS_TABLE_FUNCTIONS
    calling_out = {name.lower() for name in functions if name.startswith(_CALLING_OUT)}
    return frozenset(tables | calling_out | _REFUSED_FUNCTIONS)


def why_not(sql: str, refused: Collection[str]) -> str | None:
    """Return why ``sql`` is not run, or ``None``: it is one statement that reads."""
    told = [t for t in tokens(sql) if t.kind not in ("space", "comment")]
    while told and told[-1].text == ";":
        told.pop()
    if not told:
        return "there is no statement"
    for token in told:
        if token.kind == "broken":
            return f"the text cannot be read as SQL at {token.text[:20]!r}"
        if token.text == ";":
            return "only one statement at a time"
    first = next((t.value.lower() for t in told if t.text != "("), "")
    if first not in STATEMENTS:
        return f"only reading is allowed here: {', '.join(sorted(s.upper() for s in STATEMENTS))}"
    return _why_not_parts(told, refused)


def _why_not_parts(told: list[Token], refused: Collection[str]) -> str | None:
    for at, (token, after) in enumerate(pairwise(told)):
        if (
            token.kind == "word" and token.text.lower() == "apply"
        ):  # SELECT * APPLY(file): a call without its parentheses
            applied = next((t.value for t in told[at + 1 :] if t.text != "("), "")
            if applied.lower() in refused:
                return f"the function {applied} is not allowed here: it reaches outside the store"
        if token.kind == "word" and token.text.lower() == "into":
            return "INTO is not allowed here: the result comes back to the caller"
        if token.kind in ("word", "name") and after.text == "(" and token.value.lower() in refused:
            return f"the function {token.value} is not allowed here: it reaches outside the store"
    return None


def format_named(sql: str) -> str | None:
    """Return the format that the statement's own ``FORMAT`` clause names."""
    told = [t for t in tokens(sql) if t.kind not in ("space", "comment") and t.text != ";"]
    found = None
    for token, after in pairwise(told):
        if token.kind == "word" and token.text.lower() == "format" and after.kind == "word":
            found = after.text
    return found
