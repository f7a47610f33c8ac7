"""A small export of each kind, written after the documentation or the exporter's source that its test names."""

import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

AT: Final = 1_704_189_600
"""2024-01-02 10:00:00 UTC: when the exported chats begin (s)."""


def slack(directory: Path) -> Path:
    """A zip of two channels and a direct message."""
    users = [
        {
            "id": "U01ANN", "name": "ann", "real_name": "Ann Lee", "is_admin": True, "is_bot": False,
            "profile": {"display_name": "Ann", "real_name": "Ann Lee"},
        },
        {"id": "U02BOB", "name": "bob", "is_bot": False, "profile": {"display_name": "", "real_name": "Bob Roe"}},
        {"id": "U03APP", "name": "app", "is_bot": True, "profile": {"display_name": "app"}},
    ]  # fmt: skip
    general = [
        {"type": "message", "subtype": "channel_join", "user": "U02BOB", "inviter": "U01ANN", "ts": f"{AT}.000100", "text": "<@U02BOB> has joined the channel"},
        {"client_msg_id": "c1", "type": "message", "user": "U02BOB", "text": "hi <@U01ANN> &amp; all", "ts": f"{AT + 60}.000200", "team": "T1",
         "reactions": [{"name": "wave", "users": ["U01ANN", "U03APP"], "count": 2}]},
        {"client_msg_id": "c2", "type": "message", "user": "U01ANN", "text": "welcome", "ts": f"{AT + 90}.000300", "thread_ts": f"{AT + 60}.000200"},
        {"type": "message", "subtype": "bot_message", "bot_id": "B01", "username": "deploy", "text": "done", "ts": f"{AT + 95}.000400"},
        {"type": "message", "subtype": "channel_purpose", "user": "U01ANN", "purpose": "x", "ts": f"{AT + 96}.000500", "text": "set the purpose"},
        {"type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": f"{AT + 97}.000600", "text": "This message was deleted."},
        {"type": "message", "subtype": "channel_leave", "user": "U02BOB", "ts": f"{AT + 98}.000700", "text": "<@U02BOB> has left the channel"},
    ]  # fmt: skip
    path = directory / "slack.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("users.json", json.dumps(users, indent=4))
        out.writestr(
            "channels.json", json.dumps([{"id": "C01GEN", "name": "general"}, {"id": "C02RAN", "name": "random"}])
        )
        out.writestr("dms.json", json.dumps([{"id": "D01", "members": ["U01ANN", "U02BOB"]}]))
        out.writestr("integration_logs.json", "[]")
        out.writestr("general/2024-01-02.json", json.dumps(general, indent=4))
        out.writestr(
            "random/2024-01-01.json",
            json.dumps([{"type": "message", "user": "U01ANN", "text": "早", "ts": f"{AT - 86_400}.000001"}]),
        )
        out.writestr(
            "D01/2024-01-02.json",
            json.dumps([{"type": "message", "user": "U01ANN", "text": "secret", "ts": f"{AT}.000001"}]),
        )
    return path


def _telegram_chat() -> dict[str, Any]:
    def at(seconds: int) -> dict[str, str]:
        return {"date": "2024-01-02T10:00:00", "date_unixtime": str(AT + seconds)}

    ann, bob = {"from": "Ann", "from_id": "user11"}, {"from": "Bob", "from_id": "user12"}
    actor = {"actor": "Ann", "actor_id": "user11"}
    return {
        "name": "Balcony", "type": "private_supergroup", "id": 1234567890,
        "messages": [
            {"id": 1, "type": "service", **at(0), **actor, "action": "invite_members", "members": ["Bob", "Cat", None], "text": "", "text_entities": []},
            {"id": 2, "type": "message", **at(60), **bob, "text": ["who waters? ", {"type": "mention_name", "text": "Ann", "user_id": 11}],
             "text_entities": [], "reactions": [{"type": "emoji", "count": 3, "emoji": "👍"}]},
            {"id": 3, "type": "message", **at(90), "edited": "2024-01-02T10:05:00", "edited_unixtime": str(AT + 300), **ann, "reply_to_message_id": 2, "text": "me"},
            {"id": 4, "type": "message", **at(100), **bob, "file": "(File not included. Change data exporting settings to download.)",
             "media_type": "sticker", "sticker_emoji": "🌱", "text": ""},
            {"id": 5, "type": "message", **at(110), "from": "Balcony", "from_id": "channel1234567890", "text": "rules"},
            {"id": 6, "type": "service", **at(120), "actor": "Dan", "actor_id": "user14", "action": "join_group_by_link", "inviter": "Ann", "text": ""},
            {"id": 7, "type": "service", **at(130), **actor, "action": "pin_message", "message_id": 5, "text": ""},
            {"id": 8, "type": "unsupported"},
            {"id": 9, "type": "service", **at(140), **actor, "action": "remove_members", "members": ["Cat"], "text": ""},
            {"id": 10, "type": "service", **at(150), **bob, "actor": "Bob", "actor_id": "user12", "action": "remove_members", "members": ["Bob"], "text": ""},
        ],
    }  # fmt: skip


