"""Who may post, as what source, and how much at once."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from huoqun.config import Config, ConfigError, Source
from huoqun.events import Coverage
from producers import verify
from producers.publishing.publisher import Overloaded
from producers.sources import PLATFORMS
from producers.verify import Denied

DEFAULT_SOURCE: Final = "canonical"
SOURCE_HEADER: Final = "X-Huoqun-Source"

_SOURCE_NAME: Final = re.compile(r"[A-Za-z0-9_.\-]{1,64}", re.ASCII)
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_LONGEST_HOST: Final = 300
_HOST: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]{1,5})?", re.ASCII)


class TooFast(Exception):  # noqa: N818  # it names an answer, not a defect
    """One source sends more than its share. Come back in ``retry_after`` seconds."""

    def __init__(
        self, why: str = "this source sends faster than its events can be stored; slow down", wait: float = 1.0
    ) -> None:
        super().__init__(why)
        self.retry_after = max(1, math.ceil(wait))


class KnownSource(msgspec.Struct, frozen=True):
    """A configured source with its secrets. ``keys`` empty: only this machine may post."""

    name: str
    kind: str
    coverage: Coverage
    keys: tuple[bytes, ...]
    secret_env: str = ""
    account: str = ""
    events_per_second: float = 0.0

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"KnownSource({self.name!r}, {self.kind!r}, {len(self.keys)} secrets)"


class Sources(msgspec.Struct, frozen=True):
    """All configured sources; there is always a canonical one."""

    canonical: tuple[KnownSource, ...]
    platforms: Mapping[str, KnownSource]

    def limits(self) -> dict[str, float]:
        """Return how many events a second each may send, by name; only those that have such a limit."""
        return {s.name: s.events_per_second for s in (*self.canonical, *self.platforms.values()) if s.events_per_second}

    def labelled(self, name: str) -> KnownSource | None:
        """Return the source of that name, whatever its kind."""
        for source in self.canonical:
            if source.name == name:
                return source
        return self.platforms.get(name)


class Sender(msgspec.Struct, frozen=True):
    """Who a request comes from, after admission."""

    source: str
    kind: str
    coverage: Coverage
    admitted: str = ""
    """The configured source whose limits hold: ``source`` is what the sender wants to be called."""


def read_sources(config: Config, environ: Mapping[str, str]) -> Sources:
    """Take the secrets from the environment. Raises :class:`ConfigError` naming each that is missing or bad."""
    problems: list[str] = []
    known = [_known(source, environ, problems) for source in config.sources]
    if problems:
        raise ConfigError("\n".join(problems))
    canonical = tuple(s for s in known if s.kind == "canonical")
    return Sources(
        canonical=canonical or (KnownSource(DEFAULT_SOURCE, "canonical", "full", ()),),
        platforms={s.name: s for s in known if s.kind != "canonical"},
    )


def _known(source: Source, environ: Mapping[str, str], problems: list[str]) -> KnownSource:
    keys: list[bytes] | Denied = []
    if source.secret_env:
        text = environ.get(source.secret_env, "")
        if not text:
            problems.append(f"source {source.name}: the environment variable {source.secret_env} is not set")
        else:
            keys = _read_keys(source.kind)(text)
            if isinstance(keys, Denied):
                problems.append(f"source {source.name}: {source.secret_env}: {keys.where} {keys.why}")
                keys = []
    if not _SOURCE_NAME.fullmatch(source.name):
        problems.append(f"source {source.name!r}: a name is 1 to 64 of A-Z a-z 0-9 _ . - (it is part of the address)")
    assert not isinstance(keys, Denied)
    coverage = PLATFORMS[source.kind].narrow(source.coverage) if source.kind in PLATFORMS else source.coverage
    return KnownSource(
        source.name, source.kind, coverage, tuple(keys), source.secret_env, source.account, source.events_per_second
    )


def _read_keys(kind: str) -> Callable[[str], list[bytes] | Denied]:
    return PLATFORMS[kind].read_keys if kind in PLATFORMS else verify.standard_keys


def is_local(peer: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request was surely made on this machine, by a program.

    A proxy on this machine would make everybody local, hence no forwarding headers; a web page in a browser here
    could be told to post, hence no ``Origin``, and a ``Host`` that no foreign name server can point here.
    """
    if not _is_loopback(peer) or "Origin" in headers or any(name in headers for name in _FORWARDED):
        return False
    host = headers.get("Host", "")
    return len(host) <= _LONGEST_HOST and _is_host_of_ours(host)


