"""Telegram updates, written after its documentation (https://core.telegram.org/bots/api), read beside python-telegram-bot."""

from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Update

from huoqun.events import Event, Refused
from producers.sources.base import Answer, Ignored, Opened
from tests.support.specimens.base import AT, NOW, deliver
from tests.support.specimens.base import read as read_all
from tests.support.specimens.telegram import (
    ASKER,
    BOT,
    CHAT,
    HELPER,
    LINK,
    PAYLOADS,
    SPECIMEN,
    member_changed,
    message,
    sign,
)

GROUP = str(CHAT["id"])
ADA, MAN = str(ASKER["id"]), str(HELPER["id"])


def read(payload: dict[str, Any]) -> Any:
    found = read_all(SPECIMEN, payload)
    return found if isinstance(found, Refused) else found[0]


def test_a_message() -> None:
    assert read(PAYLOADS["message"]) == Event(
        id=f"{GROUP}:55",
        type="message",
        ts=AT * 1000,
        platform="telegram",
        group_id=GROUP,
        group_name="阳台种菜",
        user_id=ADA,
        user_name="Ada L",
        text="番茄叶子发黄怎么办?",
        received_at=NOW,
        source="here",
    )


def test_a_reply_names_what_it_answers_and_whom_it_mentions() -> None:
    found = read(PAYLOADS["reply"])
    assert (found.reply_to, found.thread_id) == (f"{GROUP}:55", f"{GROUP}:55")
    assert found.mentions == [ADA]
    assert found.extra == {"mention_names": ["ada"]}


def test_a_topic_is_no_thread_and_its_beginning_is_not_answered() -> None:
    in_topic = {"text": "hi", "is_topic_message": True, "message_thread_id": 4}
    plain = read(
        message(**in_topic, reply_to_message={"message_id": 4, "chat": CHAT, "date": AT, "forum_topic_created": {}})
    )
    assert (plain.reply_to, plain.thread_id, plain.extra) == ("", "", {"topic_id": "4"})
    assert (
        read(message(**in_topic, reply_to_message={"message_id": 9, "chat": CHAT, "date": AT})).reply_to == f"{GROUP}:9"
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"photo": [{}], "caption": "look"}, "[photo] look"),
        ({"animation": {}, "document": {}}, "[animation]"),
        ({"venue": {}, "location": {}}, "[venue]"),
        ({"video_note": {}}, "[video note]"),
        ({"sticker": {"emoji": "👍"}}, "👍"),
        ({"sticker": {}}, "[sticker]"),
        ({"document": {"file_name": "a.pdf"}}, "[document] a.pdf"),
        ({"audio": {"title": "a song"}}, "[audio] a song"),
        ({"poll": {"question": "tea?"}}, "[poll] tea?"),
        ({"text": 5, "dice": 5}, "[dice]"),
    ],
)
def test_what_is_no_text_is_shown_in_words(fields: dict[str, Any], text: str) -> None:
    assert read(message(**fields)).text == text


@pytest.mark.parametrize(
    ("offset", "length"), [(-1, 4), (0, -1), (10**9, 4), (0, 10**9), (None, None), (0.0, 4), (99, 4)]
)
def test_places_of_mentions_that_lie_outside_are_passed_over(offset: Any, length: Any) -> None:
    found = read(message(text="@ada", entities=[{"type": "mention", "offset": offset, "length": length}, 5]))
    assert found.extra == {}


def test_an_administrator_behind_the_group_is_staff_and_a_channel_is_not_a_bot() -> None:
    behind = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    found = read(message(text="rules", **{"from": behind}, sender_chat=CHAT))
    assert (found.user_id, found.is_staff, found.is_bot) == (GROUP, True, False)
    channel = {"id": -1009, "type": "channel", "title": "News"}
    guest = read(message(text="hi", **{"from": behind}, sender_chat=channel))
    assert (guest.user_id, guest.user_name, guest.is_staff, guest.is_bot) == ("-1009", "News", False, False)
    assert read(message(text="hi", sender_chat=channel, is_automatic_forward=True)).is_staff


def test_bots_are_bots() -> None:
    assert read(message(text="pong", **{"from": BOT})).is_bot
    assert read(member_changed("left", "member", "my_chat_member", user=BOT, **{"from": HELPER})).is_bot


def test_a_join_names_the_maker_of_the_link() -> None:
    found = read(PAYLOADS["join"])
    assert (found.type, found.user_id, found.inviter_id, found.campaign) == ("join", ADA, MAN, "spring fair")
    asked = read(member_changed("left", "member", **{"from": BOT}, via_join_request=True))
    assert (asked.inviter_id, asked.extra) == ("", {"approved_by": str(BOT["id"])})
    added = read(member_changed("left", "member", **{"from": HELPER}))
    assert added.inviter_id == MAN
    own = read(member_changed("left", "member", invite_link=LINK | {"creator": ASKER}))
    assert own.inviter_id == ""