def telegram(directory: Path) -> Path:
    """The whole account: a group, and a private chat."""
    private = {
        "name": "Bob", "type": "personal_chat", "id": 12,
        "messages": [{"id": 1, "type": "message", "date_unixtime": str(AT), "from": "Bob", "from_id": "user12", "text": "secret"}],
    }  # fmt: skip
    account = {
        "about": "Here is the data you requested. Remember: Telegram is ad free, it doesn't use your data.",
        "personal_information": {"user_id": 11, "first_name": "Ann"},
        "contacts": {"about": "", "list": [{"first_name": "Bob"}]},
        "chats": {"about": "", "list": [private, _telegram_chat()]},
        "left_chats": {"about": "", "list": []},
    }
    path = directory / "result.json"
    path.write_text(json.dumps(account, ensure_ascii=False, indent=1), "utf-8")
    return path


def telegram_chat(directory: Path) -> Path:
    """One chat alone."""
    path = directory / "result.json"
    path.write_text(json.dumps(_telegram_chat(), ensure_ascii=False, indent=1), "utf-8")
    return path


DISCORD_FIRST: Final = (AT * 1000 - 1_420_070_400_000) << 22
"""The number that Discord would have given a message then: its time is in it."""


def discord(directory: Path) -> Path:
    """A directory with a channel and a thread of it."""

    def author(number: int, name: str, *, bot: bool = False) -> dict[str, Any]:
        return {
            "id": str(number),
            "name": name.lower(),
            "discriminator": "0000",
            "nickname": name,
            "color": None,
            "isBot": bot,
            "roles": [],
            "avatarUrl": "",
        }

    def message(number: int, kind: str, text: str, who: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "id": str(DISCORD_FIRST + (number * 60_000 << 22)), "type": kind, "timestamp": f"2024-01-02T10:{number:02}:00.123+00:00", "timestampEdited": None,
            "callEndedTimestamp": None, "isPinned": False, "content": text, "author": who, "attachments": [], "embeds": [], "stickers": [],
            "reactions": [], "mentions": [],
        } | more  # fmt: skip

    ann, bob = author(1, "Ann"), author(2, "Bob")
    guild = {"id": "900", "name": "Balcony", "iconUrl": ""}
    folder = directory / "discord"
    folder.mkdir(parents=True)
    channel = {
        "id": "901",
        "type": "GuildTextChat",
        "categoryId": "899",
        "category": "Text",
        "name": "general",
        "topic": None,
    }
    messages = [
        message(0, "GuildMemberJoin", "Joined the server.", bob),
        message(1, "Default", "who waters, @Ann?", bob, mentions=[ann], reactions=[{"emoji": {"name": "👍"}, "count": 2, "users": []}]),
        message(2, "Reply", "me", ann, reference={"messageId": str(DISCORD_FIRST + (60_000 << 22)), "channelId": "901", "guildId": "900"}),
        message(3, "Default", "", bob, attachments=[{"id": "5", "url": "x", "fileName": "plan.png", "fileSizeBytes": 3}]),
        message(4, "ChannelPinnedMessage", "Pinned a message.", ann),
        message(5, "Default", "beep", author(3, "Helper", bot=True)),
    ]  # fmt: skip
    document = {
        "guild": guild, "channel": channel, "dateRange": {"after": None, "before": None}, "exportedAt": "2024-02-01T00:00:00+00:00",
        "messages": messages, "messageCount": len(messages),
    }  # fmt: skip
    (folder / "Balcony - general [901].json").write_text(json.dumps(document, indent=2), "utf-8")
    thread = {
        "id": "902",
        "type": "GuildPublicThread",
        "categoryId": "901",
        "category": "general",
        "name": "seeds",
        "topic": None,
    }
    document |= {"channel": thread, "messages": [message(7, "Default", "in the thread", ann)]}
    (folder / "Balcony - seeds [902].json").write_text(json.dumps(document, indent=2), "utf-8")
    return folder


