"""Telegram as its documentation has it: https://core.telegram.org/bots/api (setWebhook, Update, Message, ChatMemberUpdated)."""

import json
from typing import Any

from tests.support.specimens.base import AT, Signed, Specimen

SECRET = "a-Token_of-256-characters-at-most"
CHAT = {"id": -1001234567890, "type": "supergroup", "title": "阳台种菜", "is_forum": False}
ASKER = {
    "id": 7000000001,
    "is_bot": False,
    "first_name": "Ada",
    "last_name": "L",
    "username": "ada",
    "language_code": "en",
}
HELPER = {"id": 7000000002, "is_bot": False, "first_name": "小满"}
BOT = {"id": 7000000099, "is_bot": True, "first_name": "huoqun", "username": "huoqun_bot"}


def sign(payload: Any, _now_s: int) -> Signed:
    body = json.dumps(payload, ensure_ascii=False).encode()
    return Signed(body, {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": SECRET})


def message(**fields: Any) -> dict[str, Any]:
    """Return an update with a message."""
    base = {"message_id": 55, "from": ASKER, "chat": CHAT, "date": AT}
    return {"update_id": 900000001, "message": base | ({"text": "番茄叶子发黄怎么办?"} if not fields else {}) | fields}


def member_changed(before: str, after: str, kind: str = "chat_member", **fields: Any) -> dict[str, Any]:
    """Return an update in which a member goes from one status to another."""
    user = fields.pop("user", ASKER)
    return {
        "update_id": 900000002,
        kind: {
            "chat": CHAT,
            "from": user,
            "date": AT,
            "old_chat_member": member(before, user),
            "new_chat_member": member(after, user),
            **fields,
        },
    }


def member(status: str, user: dict[str, Any]) -> dict[str, Any]:
    """Return a member as the documentation has those of its status."""
    rights = (
        "can_be_edited can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members can_promote_members "
        "can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
    )
    found: dict[str, Any] = {"status": status, "user": user}
    if status == "creator":
        found |= {"is_anonymous": False}
    if status == "administrator":
        found |= dict.fromkeys(rights.split(), True) | {"is_anonymous": False}
    if status == "kicked":
        found |= {"until_date": 0}
    if status.startswith("restricted"):
        limits = (
            "can_send_messages can_send_polls can_send_other_messages can_add_web_page_previews can_change_info "
            "can_invite_users can_pin_messages can_manage_topics can_send_audios can_send_documents can_send_photos "
            "can_send_videos can_send_video_notes can_send_voice_notes can_edit_tag"
        )
        found |= {"status": "restricted", "is_member": status == "restricted in", "until_date": 0}
        found |= dict.fromkeys(limits.split(), False)
    return found


LINK = {
    "invite_link": "https://t.me/+abcdef...",
    "creator": HELPER,
    "creates_join_request": False,
    "is_primary": False,
    "is_revoked": False,
    "name": "spring fair",
}

PAYLOADS: dict[str, Any] = {
    "message": message(),
    "reply": message(
        message_id=56,
        **{"from": HELPER},
        text="@ada 🍅 Ada L, 浇水少一点",
        entities=[
            {"type": "mention", "offset": 0, "length": 4},
            {"type": "text_mention", "offset": 8, "length": 5, "user": ASKER},
        ],
        message_thread_id=55,
        reply_to_message={"message_id": 55, "from": ASKER, "chat": CHAT, "date": AT, "text": "番茄叶子发黄怎么办?"},
    ),
    "photo": message(
        caption="this one",
        photo=[{"file_id": "f", "file_unique_id": "u", "width": 90, "height": 60, "file_size": 1000}],
    ),
    "join": member_changed("left", "member", invite_link=LINK),
    "leave": member_changed("member", "left"),
    "added": message(**{"from": HELPER}, new_chat_members=[ASKER, BOT]),
    "left": message(left_chat_member=ASKER),
    "promotion": member_changed("member", "administrator", **{"from": HELPER}),
    "edit": {
        "update_id": 900000003,
        "edited_message": message(text="番茄叶子发黄，怎么办？")["message"] | {"edit_date": AT + 20},
    },
    "reaction": {
        "update_id": 900000004,
        "message_reaction": {
            "chat": CHAT,
            "message_id": 55,
            "user": HELPER,
            "date": AT + 3,
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": "👍"}],
        },
    },
    "title": message(new_chat_title="阳台种菜二群"),
}

SPECIMEN = Specimen(
    kind="telegram",
    secret=SECRET,
    sign=sign,
    binds_body=False,
    guarded=("X-Telegram-Bot-Api-Secret-Token",),
    payloads=PAYLOADS,
)
