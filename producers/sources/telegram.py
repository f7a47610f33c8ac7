"""Telegram, by the Bot API's webhook (https://core.telegram.org/bots/api#update). Pure.

Joins and leaves come twice, and neither way is sure: ``chat_member`` needs an administrator's rights and to be asked for,
service messages (``new_chat_members``) stay away in large groups and where somebody deletes them. So both are taken, under
one made id of chat, person and second: whichever comes first counts, the other is recognised as its repeat. A promotion has
no type of its own here; it is told as a rename, which carries the role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from huoqun.events import Refused
from producers import verify
from producers.sources.base import Delivery, Ignored, Notice, Opened, Platform, Route, Secret, Stamp, read_object
from producers.sources.values import made_id, make_event, read_id, read_ids, read_list_at, read_name, read_object_at
from producers.verify import Denied

PLATFORM: Final = "telegram"

_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"
_GROUPS: Final = ("group", "supergroup")
_STAFF: Final = ("creator", "administrator")
_MEDIA: Final = (
    "animation",
    "audio",
    "checklist",
    "contact",
    "dice",
    "document",
    "game",
    "invoice",
    "venue",
    "location",
    "paid_media",
    "photo",
    "poll",
    "sticker",
    "story",
    "video",
    "video_note",
    "voice",
)
"""What a message can hold beside text; an animation is a document as well, and a venue a location: the first counts."""

_SERVICE: Final = frozenset(
    {
        "boost_added",
        "chat_background_set",
        "chat_shared",
        "checklist_tasks_added",
        "checklist_tasks_done",
        "delete_chat_photo",
        "forum_topic_closed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "giveaway",
        "giveaway_completed",
        "giveaway_created",
        "giveaway_winners",
        "group_chat_created",
        "message_auto_delete_timer_changed",
        "new_chat_photo",
        "paid_message_price_changed",
        "pinned_message",
        "proximity_alert_triggered",
        "successful_payment",
        "supergroup_chat_created",
        "users_shared",
        "video_chat_ended",
        "video_chat_participants_invited",
        "video_chat_scheduled",
        "video_chat_started",
        "web_app_data",
        "write_access_allowed",
    }
)
_KNOWN: Final = frozenset(
    {
        "business_connection",
        "business_message",
        "callback_query",
        "channel_post",
        "chat_boost",
        "chat_join_request",
        "chosen_inline_result",
        "deleted_business_messages",
        "edited_business_message",
        "edited_channel_post",
        "inline_query",
        "message_reaction_count",
        "poll",
        "poll_answer",
        "pre_checkout_query",
        "purchased_paid_media",
        "removed_chat_boost",
        "shipping_query",
    }
)


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Denied | Refused:
    """Check the token that ``setWebhook`` was given. The answer has no body: one would be run as a method of the API."""
    if secret.keys:
        denied = verify.token(offered=delivery.headers.getall(_HEADER, []), keys=secret.keys, where=_HEADER)
        if denied is not None:
            return denied
    payload = read_object(delivery.body)
    return payload if isinstance(payload, Refused) else Opened(payload)


_Found = dict[str, Any] | Ignored | Refused


def parse(payload: dict[str, Any], stamp: Stamp, /) -> list[Notice] | Refused:
    """Turn one update into canonical events: several where several people are added at once."""
    if type(payload.get("update_id")) is not int:
        return Refused("update_id", "required; is this an update of Telegram's Bot API?")
    name = next((key for key in _READERS if isinstance(payload.get(key), dict)), None)
    if name is None:
        return [Ignored(next((key for key in payload if key in _KNOWN), "unknown"))]
    update = payload[name]
    chat = read_object_at(update, "chat")
    if chat.get("type") not in _GROUPS:
        return [Ignored(chat["type"] if chat.get("type") in ("private", "channel") else "unknown")]
    ids = read_ids(chat, "id")
    if isinstance(ids, Refused):
        return Refused(f"{name}.chat.id", ids.why)
    common = {"platform": PLATFORM, "group_id": ids[0], "group_name": read_name(chat.get("title"))}
    return _events(_READERS[name](update, ids[0]), common, update, name, stamp)


def _events(
    read: Iterable[_Found], common: dict[str, Any], update: dict[str, Any], name: str, stamp: Stamp
) -> list[Notice] | Refused:
    notices: list[Notice] = []
    for found in read:
        if isinstance(found, Refused):
            return Refused(f"{name}.{found.where}", found.why)
        if isinstance(found, Ignored):
            notices.append(found)
            continue
        when = found.pop("when", update.get("date"))
        event = make_event(common | found, when, stamp, where=f"{name}.date")
        if isinstance(event, Refused):
            return event
        notices.append(event)
    return notices


# Messages.


def _message(message: dict[str, Any], chat: str) -> Iterable[_Found]:
    if isinstance(message.get("new_chat_members"), list):
        return _added(message, chat)
    if isinstance(message.get("left_chat_member"), dict):
        return [_gone(message, chat)]
    if isinstance(message.get("new_chat_title"), str):
        return [_retitled(message, chat)]
    if "migrate_to_chat_id" in message or "migrate_from_chat_id" in message:
        return [Ignored("migrated")]  # the group goes on under another id
    if _is_written(message):
        return [_written(message, chat)]
    return [Ignored("service_message" if _SERVICE & message.keys() else "unknown")]


def _is_written(message: dict[str, Any]) -> bool:
    return any(message.get(name) not in (None, False, "") for name in ("text", "caption", *_MEDIA))


def _written(message: dict[str, Any], chat: str) -> _Found:
    ids = read_ids(message, "message_id")
    author = _author(message, chat)
    if isinstance(ids, Refused) or isinstance(author, Refused):
        return ids if isinstance(ids, Refused) else author
    text, mentions, names = _text(message)
    found: dict[str, Any] = author | {
        "id": f"{chat}:{ids[0]}",
        "type": "message",
        "text": text,
        "mentions": mentions,
    }
    if names:
        found["mention_names"] = names
    thread = read_id(message.get("message_thread_id"))
    answered = read_object_at(message, "reply_to_message")
    target = read_id(answered.get("message_id"))
    if message.get("is_topic_message") is True:
        # A topic is a room for many talks, not one of them; what stands in it "replies" to its beginning unless to more.
        found["topic_id"] = thread
        target = "" if target == thread else target
    elif thread:
        found["thread_id"] = f"{chat}:{thread}"
    if target:
        found["reply_to"] = f"{chat}:{target}"
    return found


def _edited(message: dict[str, Any], chat: str) -> Iterable[_Found]:
    ids = read_ids(message, "message_id", "edit_date")
    author = _author(message, chat)
    if isinstance(ids, Refused) or isinstance(author, Refused):
        return [ids if isinstance(ids, Refused) else author]
    if "live_period" in read_object_at(message, "location"):
        return [Ignored("live_location")]  # moves all the time
    text, mentions, _ = _text(message)
    found = author | {
        "id": f"{chat}:{ids[0]}:e{ids[1]}",
        "type": "edit",
        "reply_to": f"{chat}:{ids[0]}",
        "text": text,
        "mentions": mentions,
        "when": message.get("edit_date"),
    }
    return [found]


def _author(message: dict[str, Any], chat: str) -> dict[str, Any] | Refused:
    """Return who wrote it: a person, an administrator who stays anonymous behind the group, or a channel."""
    behind = read_object_at(message, "sender_chat")
    if behind_id := read_id(behind.get("id")):
        return {
            "user_id": behind_id,
            "user_name": read_name(behind.get("title")),
            "is_staff": behind_id == chat or message.get("is_automatic_forward") is True,
        }
    return _person(message, "from")


def _person(holder: dict[str, Any], name: str) -> dict[str, Any] | Refused:
    user = read_object_at(holder, name)
    ids = read_ids(user, "id")
    if isinstance(ids, Refused):
        return Refused(f"{name}.id", ids.why)
    return {"user_id": ids[0], "user_name": _name_of(user), "is_bot": user.get("is_bot") is True}


def _name_of(user: dict[str, Any]) -> str:
    full = " ".join(filter(None, (read_name(user.get("first_name")), read_name(user.get("last_name")))))
    return (full or read_name(user.get("username")))[:512]


def _text(message: dict[str, Any]) -> tuple[str, list[str], list[str]]:
    """Return the text with what else the message holds, the people it mentions by id, and those it mentions by name."""
    field = "text" if isinstance(message.get("text"), str) else "caption"
    words = message.get(field)
    words = words if isinstance(words, str) else ""
    shown = next((_shown(kind, message[kind]) for kind in _MEDIA if message.get(kind) not in (None, False)), "")
    mentions: list[str] = []
    names: list[str] = []
    units = words.encode("utf-16-le", "surrogatepass")  # entities count in these
    for entity in read_list_at(message, "entities" if field == "text" else "caption_entities"):
        if not isinstance(entity, dict):
            continue
        if entity.get("type") == "text_mention":
            person = read_id(read_object_at(entity, "user").get("id"))
            mentions += [person] if person and person not in mentions else []
        elif entity.get("type") == "mention":
            name = _cut(units, entity.get("offset"), entity.get("length")).removeprefix("@")
            names += [name] if name and name not in names else []
    return " ".join(filter(None, (shown, words))), mentions, names


def _cut(units: bytes, offset: Any, length: Any) -> str:
    if type(offset) is not int or type(length) is not int or not 0 <= offset <= len(units) or not 0 < length <= 64:  # noqa: PLR2004  # a username has 32 at most
        return ""
    return read_name(units[2 * offset : 2 * (offset + length)].decode("utf-16-le", "ignore"))


def _shown(kind: str, what: Any) -> str:
    what = what if isinstance(what, dict) else {}
    if kind == "sticker":
        return read_name(what.get("emoji")) or "[sticker]"
    if kind == "poll":
        return f"[poll] {read_name(what.get('question'))}".strip()
    if kind in ("document", "audio"):
        return f"[{kind}] {read_name(what.get('file_name')) or read_name(what.get('title'))}".strip()
    return f"[{kind.replace('_', ' ')}]"


# Members.


def _membership_id(chat: str, kind: str, user: str, date: Any) -> str:
    return made_id(chat, (kind, user, read_id(date)))


def _added(message: dict[str, Any], chat: str) -> Iterable[_Found]:
    actor = read_id(read_object_at(message, "from").get("id"))
    for each in message["new_chat_members"]:
        person = _person({"new_chat_members": each}, "new_chat_members")
        if isinstance(person, Refused):
            yield person
            return
        found = person | {"id": _membership_id(chat, "join", person["user_id"], message.get("date")), "type": "join"}
        yield found | ({"inviter_id": actor} if actor not in ("", person["user_id"]) else {})


def _gone(message: dict[str, Any], chat: str) -> _Found:
    person = _person(message, "left_chat_member")
    if isinstance(person, Refused):
        return person
    actor = read_id(read_object_at(message, "from").get("id"))
    return person | _left(chat, person["user_id"], actor, message.get("date"), forced="kicked")


def _left(chat: str, user: str, actor: str, date: Any, *, forced: str) -> dict[str, Any]:
    found = {"id": _membership_id(chat, "leave", user, date), "type": "leave"}
    if actor in ("", user):
        return found | {"reason": "left" if actor else "unknown"}
    return found | {"reason": forced, "operator_id": actor}


def _retitled(message: dict[str, Any], chat: str) -> _Found:
    ids = read_ids(message, "message_id")
    author = _author(message, chat)
    if isinstance(ids, Refused) or isinstance(author, Refused):
        return ids if isinstance(ids, Refused) else author
    return author | {
        "id": f"{chat}:{ids[0]}",
        "type": "rename",
        "user_name": "",
        "group_name": read_name(message["new_chat_title"]),
    }


def _member_changed(update: dict[str, Any], chat: str) -> Iterable[_Found]:
    before, after = read_object_at(update, "old_chat_member"), read_object_at(update, "new_chat_member")
    person = _person(after, "user")
    if isinstance(person, Refused):
        return [Refused(f"new_chat_member.{person.where}", person.why)]
    person["is_staff"] = after.get("status") in _STAFF
    user, date = person["user_id"], update.get("date")
    actor = read_id(read_object_at(update, "from").get("id"))
    was, now = _is_member(before), _is_member(after)
    if was and not now:
        forced = "banned" if after.get("status") == "kicked" else "kicked"
        return [person | _left(chat, user, actor, date, forced=forced)]
    if now and not was:
        return [
            person | {"id": _membership_id(chat, "join", user, date), "type": "join"} | _brought(update, user, actor)
        ]
    if person["is_staff"] and before.get("status") not in _STAFF:
        made = made_id(chat, ("promotion", user, read_id(date)))
        return [person | {"id": made, "type": "rename", "role": after["status"]}]
    return [Ignored("chat_member")]


def _is_member(member: dict[str, Any]) -> bool:
    status = member.get("status")
    return status in (*_STAFF, "member") or (status == "restricted" and member.get("is_member") is True)


def _brought(update: dict[str, Any], user: str, actor: str) -> dict[str, Any]:
    """Return who brought a member: the maker of the link that was followed, or else whoever added them."""
    link = read_object_at(update, "invite_link")
    maker = read_id(read_object_at(link, "creator").get("id"))
    found: dict[str, Any] = {}
    if name := read_name(link.get("name")):
        found["campaign"] = name
    if update.get("via_join_request") is True and actor not in ("", user):
        found["approved_by"] = actor
        actor = ""
    inviter = maker or actor
    if inviter not in ("", user):
        found["inviter_id"] = inviter
    return found


def _own_change(update: dict[str, Any], chat: str) -> Iterable[_Found]:
    """Read what happens to the bot itself, as that of any member: it is one."""
    for found in _member_changed(update, chat):
        if isinstance(found, dict) and found["type"] == "rename":
            yield Ignored("my_chat_member")
        else:
            yield found | {"is_bot": True, "is_staff": False} if isinstance(found, dict) else found


# Reactions.


def _reacted(update: dict[str, Any], chat: str) -> Iterable[_Found]:
    target = read_ids(update, "message_id")
    if isinstance(target, Refused):
        return [target]
    behind = read_object_at(update, "actor_chat")
    author = _person(update, "user")
    if behind_id := read_id(behind.get("id")):
        author = {"user_id": behind_id, "user_name": read_name(behind.get("title")), "is_staff": behind_id == chat}
    if isinstance(author, Refused):
        return [author]
    old = read_list_at(update, "old_reaction")
    new = [each for each in read_list_at(update, "new_reaction") if each not in old]
    if not new:
        return [Ignored("reaction_removed")]
    emoji = [read_name(each.get("emoji")) for each in new if isinstance(each, dict)]
    made = made_id(chat, ("reaction", author["user_id"], target[0], emoji, read_id(update.get("date"))))
    found = author | {"id": made, "type": "reaction", "reply_to": f"{chat}:{target[0]}"}
    return [found | ({"emoji": emoji[0]} if emoji and emoji[0] else {})]


_READERS: Final[dict[str, Callable[[dict[str, Any], str], Iterable[_Found]]]] = {
    "message": _message,
    "edited_message": _edited,
    "chat_member": _member_changed,
    "my_chat_member": _own_change,
    "message_reaction": _reacted,
}

WEBHOOK: Final = Platform(
    open_delivery, parse, describe=(Route("an update of the Bot API", takes={_HEADER: "setWebhook's secret_token"}),)
)
