"""What the tests of a platform's webhook need: how its deliveries are signed, and payloads after its documentation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict

from huoqun.events import Coverage, Refused
from producers.sources import PLATFORMS
from producers.sources.base import Answer, Delivery, Notice, Opened, Secret, Stamp
from producers.verify import Denied

NOW = 1_764_000_000_000
"""The gateway's clock in these tests (ms)."""
AT = NOW // 1000 - 60
"""When things happened (s)."""


class Signed(NamedTuple):
    """A request as the platform sends it."""

    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    path: str = ""
    query: Mapping[str, str] = {}


class Specimen(NamedTuple):
    """A platform as its tests see it."""

    kind: str
    secret: str
    """The text of the environment variable."""
    sign: Callable[[Any, int], Signed]
    """(payload, seconds since the epoch) -> the request."""
    payloads: Mapping[str, Any]
    """Name -> payload that carries at least one event; made after the platform's documentation."""
    account: str = ""
    binds_body: bool = True
    """Whether the signature covers the body: any flipped bit is refused."""
    guarded: Sequence[str] = ()
    """The headers (or ``?name`` for query arguments) in which any flipped bit is refused."""
    guarded_text: str = ""
    """What stands in the body, a secret, in which any flipped bit is refused although the rest is not bound."""


def deliver(
    specimen: Specimen, signed: Signed, *, secret: str | None = None, now_s: int = NOW // 1000
) -> Opened | Answer | Denied | Refused:
    """Open a delivery as the gateway would."""
    platform = PLATFORMS[specimen.kind]
    keys = platform.read_keys(specimen.secret if secret is None else secret)
    assert not isinstance(keys, Denied), keys
    delivery = Delivery(
        signed.method,
        signed.path,
        MultiDict(signed.query),
        CIMultiDictProxy(CIMultiDict(signed.headers)),
        signed.body,
        signed.body,
        now_s,
    )
    return platform.open(delivery, Secret(tuple(keys), specimen.account))


def read(specimen: Specimen, payload: Any, *, coverage: Coverage = "full") -> Sequence[Notice] | Refused:
    """Sign, open and parse a payload."""
    opened = deliver(specimen, specimen.sign(payload, NOW // 1000))
    assert isinstance(opened, Opened), opened
    return PLATFORMS[specimen.kind].parse(opened.payload, Stamp(NOW, "here", coverage))