def claims_signature(headers: Mapping[str, str]) -> bool:
    """Whether the request carries anything of a Standard Webhooks signature."""
    return "webhook-signature" in headers


def admit_canonical(
    sources: Sources,
    *,
    local: bool,
    ids: Sequence[str],
    timestamps: Sequence[str],
    signatures: Sequence[str],
    body: bytes,
    now_s: int,
    label: str | None,
) -> Sender | Denied:
    """Decide on ``POST /v1/events``: signed by a canonical source, or from this machine where one has no secret.

    ``label`` is what the sender wants to be called (:data:`SOURCE_HEADER`): anyone who is admitted may choose.
    """
    found: KnownSource | None = None
    denied: Denied | None = None
    if signatures or not local or all(s.keys for s in sources.canonical):
        for source in (s for s in sources.canonical if s.keys):
            verdict = verify.standard_webhooks(
                ids=ids, timestamps=timestamps, signatures=signatures, body=body, keys=source.keys, now_s=now_s
            )
            if verdict is None and found is None:
                found = source
            denied = denied or verdict
    if found is None and local and not signatures:
        found = next((s for s in sources.canonical if not s.keys), None)
    if found is None:
        return denied or unsigned("canonical")
    if label is None:
        return Sender(found.name, found.kind, found.coverage, found.name)
    if not _SOURCE_NAME.fullmatch(label):
        return Denied(SOURCE_HEADER, "must be 1 to 64 of A-Z a-z 0-9 _ . -")
    named = sources.labelled(label)
    return Sender(label, found.kind, named.coverage if named is not None else found.coverage, found.name)


def unsigned(kind: str) -> Denied:
    """Return the refusal for a source without a secret that is posted to from elsewhere, with the mend."""
    return Denied(
        "",
        f"without a secret only this machine may post; add a [[sources]] entry of kind {kind!r} with secret_env to "
        "huoqun.toml, put the secret into that environment variable, and sign",
    )


class Shares:
    """Fair shares of what may be in flight: no source takes more than three quarters, so that others get through."""

    def __init__(self, max_in_flight: int) -> None:
        self._limit = max(1, max_in_flight * 3 // 4)
        self._held: dict[str, int] = {}

    def take(self, source: str, count: int) -> None:
        """Count ``count`` events as in flight. Raises :class:`TooFast` (a source alone may always send one request)."""
        held = self._held.get(source, 0)
        if held and held + count > self._limit:
            raise TooFast
        self._held[source] = held + count

    def give(self, source: str, count: int) -> None:
        """Count them as done."""
        left = self._held.get(source, 0) - count
        if left > 0:
            self._held[source] = left
        else:
            self._held.pop(source, None)


class Budget:
    """Bytes of request bodies in memory at one time, over all connections."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.held = 0

    def take(self, count: int) -> None:
        """Hold ``count`` more. Raises :class:`Overloaded`."""
        if self.held + count > self._limit:
            raise Overloaded
        self.held += count

    def give(self, count: int) -> None:
        """Let go of them."""
        self.held -= count


@lru_cache(maxsize=4096)
def _is_loopback(peer: str | None) -> bool:
    try:
        address = ipaddress.ip_address((peer or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


@lru_cache(maxsize=1024)
def _is_host_of_ours(host: str) -> bool:
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = match["six"] or match["name"]
    return name.lower().rstrip(".") == "localhost" or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