def zulip(directory: Path) -> Path:
    """A packed tar with a channel and a direct message."""
    realm = {
        "zerver_realm": [{"id": 2, "string_id": "balcony"}],
        "zerver_realmauditlog": [
            {"id": 71, "event_type": 301, "event_time": AT + 0.5, "modified_user": 12, "modified_stream": 21, "acting_user": 11},
            {"id": 72, "event_type": 303, "event_time": AT + 500.5, "modified_user": 12, "modified_stream": 21, "acting_user": 12},
            {"id": 73, "event_type": 101, "event_time": AT - 500.5, "modified_user": 12, "modified_stream": None, "acting_user": None},
        ],
        "zerver_userprofile": [
            {"id": 11, "full_name": "Ann", "is_bot": False, "role": 100},
            {"id": 12, "full_name": "Bob", "is_bot": False, "role": 400},
        ],
        "zerver_userprofile_crossrealm": [{"id": 5, "full_name": "Notification Bot", "is_bot": True}],
        "zerver_stream": [{"id": 21, "name": "general"}],
        "zerver_recipient": [{"id": 31, "type": 2, "type_id": 21}, {"id": 33, "type": 1, "type_id": 11}],
    }  # fmt: skip
    messages = {
        "zerver_message": [
            {"id": 102, "sender": 11, "recipient": 31, "subject": "water", "content": "@**Bob|12** me", "date_sent": AT + 90.25,
             "rendered_content": '<p><span class="user-mention" data-user-id="12">@Bob</span> me</p>'},
            {"id": 101, "sender": 12, "recipient": 31, "subject": "water", "content": "who waters?", "date_sent": AT + 60.75, "rendered_content": "<p>who waters?</p>"},
            {"id": 103, "sender": 11, "recipient": 33, "subject": "", "content": "secret", "date_sent": AT + 95.0, "rendered_content": "<p>secret</p>"},
        ],
        "zerver_usermessage": [{"id": 1, "message": 101, "flags_mask": 1, "user_profile": 11}],
        "zerver_reaction": [{"id": 201, "user_profile": 11, "message": 101, "emoji_name": "tada"}],
    }  # fmt: skip
    path = directory / "zulip.tar.gz"
    with tarfile.open(path, "w:gz") as out:
        for name, document in (("messages-000001.json", messages), ("realm.json", realm), ("attachment.json", {})):
            data = json.dumps(document, indent=4).encode()
            entry = tarfile.TarInfo(f"zulip-export-x/{name}")
            entry.size = len(data)
            out.addfile(entry, BytesIO(data))
    return path


def mattermost(directory: Path) -> Path:
    """The bulk export's zip."""
    at = AT * 1000
    lines: list[dict[str, Any]] = [
        {"type": "version", "version": 1, "info": {"generator": "mattermost-server", "version": "9.0.0"}},
        {"type": "team", "team": {"name": "balcony", "display_name": "Balcony", "type": "O"}},
        {"type": "channel", "channel": {"team": "balcony", "name": "town-square", "display_name": "Town Square", "type": "O"}},
        {"type": "user", "user": {"username": "ann", "email": "a@x", "nickname": "Ann", "first_name": "", "last_name": "", "roles": "system_admin system_user"}},
        {"type": "user", "user": {"username": "bob", "email": "b@x", "nickname": "", "first_name": "Bob", "last_name": "Roe", "roles": "system_user"}},
        {"type": "post", "post": {"team": "balcony", "channel": "town-square", "user": "bob", "type": "", "message": "who waters @ann?", "props": {},
                                  "create_at": at + 60_000, "edit_at": 0, "reactions": [{"user": "ann", "create_at": at + 61_000, "emoji_name": "seedling"}],
                                  "replies": [{"user": "ann", "type": "", "message": "me", "create_at": at + 90_000, "edit_at": 0, "reactions": []}]}},
        {"type": "post", "post": {"team": "balcony", "channel": "town-square", "user": "bob", "type": "system_join_channel", "message": "bob joined the channel.",
                                  "props": {"username": "bob"}, "create_at": at, "edit_at": 0, "reactions": [], "replies": []}},
        {"type": "post", "post": {"team": "balcony", "channel": "town-square", "user": "ann", "type": "system_remove_from_channel", "message": "bob removed from the channel.",
                                  "props": {"removedUsername": "bob", "removedUserId": "u"}, "create_at": at + 200_000, "edit_at": 0, "reactions": [], "replies": []}},
        {"type": "direct_post", "direct_post": {"channel_members": ["ann", "bob"], "user": "ann", "message": "secret", "create_at": at, "reactions": [], "replies": []}},
    ]  # fmt: skip
    path = directory / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("import.jsonl", "\n".join(map(json.dumps, lines)) + "\n")
        out.writestr("data/picture.png", b"\x89PNG")
    return path


