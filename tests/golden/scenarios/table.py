"""The README beside this: all communities with what happened and what is expected, one line each.

python -m tests.golden.scenarios.table
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.golden.scenarios.run import community, scripts

README = Path(__file__).parent / "README.md"
HEAD = """# Scripted communities

Each community is a short function in `communities/`: days or weeks of usual talk, a scripted scene, and what a good operator
would expect of the product: which alerts, when, about whom and why, which stages and figures, and what must not be said.
`language.py` has the words they are written in, `talk.py` the usual talk. Every expectation is a test of its own
(`test_scenarios.py`); alerts that nobody expects fail a community; each is also played in another order of arrival within
the lateness bound, with two crashes on the way, and must give the same; and once more with another draw of its usual talk. What is not met yet is marked `pending` in its community, with what is missing: a
strict `xfail`, so that the mark must go when it works.

Times are local (Shanghai), days are counted from 1, day 1 is a Monday. Written by `python -m tests.golden.scenarios.table`."""


def table() -> str:
    """Return the whole document."""
    parts = [HEAD]
    room = ""
    for name, script in scripts().items():
        told = community(name)
        here = sys.modules[script.__module__]
        if here.__name__ != room:
            room = here.__name__
            title = (here.__doc__ or "").strip().splitlines()[0].rstrip(".")
            parts.append(f"\n## {title}\n\n| community | what happened | expected |\n|---|---|---|")
        story = " ".join(told.story.partition("\n\n")[0].split())
        wanted = [e.says for e in told.expected]
        parts.append(f"| {name.replace('_', ' ')} | {story} | {'; '.join(wanted)} |")
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    README.write_text(table(), "utf-8")
