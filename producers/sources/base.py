"""What every platform's module offers: how one kind of source is spoken to. All of it is pure.

A delivery goes two steps. *Opening* decides whether it is authentic, by the raw bytes, and takes off what wraps it
(encryption, XML, forms); a handshake ends there with its answer. *Parsing* turns the payload into notices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import msgspec
from multidict import CIMultiDictProxy, MultiMapping

from huoqun.events import Coverage, Event, Refused
from producers.gateway.items import read_json
from producers.verify import Denied, plain_keys

JSON: Final = "application/json"


class Ignored(NamedTuple):
    """Authentic, understood, and no event; ``what`` is one of a few fixed words, for the metrics."""

    what: str


class Heartbeat(NamedTuple):
    """The source lives, and says so again within ``interval_ms`` if nothing has been lost."""

    interval_ms: int


class Step(NamedTuple):
    """A counter that the platform keeps for one group went from ``before`` to ``after``: other steps were lost on the way."""

    group: str
    before: str
    after: str


Notice: TypeAlias = Event | Ignored | Heartbeat | Step


class Answer(NamedTuple):
    """What the platform wants to hear."""

    status: int = 200
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = {}


ACCEPTED: Final = Answer(202)
"""In :attr:`Opened.answer`: the sender is told how many events were taken, and which were refused and why."""


class Delivery(NamedTuple):
    """One request to ``/webhooks/{source}``, its body read."""

    method: str
    path: str
    """What follows the source's name in the address: empty, or beginning with a slash."""
    query: MultiMapping[str]
    headers: CIMultiDictProxy[str]
    raw: bytes
    """The body as it was sent: what signatures cover."""
    body: bytes
    """The body without its content coding: what is read."""
    now_s: int


class Secret(NamedTuple):
    """What a source is configured with. ``keys`` are those of its variable, newest first: any of them will do."""

    keys: tuple[bytes, ...]
    account: str = ""
    """Who deliveries are for (``account`` in the configuration); empty: not checked."""


class Opened(NamedTuple):
    """An authentic delivery: its payload, and what is answered once its events are stored."""

    payload: dict[str, Any]
    answer: Answer = Answer()


class Stamp(NamedTuple):
    """What an event gets from the request it came with. ``received_at`` is the gateway's clock (ms)."""

    received_at: int
    source: str
    coverage: Coverage


Open: TypeAlias = Callable[[Delivery, Secret], "Opened | Answer | Denied | Refused"]
"""Never raises. :class:`Answer`: a handshake, answered at once. An empty ``keys`` means that the sender is this machine:
nothing is checked, and what needs a key to be read is :class:`Denied`."""


class Parse(Protocol):
    """Turns one payload into notices. Never raises; :class:`Refused` names the field that is wrong.

    What is authentic but of no use here is :class:`Ignored`, what nobody has heard of ``Ignored("unknown")``: refusing it
    would have the platform repeat it for hours. Only a sender that is told what was taken (:data:`ACCEPTED`) may have some
    of its events refused and the others kept.
    """

    def __call__(self, payload: dict[str, Any], stamp: Stamp, /) -> Sequence[Notice | Refused] | Refused:
        """Return what the payload says."""


class Route(NamedTuple):
    """One thing that can be asked of a source's address, as the gateway's OpenAPI document tells it."""

    says: str
    method: str = "POST"
    path: str = ""
    """What follows the source's name; what changes stands in braces."""
    bodies: Mapping[str, Mapping[str, Any]] = {}
    """Media type -> the JSON schema of what is sent; empty: the platform's own documentation tells."""
    answers: Mapping[int, str] = {200: "taken"}
    takes: Mapping[str, str] = {}
    """Headers, or query arguments with a question mark before the name, that are read -> what they are."""


def no_members(_status: int, _detail: str) -> Mapping[str, Any]:
    """Return nothing: refusals of most platforms are plain problem documents."""
    return {}


class Platform(NamedTuple):
    """One kind of source."""

    open: Open
    parse: Parse
    methods: tuple[str, ...] = ("POST",)
    kinds: tuple[str, ...] = (JSON,)
    """The media types that its bodies may claim; empty: any."""
    read_keys: Callable[[str], list[bytes] | Denied] = plain_keys
    """Reads the environment variable that holds the secrets, several separated by commas."""
    coverage: Coverage = "full"
    """The most that such a source can see, whatever is configured."""
    denied_status: int = 401
    refused_with: Callable[[int, str], Mapping[str, Any]] = no_members
    """Status and detail of a refusal -> what the platform wants to find in it beside the problem document."""
    describe: tuple[Route, ...] = ()
    """What can be asked; empty: events may be posted, as the platform's own documentation says."""

    def narrow(self, configured: Coverage) -> Coverage:
        """Return what a source is taken to see: what is configured, or the little that the platform shows at all."""
        return configured if self.coverage == "full" else self.coverage


def read_object(body: bytes) -> dict[str, Any] | Refused:
    """Return a body that must be one JSON object."""
    item = read_json(body)
    if isinstance(item, Refused):
        return item
    return item.raw if isinstance(item.raw, dict) else Refused("body", "must be one JSON object")


def answer_json(document: Mapping[str, Any], status: int = 200) -> Answer:
    """Return an answer in JSON."""
    return Answer(status, msgspec.json.encode(document), JSON)