@pytest.mark.parametrize(
    ("before", "after", "by", "kind", "reason"),
    [
        ("left", "member", ASKER, "join", None),
        ("kicked", "member", ASKER, "join", None),
        ("left", "restricted in", ASKER, "join", None),
        ("restricted out", "restricted in", ASKER, "join", None),
        ("member", "left", ASKER, "leave", "left"),
        ("administrator", "left", ASKER, "leave", "left"),
        ("member", "left", HELPER, "leave", "kicked"),
        ("member", "kicked", HELPER, "leave", "banned"),
        ("restricted in", "restricted out", ASKER, "leave", "left"),
        ("member", "administrator", HELPER, "rename", None),
        ("member", "creator", HELPER, "rename", None),
    ],
)
def test_what_becomes_of_a_member(before: str, after: str, by: dict[str, Any], kind: str, reason: str | None) -> None:
    found = read(member_changed(before, after, **{"from": by}))
    assert (found.type, found.reason, found.user_id) == (kind, reason, ADA)
    assert found.is_staff is (after in ("administrator", "creator"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("kicked", "left"),
        ("left", "kicked"),
        ("member", "restricted in"),
        ("administrator", "member"),
        ("administrator", "administrator"),
        ("creator", "administrator"),
        ("left", "restricted out"),
        ("of next year", "left"),
    ],
)
def test_a_change_that_moves_nobody_in_or_out_is_no_event(before: str, after: str) -> None:
    assert read(member_changed(before, after)) == Ignored("chat_member")


def test_a_join_and_a_leave_that_are_told_twice_count_once() -> None:
    """Whichever way comes first: a member's change and a service message carry the same id."""
    added = read_all(SPECIMEN, PAYLOADS["added"])
    assert not isinstance(added, Refused)
    assert [(e.type, e.user_id, e.inviter_id, e.is_bot) for e in added if isinstance(e, Event)] == [
        ("join", ADA, MAN, False),
        ("join", str(BOT["id"]), MAN, True),
    ]
    assert added[0].id == read(PAYLOADS["join"]).id  # type: ignore[union-attr]
    assert read(PAYLOADS["left"]).id == read(PAYLOADS["leave"]).id
    assert (read(PAYLOADS["left"]).reason, read(PAYLOADS["leave"]).reason) == ("left", "left")
    removed = read(message(left_chat_member=ASKER, **{"from": HELPER}))
    assert (removed.reason, removed.extra) == ("kicked", {"operator_id": MAN})


def test_a_promotion_carries_the_role() -> None:
    found = read(PAYLOADS["promotion"])
    assert (found.type, found.user_id, found.is_staff, found.extra) == ("rename", ADA, True, {"role": "administrator"})


def test_an_edit_and_a_reaction_point_at_the_message() -> None:
    edit = read(PAYLOADS["edit"])
    assert (edit.type, edit.id, edit.reply_to) == ("edit", f"{GROUP}:55:e{AT + 20}", f"{GROUP}:55")
    assert (edit.ts, edit.text) == ((AT + 20) * 1000, "番茄叶子发黄，怎么办？")
    reaction = read(PAYLOADS["reaction"])
    assert (reaction.type, reaction.reply_to, reaction.user_id) == ("reaction", f"{GROUP}:55", MAN)
    assert reaction.extra == {"emoji": "👍"}


def test_a_reaction_that_is_taken_back_is_none_and_an_anonymous_one_is_the_groups() -> None:
    changed = PAYLOADS["reaction"]["message_reaction"]
    back = changed | {"old_reaction": changed["new_reaction"], "new_reaction": []}
    assert read({"update_id": 1, "message_reaction": back}) == Ignored("reaction_removed")
    behind = {k: v for k, v in changed.items() if k != "user"} | {"actor_chat": CHAT}
    assert (read({"update_id": 1, "message_reaction": behind}).user_id) == GROUP


def test_a_group_gets_its_new_name() -> None:
    found = read(PAYLOADS["title"])
    assert (found.type, found.group_name, found.user_name) == ("rename", "阳台种菜二群", "")


