"""A configuration as TOML text: the standard library reads TOML and does not write it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from huoqun.config import Config


def dump(config: Config) -> str:
    """Return ``config`` as a ``huoqun.toml`` that gives the same configuration; what is not set is left out."""
    lines: list[str] = []
    _table(lines, "", msgspec.to_builtins(config))
    return "\n".join(lines).strip("\n") + "\n"


def _table(lines: list[str], path: str, table: dict[str, Any]) -> None:
    nested = {k: v for k, v in table.items() if isinstance(v, dict) or (v and _holds_tables(v))}
    lines += [f"{key} = {_value(value)}" for key, value in table.items() if key not in nested and value is not None]
    for key, value in nested.items():
        place = f"{path}.{key}" if path else key
        for part in [value] if isinstance(value, dict) else value:
            lines += ["", f"[{place}]" if isinstance(value, dict) else f"[[{place}]]"]
            _table(lines, place, part)


def _holds_tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, dict) for part in value)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
