"""``python -m audit sbom`` writes what huoqun is made of, ``python -m audit advisories`` asks what is known against it.

Both are about what runs (with the embedded broker and store), not about what tests and builds it. Status 1 if something is
vulnerable or the list could not be made; an advisory database that can't be reached is told and is no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Final

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from audit import vendored
from audit.advisories import verdict
from audit.closure import Installed, closure, here

EXTRAS: Final = ("local", "discord")
ASK_SECONDS: Final = 300


def pinned() -> list[str]:
    """Return a requirement a line for everything that runs."""
    ours = _ours()
    found = closure("huoqun", EXTRAS, lambda name: ours if name == "huoqun" else here(name))
    missing = {
        canonicalize_name(Requirement(text).name) for text in ours.requires if "extra ==" not in text
    } - found.keys()
    if missing:
        raise click.ClickException(f"not installed here: {', '.join(sorted(missing))} (make setup)")
    return [f"{name}=={version}" for name, version in found.items()]


def _ours() -> Installed:
    """Return what we state ourselves, as it stands in the file now."""
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    more = (
        f"{text} {'and' if ';' in text else ';'} extra == '{extra}'"
        for extra in EXTRAS
        for text in project["optional-dependencies"][extra]
    )
    return Installed(project["version"], (*project["dependencies"], *more))


@click.group()
def main() -> None:
    """Say what huoqun is made of, and what is known of it."""


@main.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("build/sbom.cdx.json"), show_default=True)
def sbom(output: Path) -> None:
    """Write a software bill of materials (CycloneDX, JSON)."""
    output.parent.mkdir(parents=True, exist_ok=True)
    lines = pinned()
    options = [
        "--pyproject",
        "pyproject.toml",
        "--output-reproducible",
        "--no-validate",
        "--of",
        "JSON",
        "-o",
        str(output),
    ]
    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", "-", *options],
        input="\n".join(lines),
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise click.ClickException("the bill of materials could not be made")
    document = json.loads(output.read_bytes())
    document["components"] += vendored.components(Path())
    output.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    click.echo(f"{output}: {len(document['components'])} components")


@main.command()
def advisories() -> None:
    """Ask the advisory database of PyPI about every package that runs."""
    lines = pinned()
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "requirements.txt"
        file.write_text("\n".join(lines), "utf-8")
        options = [
            "--requirement",
            str(file),
            "--no-deps",
            "--disable-pip",
            "--progress-spinner",
            "off",
            "--format",
            "json",
        ]
        try:
            done = subprocess.run(  # noqa: S603  # our own command
                [sys.executable, "-m", "pip_audit", *options, "--timeout", "15"],
                capture_output=True, check=False, timeout=ASK_SECONDS,
            )  # fmt: skip
            report = done.stdout
        except subprocess.TimeoutExpired:
            report = None
    found = verdict(report, len(lines))
    click.echo("\n".join(found.lines))
    sys.exit(int(found.failed))


if __name__ == "__main__":
    main()