@pytest.mark.parametrize(
    ("payload", "what"),
    [
        (message(text="hi", chat={"id": 7, "type": "private"}), "private"),
        (message(text="hi", chat={"id": -7, "type": "channel"}), "channel"),
        (message(text="hi", chat={"id": -7, "type": "of next year"}), "unknown"),
        (message(pinned_message={}), "service_message"),
        (message(migrate_to_chat_id=-1002), "migrated"),
        (message(something_new={}), "unknown"),
        ({"update_id": 1, "callback_query": {}}, "callback_query"),
        ({"update_id": 1, "message_reaction_count": {}}, "message_reaction_count"),
        ({"update_id": 1, "something_new": {}}, "unknown"),
        ({"update_id": 1, "message": None}, "unknown"),
        (member_changed("member", "administrator", "my_chat_member", user=BOT), "my_chat_member"),
        (
            {"update_id": 1, "edited_message": message(location={"live_period": 60})["message"] | {"edit_date": AT}},
            "live_location",
        ),
    ],
)
def test_what_is_authentic_and_no_event_is_ignored_by_name(payload: dict[str, Any], what: str) -> None:
    assert read(payload) == Ignored(what)


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        ({}, "update_id"),
        (message(text="hi", chat={"type": "group"}), "message.chat.id"),
        (message(text="hi", message_id=None), "message.message_id"),
        (message(text="hi", **{"from": None}), "message.from.id"),
        (message(text="hi", date="soon"), "message.date"),
        (message(new_chat_members=[{}]), "message.new_chat_members.id"),
        (member_changed("left", "member", user={}), "chat_member.new_chat_member.user.id"),
        ({"update_id": 1, "edited_message": message(text="hi")["message"]}, "edited_message.edit_date"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place(payload: dict[str, Any], where: str) -> None:
    found = read(payload)
    assert isinstance(found, Refused)
    assert found.where == where


def test_the_answer_is_empty_since_telegram_would_run_it() -> None:
    opened = deliver(SPECIMEN, sign(PAYLOADS["message"], 0))
    assert isinstance(opened, Opened)
    assert opened.answer == Answer(200, b"", "")


# What python-telegram-bot makes of the same payloads.


def when(at: datetime | None) -> int:
    assert at is not None
    return round(at.astimezone(UTC).timestamp() * 1000)


@pytest.mark.parametrize("name", ["message", "reply", "photo", "edit"])
def test_messages_are_read_as_python_telegram_bot_reads_them(name: str) -> None:
    theirs = Update.de_json(PAYLOADS[name], None).effective_message
    ours = read(PAYLOADS[name])
    assert theirs is not None
    assert theirs.from_user is not None
    assert ours.group_id == str(theirs.chat_id)
    assert ours.group_name == theirs.chat.title
    assert (ours.user_id, ours.user_name) == (str(theirs.from_user.id), theirs.from_user.full_name)
    assert ours.text.removeprefix("[photo] ") == (theirs.text or theirs.caption)
    if ours.type == "edit":
        assert (ours.reply_to, ours.ts) == (f"{theirs.chat_id}:{theirs.message_id}", when(theirs.edit_date))
    else:
        assert (ours.id, ours.ts) == (f"{theirs.chat_id}:{theirs.message_id}", when(theirs.date))
    if theirs.reply_to_message is not None:
        assert ours.reply_to == f"{theirs.chat_id}:{theirs.reply_to_message.message_id}"
    entities = theirs.parse_entities(["mention", "text_mention"])
    assert ours.extra.get("mention_names", []) == [t[1:] for e, t in entities.items() if e.type == "mention"]
    assert ours.mentions == [str(e.user.id) for e in entities if e.user is not None]


@pytest.mark.parametrize("name", ["join", "leave", "promotion"])
def test_changes_of_members_are_read_as_python_telegram_bot_reads_them(name: str) -> None:
    theirs = Update.de_json(PAYLOADS[name], None).chat_member
    ours = read(PAYLOADS[name])
    assert theirs is not None
    assert (ours.user_id, ours.user_name) == (
        str(theirs.new_chat_member.user.id),
        theirs.new_chat_member.user.full_name,
    )
    assert ours.ts == when(theirs.date)
    assert ours.is_staff is (theirs.new_chat_member.status in ("administrator", "creator"))
    if theirs.invite_link is not None:
        assert (ours.inviter_id, ours.campaign) == (str(theirs.invite_link.creator.id), theirs.invite_link.name)


def test_service_messages_and_reactions_are_read_as_python_telegram_bot_reads_them() -> None:
    added = Update.de_json(PAYLOADS["added"], None).effective_message
    assert added is not None
    found = read_all(SPECIMEN, PAYLOADS["added"])
    assert [e.user_id for e in found] == [str(u.id) for u in added.new_chat_members]  # type: ignore[union-attr]
    reaction = Update.de_json(PAYLOADS["reaction"], None).message_reaction
    assert reaction is not None
    assert reaction.user is not None
    assert read(PAYLOADS["reaction"]).user_id == str(reaction.user.id)
