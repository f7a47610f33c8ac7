"""What pip-audit found, told so that "nothing was looked at" can't be taken for "nothing is wrong" (pure)."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class _Fault(msgspec.Struct):
    id: str
    fix_versions: list[str] = []
    aliases: list[str] = []


class _Package(msgspec.Struct):
    name: str
    version: str = ""
    vulns: list[_Fault] | None = None
    skip_reason: str = ""


class _Report(msgspec.Struct):
    dependencies: list[_Package]


class Verdict(NamedTuple):
    """``lines`` are for people. ``failed``: something is known to be vulnerable."""

    lines: list[str]
    failed: bool


def verdict(report: bytes | None, wanted: int) -> Verdict:
    """Return what to say of a report on ``wanted`` packages; ``None``: there is no report."""
    try:
        packages = msgspec.json.decode(report or b"", type=_Report).dependencies
    except msgspec.DecodeError:
        return Verdict([f"NOT CHECKED: no advisory database answered, for none of {wanted} packages"], failed=False)
    looked_at = [package for package in packages if package.vulns is not None]
    lines = [
        f"VULNERABLE: {package.name} {package.version}: {fault.id} ({', '.join(fault.aliases) or 'no other name'}); "
        f"mended in {', '.join(fault.fix_versions) or 'no version yet'}"
        for package in looked_at
        for fault in package.vulns or []
    ]
    failed = bool(lines)
    left = wanted - len(looked_at)
    if not looked_at:
        lines.append(f"NOT CHECKED: the advisory database knows none of {wanted} packages, so it is not the real one")
    elif left:
        lines.append(f"NOT CHECKED: {left} of {wanted} packages, which the advisory database does not know")
    if looked_at and not failed:
        lines.append(f"{len(looked_at)} of {wanted} packages checked: no known vulnerability")
    return Verdict(lines, failed)
