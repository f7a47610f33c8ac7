"""Write the dashboards and alert rules for Grafana, or see whether those that are kept are up to date.

    python -m dashboards.grafana [--check]

They are kept, so that `docker compose up` needs nothing built.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards.boards import BOARDS
from dashboards.grafana.alerting import provisioned
from dashboards.grafana.boards import dashboard
from dashboards.panels import LANGUAGES

KEPT: Final = Path(__file__).parent / "dashboards"
RULES: Final = Path(__file__).parents[1] / "prometheus" / "rules.yml"
ALERTING: Final = Path(__file__).parent / "provisioning" / "alerting" / "huoqun.yml"


def written() -> dict[str, str]:
    """Return every dashboard's JSON by its path below the directory of dashboards."""
    encoder = JSONEncoder(sort_keys=True, indent=2, ensure_ascii=False)
    return {
        f"{language}/{board.name}.json": encoder.encode(dashboard(board, BOARDS, language)) + "\n"
        for language in LANGUAGES
        for board in BOARDS
    }


def main() -> int:
    """Write or check; 1 when what is kept differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; status 1 if something would change")
    check = parser.parse_args().check
    made = written()
    kept = {str(p.relative_to(KEPT)): p.read_text("utf-8") for p in KEPT.rglob("*.json")} if KEPT.exists() else {}
    differ = sorted(name for name in made.keys() | kept.keys() if made.get(name) != kept.get(name))
    rules = provisioned(RULES.read_text("utf-8"))
    stale = not ALERTING.exists() or ALERTING.read_text("utf-8") != rules
    if check:
        if stale:
            print(f"{ALERTING.name} is not what the rules say: run python -m dashboards.grafana", file=sys.stderr)
        for name in differ:
            print(f"{name} is not what its board says: run python -m dashboards.grafana", file=sys.stderr)
        return 1 if differ or stale else 0
    if stale:
        ALERTING.parent.mkdir(parents=True, exist_ok=True)
        ALERTING.write_text(rules, encoding="utf-8")
    for name in differ:
        path = KEPT / name
        if name not in made:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made[name], encoding="utf-8")
    print(f"{len(made)} dashboards, {len(differ)} of them changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
