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
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>[0-9][A-Za-z0-9_]*)
  | (?P<mark>/(?!\*)|[!\#%&()*+,\-.:;<=>?@\[\]\^{|}~])
  | (?P<broken>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(sql: str) -> Iterator[Token]:
    """Cut ``sql`` up. What cannot be is a ``broken`` token.

    That is a quote or comment without an end, a control character, and whatever the engine may read differently:
    curly quotes (it takes them for quotes), ``$`` (begins a heredoc, or belongs to a name), escapes in names,
    nested comments.
    """
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or "broken"
        text = match.group()
        if kind == "name":
            # A backslash may begin any of the engine's escapes (`\x66ile` is file): no name of ours needs one.
            inside = text[1:-1].replace(text[0] * 2, text[0])
            yield Token("broken" if "\\" in text else "name", text, inside)
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
    return "`" + name.replace("\\", "\\\\").replace("`", "``") + "`"


def literal(text: str) -> str:
    """Return ``text`` as a string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
