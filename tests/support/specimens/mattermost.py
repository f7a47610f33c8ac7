"""Mattermost as its documentation has it: https://developers.mattermost.com/integrate/webhooks/outgoing/ (the parameters)."""

import json
from typing import Any
from urllib.parse import urlencode

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "xr3j5x3p4pfk7kk6ck7b4e6ghh"


def sign(payload: Any, _now_s: int) -> Signed:
    return Signed(json.dumps(payload | {"token": SECRET}).encode(), {"Content-Type": "application/json"})


def sign_form(payload: Any) -> Signed:
    """Return the same as a form, which counts time in seconds."""
    fields = payload | {"token": SECRET, "timestamp": str(payload["timestamp"] // 1000)}
    return Signed(urlencode(fields).encode(), {"Content-Type": "application/x-www-form-urlencoded"})


def message(**fields: Any) -> dict[str, Any]:
    return {
        "token": SECRET,
        "team_id": "rdc9bgriktyx9p4kowh3dmgqyc",
        "team_domain": "garden",
        "channel_id": "j7q6y9b8k3r5zx1c4v2n6m8d0f",
        "channel_name": "town-square",
        "timestamp": AT * 1000 + 123,
        "user_id": "tk5mmzm3yjyyxqrgyccqocb1jh",
        "user_name": "ada",
        "post_id": "b4g8k1m3p5r7t9v2x4z6a8c0e1",
        "text": "@channel wie tief kommen die Zwiebeln?",
        "trigger_word": "",
        "file_ids": "",
        **fields,
    }


SPECIMEN = Specimen(
    kind="mattermost",
    secret=SECRET,
    sign=sign,
    binds_body=False,
    guarded_text=SECRET,
    payloads={"message": message(), "files": message(text="", file_ids="a1,b2")},
)