def wechat(directory: Path) -> Path:
    """MemoTrace's table of one group."""
    path = directory / "番茄群_utf8.csv"
    rows = [
        "localId,TalkerId,Type,SubType,IsSender,CreateTime,Status,StrContent,StrTime,Remark,NickName,Sender",
        f'1,3,10000,0,0,{AT},2,"""阿禾""邀请""小鱼""加入了群聊",2024-01-02 18:00:00,,,',
        f'2,3,1,0,0,{AT + 60},2,"周六谁浇水,',
        '@阿禾 ?",2024-01-02 18:01:00,,小鱼,wxid_fish',
        f"3,3,1,0,1,{AT + 90},2,我来,2024-01-02 18:01:30,,阿禾,wxid_he",
        f"4,3,3,0,0,{AT + 91},2,<msg><img/></msg>,2024-01-02 18:01:31,,小鱼,wxid_fish",
        f'5,3,10000,0,0,{AT + 92},2,"""小鱼""撤回了一条消息",2024-01-02 18:01:32,,,',
    ]
    path.write_text("\ufeff" + "\r\n".join(rows) + "\r\n", "utf-8")
    return path


def qq(directory: Path) -> Path:
    """The message manager's text of everything: a friend, and a group."""
    rule = "=" * 64
    lines = [
        "消息记录（此消息记录为文本格式，不支持重新导入）", "",
        rule, "消息分组:我的好友", rule, "消息对象:小明", rule, "",
        "2024-01-02 18:00:00 小明", "秘密", "", "",
        rule, "消息分组:我的QQ群", rule, "消息对象:番茄互助群", rule, "",
        "2024-01-02 18:00:00 系统消息(10000)", "小鱼(67890)加入本群。", "",
        "2024-01-02 18:01:00 小鱼(67890)", "周六谁浇水？", "================", "@阿禾", "",
        "2024-01-02 18:01:30 【群主】阿禾(12345)", "我来", "",
        "2024-01-02 18:01:30 【群主】阿禾(12345)", "我来", "",
        "2024-01-02 18:02:00 土豆<potato@example.com>", "[图片]", "",
        "2024-01-02 18:03:00 系统消息(10000)", "土豆被管理员移出本群", "",
    ]  # fmt: skip
    path = directory / "全部消息记录.txt"
    path.write_text("\ufeff" + "\r\n".join(lines), "utf-8")
    return path


def irc(directory: Path) -> Path:
    """A directory of irssi's logs."""
    folder = directory / "irclogs" / "libera"
    folder.mkdir(parents=True)
    lines = [
        "--- Log opened Tue Jan 02 23:58:00 2024",
        "23:58 -!- bob [~bob@host.example] has joined #balcony",
        "23:58 -!- Irssi: #balcony: Total of 2 nicks [1 ops, 0 halfops, 0 voices, 1 normal]",
        "23:59 < bob> ann: who waters?",
        "23:59 <@ann> me",
        "23:59  * ann smiles",
        "--- Day changed Wed Jan 03 2024",
        "00:01 -!- bob is now known as bob|away",
        "00:02 < bob|away> thanks",
        "00:03 -!- bob|away [~bob@host.example] has quit [Quit: night]",
        "--- Log closed Wed Jan 03 00:04:00 2024",
    ]
    (folder / "#balcony.log").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "ann.log").write_text("--- Log opened Tue Jan 02 23:58:00 2024\n23:58 <ann> secret\n", "utf-8")
    return folder


EXPORTS: Final[Mapping[str, Callable[[Path], Path]]] = {
    "slack": slack,
    "telegram": telegram,
    "discord": discord,
    "zulip": zulip,
    "mattermost": mattermost,
    "wechat": wechat,
    "qq": qq,
    "irc": irc,
}
