"""SQL text cut into tokens (pure), as far as needed to split migrations and to tell reading from anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

TokenKind = Literal["space", "comment", "string", "name", "word", "number", "mark", "broken"]


class Token(NamedTuple):
    """A piece of SQL. ``value`` is a name without its quotes, and the text itself for everything else."""

    kind: TokenKind
    text: str
    value: str


_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>--[^\n]*|\#[!\ ][^\n]*|/\*.*?\*/)
  | (?P<string>'(?:[^'\\]|\\.|'')*')
  | (?P<name>`(?:[^`\\]|\\.|``)*`|"(?:[^"\\]|\\.|"")*")
  | (?P<heredoc>\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
  | (?P<word>[^\W\d]\w*)
  | (?P<number>\d\w*)
  | (?P<mark>[^\s\w'"`$\x00-\x1f])
  | (?P<broken>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(sql: str) -> Iterator[Token]:
    """Cut ``sql`` up. What cannot be (a quote that does not end, a control character) is a ``broken`` token."""
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or "broken"
        text = match.group()
        if match.group("heredoc") is not None:
            yield Token("string", text, text)
        elif kind == "name":
            yield Token("name", text, re.sub(r"\\(.)|``|\"\"", lambda m: m.group(1) or m.group()[0], text[1:-1]))
        elif kind == "comment" and "/*" in text[2:]:
            yield Token("broken", text, text)  # the engine nests comments, others don't: where this one ends is open
        else:
            yield Token(kind, text, text)  # type: ignore[arg-type]  # the groups of the pattern are the kinds


def statements(sql: str) -> list[str]:
    """Split at ``;`` outside quotes and comments; comments are left out, empty statements too."""
    found, current = [], ""
    for token in tokens(sql):
        if token.kind == "comment":
            current += " "
        elif token.kind == "mark" and token.text == ";":
            found.append(current.strip())
            current = ""
        else:
            current += token.text
    found.append(current.strip())
    return [statement for statement in found if statement]


def quoted(name: str) -> str:
    """Return ``name`` as an identifier that can hold anything."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def literal(text: str) -> str:
    """Return ``text`` as a string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
