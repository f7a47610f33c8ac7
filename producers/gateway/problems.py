"""Refusals as ``application/problem+json`` (RFC 9457): what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

TITLES: Final = {
    400: "Malformed",
    401: "Not authenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    431: "Headers too large",
    500: "Internal error",
    503: "Unavailable",
}
KIND: Final = "application/problem+json"


class Problem(Exception):  # noqa: N818  # it names an answer, not a defect
    """A refusal on its way to the caller; ``reason`` is its name in the metrics (a few fixed words)."""

    def __init__(  # the class docstring describes construction
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        where: str = "",
        retry_after: int | None = None,
        allow: str = "",
        refused: list[dict[str, Any]] | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.reason = reason
        self.detail = detail
        self.where = where
        self.retry_after = retry_after
        self.allow = allow
        self.refused = refused
        self.close = close
        self.members: Mapping[str, Any] = {}
        """What a platform wants to find in a refusal, too."""

    def body(self) -> bytes:
        """Return the JSON document."""
        document: dict[str, Any] = {
            **self.members,
            "type": f"urn:huoqun:problem:{self.reason}",
            "title": TITLES.get(self.status, "Refused"),
            "status": self.status,
            "detail": self.detail,
        }
        if self.where:
            document["where"] = self.where
        if self.refused is not None:
            document["refused"] = self.refused
        return msgspec.json.encode(document)

    def headers(self) -> dict[str, str]:
        """Return the headers that belong to it."""
        headers = {"Content-Type": KIND, "Cache-Control": "no-store"}
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        if self.allow:
            headers["Allow"] = self.allow
        if self.status == 401:  # noqa: PLR2004  # RFC 9110 asks for it
            headers["WWW-Authenticate"] = "Signature"
        return headers
