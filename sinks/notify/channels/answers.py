"""What a receiver's answer means for a notice: taken, later, or never as things are; pure.

Words name the mend. They are made of our own text, statuses and codes only: what a receiver says could quote the secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from sinks.notify.notice import Again, Outcome, Refused, Sent
from sinks.notify.outbound import Reply, Unreachable
from sinks.notify.targets import Forbidden

_OK: Final = range(200, 300)
_REDIRECTS: Final = range(300, 400)
_LATER: Final = frozenset({408, 425, 429})
_SERVER: Final = range(500, 600)
_WAIT_429_MS: Final = 30_000
_UNKNOWN_MS: Final = 60_000
_WORDS: Final = {
    400: "did not understand the request",
    401: "does not know this secret: put the current one into the variable of secret_env, or url_env",
    403: "refuses this secret or this machine: look at the token and the receiver's allowed addresses",
    404: "has nothing at that address: copy the URL again, the robot or route may have been deleted",
    405: "takes no POST at that address: copy the URL again",
    410: "has gone for good: make a new robot or route and copy its URL",
    413: "found the notice too long",
    415: "takes no JSON at that address: copy the URL again",
}


def by_status(reply: Reply | Forbidden | Unreachable) -> Outcome:
    """Say what became of a request by its HTTP status alone; :class:`Sent` for any 2xx."""
    if isinstance(reply, Forbidden):
        return Refused(reply.why)
    if isinstance(reply, Unreachable):
        return Again(0, reply.why)
    wait = 0 if reply.retry_after is None else round(reply.retry_after * 1000)
    if reply.status in _OK:
        return Sent()
    if reply.status in _REDIRECTS:
        return Refused(f"the receiver answers {reply.status} and points elsewhere: put the final address")
    if reply.status in _LATER or reply.status in _SERVER:
        least = _WAIT_429_MS if reply.status == 429 else 0  # noqa: PLR2004  # too many requests
        return Again(wait or least, f"the receiver answered {reply.status}")
    return Refused(f"the receiver {_WORDS.get(reply.status, 'does not take it')} ({reply.status})")


def by_code(
    reply: Reply | Forbidden | Unreachable,
    fields: tuple[str, ...],
    *,
    refused: Mapping[int, str],
    later: Mapping[int, int],
) -> Outcome:
    """Say what became of a request to a platform that answers 200 with a code of its own in one of ``fields``; 0 is good.

    ``refused`` has the mend of the codes that no trying again changes, ``later`` the wait (ms) of those that ask for one.
    Codes of neither are tried again after a minute.
    """
    outcome = by_status(reply)
    code = _code(reply.body, fields) if isinstance(reply, Reply) else None
    if code is None:
        if isinstance(outcome, Sent):
            return Again(_UNKNOWN_MS, "the receiver's answer is not one of this platform: is the URL a robot's?")
        return outcome
    if code == 0:
        return outcome
    if code in later:
        return Again(
            max(later[code], outcome.after_ms if isinstance(outcome, Again) else 0),
            f"the platform asks to wait (code {code})",
        )
    if code in refused:
        return Refused(f"{refused[code]} (code {code})")
    return outcome if isinstance(outcome, Refused) else Again(_UNKNOWN_MS, f"the platform answered code {code}")


def _code(body: bytes, fields: tuple[str, ...]) -> int | None:
    try:
        answer: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    found = [answer[name] for name in fields if name in answer]
    return next((code for code in found if type(code) is int), None)
