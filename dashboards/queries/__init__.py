"""What the panels ask: one file a question, in ClickHouse's SQL.

The first lines of a file are comments: its title, then what it needs to be understood. Parameters are ClickHouse's own
(``{group_id:String}``):

* ``platform``, ``group_id``: one community;
* ``since``, ``until``: the time range, ``until`` not included;
* ``zone``: the time zone whose days and hours are drawn. Its offset has to be whole hours;
* ``platforms``, ``kinds``, ``groups``: which communities are chosen, each an array of strings that holds ``''`` for "all";
  a group is named ``platform/group_id``. Files say ``{{chosen}}`` where a row's ``platform`` and ``group_id`` have to be among
  those, and ``{{name}}`` where the text of ``_name.sql`` belongs, which several of them share.
"""

from __future__ import annotations

import re
from importlib import resources
from typing import Final, NamedTuple

PARAMETERS: Final = ("platform", "group_id", "since", "until", "zone", "platforms", "kinds", "groups")
ALL: Final = "['']"
"""What ``platforms``, ``kinds`` and ``groups`` are given as for everything."""
_PARAMETER: Final = re.compile(r"\{(\w+):[^}]+\}")
_PART: Final = re.compile(r"\{\{(\w+)\}\}")
_EVERY: Final = {name: f"has({{{name}:Array(String)}}, '')" for name in ("platforms", "kinds", "groups")}
_CHOSEN: Final = (
    f"(({' AND '.join(_EVERY.values())}) OR (platform, group_id) IN (SELECT platform, group_id FROM groups "  # noqa: S608  # names of ours
    f"WHERE ({_EVERY['platforms']} OR has({{platforms:Array(String)}}, platform)) "
    f"AND ({_EVERY['kinds']} OR has({{kinds:Array(String)}}, kind)) "
    f"AND ({_EVERY['groups']} OR has({{groups:Array(String)}}, concat(platform, '/', group_id)))))"
)
"""With everything chosen the condition is a constant: nothing is looked up."""


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
    """Return every question of the boards by its name (the file's), in the order of names."""
    return in_package(__name__)


def in_package(package: str) -> dict[str, Query]:
    """Return the questions that are files of a package."""
    texts = {
        file.name.removesuffix(".sql"): file.read_text("utf-8").strip()
        for file in sorted(resources.files(package).iterdir(), key=lambda f: f.name)
        if file.name.endswith(".sql")
    }
    parts = {name.removeprefix("_"): text for name, text in texts.items() if name.startswith("_")}

    def filled(text: str) -> str:
        return _PART.sub(lambda match: filled(parts[match[1]]) if match[1] in parts else match[0], text)

    found = {}
    for name, text in texts.items():
        if not name.startswith("_"):
            title = text.partition("\n")[0].removeprefix("--").strip()
            sql = filled(text)
            found[name] = Query(name, title, sql.replace("{{chosen}}", _CHOSEN))
    return found
