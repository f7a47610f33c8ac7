"""What the panels ask: one file a question, in ClickHouse's SQL.

The first lines of a file are comments: its title, then what it needs to be understood. Parameters are ClickHouse's own
(``{group_id:String}``):

* ``platform``, ``group_id``: one community;
* ``since``, ``until``: the time range, ``until`` not included;
* ``zone``: the time zone whose days and hours are drawn. Its offset has to be whole hours.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Final, NamedTuple

PARAMETERS: Final = ("platform", "group_id", "since", "until", "zone")
_PARAMETER: Final = re.compile(r"\{(\w+):[^}]+\}")


class Query(NamedTuple):
    """A question. ``parameters`` are those that its SQL names."""

    name: str
    title: str
    sql: str

    @property
    def parameters(self) -> frozenset[str]:
        """The names of the parameters that have to be given."""
        return frozenset(_PARAMETER.findall(self.sql))


def shipped() -> dict[str, Query]:
    """Return every query by its name (the file's), in the order of names."""
    found = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".sql"):
            text = file.read_text("utf-8")
            name = file.name.removesuffix(".sql")
            found[name] = Query(name, text.partition("\n")[0].removeprefix("--").strip(), text.strip())
    return found
