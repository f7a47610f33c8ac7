"""Every platform as a configured source, by its specimen."""

from collections.abc import Mapping

from huoqun.config import Source
from tests.support.specimens import SPECIMENS


def configured() -> tuple[tuple[Source, ...], Mapping[str, str]]:
    """Return a source a platform, named as its kind, and the environment that holds the secrets."""
    sources = tuple(
        Source(name=s.kind, kind=s.kind, secret_env=f"KEY_{s.kind.upper()}", account=s.account)  # type: ignore[arg-type]
        for s in SPECIMENS
    )
    return sources, {f"KEY_{s.kind.upper()}": s.secret for s in SPECIMENS}


def without_secrets() -> tuple[Source, ...]:
    """Return the same, open to this machine."""
    return tuple(Source(name=s.kind, kind=s.kind) for s in SPECIMENS)  # type: ignore[arg-type]
