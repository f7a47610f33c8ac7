"""Secrets and texts that are in no other place: where one of them is found, something has leaked."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote, quote_plus

TEXT = "CanaryText-7f3a91金丝雀"
"""What members write."""

_PLAIN = {
    "HUOQUN_CANARY_QQ_SECRET": "CanaryOfQQ-5b1c77d09e",
    "HUOQUN_CANARY_TELEGRAM_SECRET": "CanaryOfTelegram_4e0d12ab",
    "HUOQUN_DESK_TOKENS": "CanaryOfDesk-93be40c1d2",
    "HUOQUN_CANARY_PSEUDONYM": "CanaryOfPseudonyms-8c55e1f0a7",
    "HUOQUN_CANARY_FEISHU_SECRET": "CanaryOfFeishu-20f6b3",
    "HUOQUN_CANARY_BEARER_SECRET": "CanaryOfBearer-c09d4e",
    "HUOQUN_KAFKA_PASSWORD": "CanaryOfKafka-61de07f2b8",
    "HUOQUN_CLICKHOUSE_PASSWORD": "CanaryOfClickHouse-b2a84f6c31",
}
URL_PART = "CanaryInAnAddress-d1708e"
SIGNING = "whsec_" + base64.b64encode(b"CanaryOfTheCanonicalSource-32byte").decode()
HOOK_SIGNING = "whsec_" + base64.b64encode(b"CanaryOfTheWebhookChannel-32bytes").decode()


def secrets() -> dict[str, str]:
    """The environment's variables and their secrets; addresses (``URL_PART``) are the test's to make."""
    return {**_PLAIN, "HUOQUN_CANARY_SECRET": SIGNING, "HUOQUN_CANARY_HOOK_SECRET": HOOK_SIGNING}


def needles() -> dict[str, list[bytes]]:
    """Every form in which a canary may be written somewhere, by what it is."""
    values = {**secrets(), "address": URL_PART}
    found = {name: _forms(value.removeprefix("whsec_")) for name, value in values.items()}
    found["HUOQUN_CANARY_SECRET"].append(b"CanaryOfTheCanonicalSource")
    found["HUOQUN_CANARY_HOOK_SECRET"].append(b"CanaryOfTheWebhookChannel")
    found["text"] = _forms(TEXT)
    return found


def _forms(value: str) -> list[bytes]:
    escaped = value.encode("ascii", "backslashreplace")
    wide = value.encode("utf-16-be").hex()
    as_json = re.sub(r"[^\x00-\x7f]", lambda m: f"\\u{ord(m[0]):04x}", value).encode()
    coded = base64.b64encode(value.encode()).rstrip(b"=")
    return list(
        dict.fromkeys(
            [
                value.encode(), escaped, as_json, quote(value).encode(), quote_plus(value).encode(), coded[:-2],
                value.encode().hex().encode(), wide.encode(), value[:14].encode(),
            ]
        )
    )  # fmt: skip


def leaks(name: str, data: bytes, wanted: Mapping[str, Iterable[bytes]]) -> list[str]:
    """Return what was found in ``data``, with what stands around it."""
    found = []
    for what, forms in wanted.items():
        for form in forms:
            at = data.find(form)
            if at >= 0:
                around = data[max(0, at - 160) : at + 120].decode("utf-8", "replace")
                found.append(f"{what} in {name}: …{around}…")
                break
    return found


class Lookout(threading.Thread):
    """Looks at the command lines of processes and of what they start, for as long as the block lasts."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[bytes] = set()
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.is_set():
            for place in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(place.read_bytes())
                except OSError:
                    continue
            time.sleep(0.25)
