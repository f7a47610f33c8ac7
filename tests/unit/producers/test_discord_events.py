"""What Discord's gateway dispatches, read beside discord.py: the same payloads, its objects and our events."""

import json
from typing import Any

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huoqun.events import Event, Refused, read_event
from producers.discord.events import Reader
from producers.sources.base import Ignored
from tests.support.discord import (
    ADA,
    ASKED,
    BOT,
    EVERYBODY,
    FAN_ROLE,
    GENERAL,
    HELP,
    MEI,
    MODERATOR_ROLE,
    OWNER,
    PEOPLE,
    POST,
    SERVER,
    THREAD,
    channel,
    iso,
    member,
    mentioned,
    message,
    role,
    server,
    snowflake,
    thread,
)
from tests.support.specimens.base import NOW

KEY = f"{SERVER}:{ASKED}"
LATER = snowflake(NOW - 30_000)


def a_reader(**settings: Any) -> Reader:
    reader = Reader(**settings)
    reader.read("GUILD_CREATE", server(), NOW)
    return reader


def read_all(kind: str, data: Any, reader: Reader | None = None, at: int = NOW) -> list[Event]:
    found = (reader or a_reader()).read(kind, data, at)
    assert isinstance(found, list), found
    events = [read_event(json.loads(json.dumps(each)), received_at=NOW, source="discord") for each in found]
    assert all(isinstance(event, Event) for event in events), events
    return events  # type: ignore[return-value]


def read(kind: str, data: Any, reader: Reader | None = None, at: int = NOW) -> Event:
    return read_all(kind, data, reader, at)[0]


def test_a_message() -> None:
    assert read("MESSAGE_CREATE", message()) == Event(
        id=KEY,
        type="message",
        ts=NOW - 60_000,
        platform="discord",
        group_id=SERVER,
        group_name="Garden",
        user_id=ADA,
        user_name="Ada L",
        text="why are the leaves yellow?",
        received_at=NOW,
        source="discord",
        extra={"channel_id": HELP},
    )


def reply(**fields: Any) -> dict[str, Any]:
    reference = {"type": 0, "message_id": ASKED, "channel_id": HELP, "guild_id": SERVER}
    return message("too much water", MEI, id=LATER, type=19, message_reference=reference, **fields)


def test_a_reply_names_what_it_answers() -> None:
    assert read("MESSAGE_CREATE", reply(mentions=[mentioned(ADA)])).reply_to == KEY
    assert read("MESSAGE_CREATE", reply(mentions=[mentioned(ADA)])).mentions == [ADA]


def test_a_message_that_is_forwarded_answers_nothing_and_shows_what_it_forwards() -> None:
    reference = {"type": 1, "message_id": ASKED, "channel_id": HELP, "guild_id": SERVER}
    snapshots = [
        {"message": {"type": 0, "content": "an old question", "attachments": [], "embeds": [], "mentions": []}}
    ]
    found = read("MESSAGE_CREATE", message("", message_reference=reference, message_snapshots=snapshots))
    assert (found.reply_to, found.text) == ("", "an old question")


def test_what_stands_in_a_thread_belongs_to_it_and_answers_its_beginning() -> None:
    found = read("MESSAGE_CREATE", message(channel_id=THREAD))
    assert (found.group_id, found.thread_id, found.reply_to) == (SERVER, f"{SERVER}:{THREAD}", f"{SERVER}:{THREAD}")
    answered = read("MESSAGE_CREATE", reply(channel_id=THREAD))
    assert (answered.thread_id, answered.reply_to) == (f"{SERVER}:{THREAD}", KEY)
    first = read("MESSAGE_CREATE", message(id=THREAD, channel_id=THREAD))
    assert (first.id, first.thread_id, first.reply_to) == (f"{SERVER}:{THREAD}", f"{SERVER}:{THREAD}", "")


@pytest.mark.parametrize("kind", ["THREAD_CREATE", "THREAD_UPDATE", "THREAD_LIST_SYNC"])
def test_threads_are_learned_as_they_appear_and_forgotten(kind: str) -> None:
    reader = a_reader()
    new = thread(POST, "the market", GENERAL)
    data = {"guild_id": SERVER, "threads": [new]} if kind == "THREAD_LIST_SYNC" else new
    assert reader.read(kind, data, NOW) == Ignored("learned")
    assert read("MESSAGE_CREATE", message(channel_id=POST), reader).thread_id == f"{SERVER}:{POST}"
    reader.read("THREAD_DELETE", {"id": POST, "guild_id": SERVER, "parent_id": GENERAL, "type": 11}, NOW)
    assert read("MESSAGE_CREATE", message(channel_id=POST), reader).thread_id == ""


def test_a_channel_may_be_a_group_and_then_members_belong_to_one_that_says_so() -> None:
    reader = a_reader(groups="channel")
    found = read("MESSAGE_CREATE", message(channel_id=THREAD), reader)
    assert (found.group_id, found.group_name, found.id) == (HELP, "Garden #help", f"{HELP}:{ASKED}")
    assert found.thread_id == f"{HELP}:{THREAD}"
    joined = read("GUILD_MEMBER_ADD", member() | {"guild_id": SERVER, "user": PEOPLE[MEI]}, reader)
    assert (joined.group_id, joined.coverage) == (SERVER, "membership")
    (count,) = read_all("GUILD_CREATE", server(), reader)
    assert (count.type, count.count, count.coverage) == ("member_count", 41, "membership")


def test_codes_in_a_text_become_what_a_client_shows() -> None:
    text = f"<@{ADA}> <@!{MEI}> <@{BOT}> <@&{MODERATOR_ROLE}> <@&1> <#{HELP}> <#1> <:leaf:1> <a:sun:2> </ask me:3> <b> 1 < 2"
    found = read("MESSAGE_CREATE", message(text, mentions=[mentioned(ADA), mentioned(MEI, "小满")]))
    shown = f"@Ada L @小满 @{BOT} @moderators @role #help #channel :leaf: :sun: /ask me <b> 1 < 2"
    assert (found.text, found.mentions) == (shown, [ADA, MEI])


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"attachments": [{"id": "1", "filename": "leaf.jpg"}]}, "[file] leaf.jpg"),
        ({"sticker_items": [{"id": "1", "name": "wave", "format_type": 1}]}, "[sticker] wave"),
        ({"poll": {"question": {"text": "tea?"}}}, "[poll] tea?"),
        ({"embeds": [{"title": "build", "description": "red"}, {"title": 5}]}, "build\nred"),
        ({}, ""),
    ],
)
def test_what_is_no_text_is_shown_in_words(fields: dict[str, Any], text: str) -> None:
    assert read("MESSAGE_CREATE", message("", **fields)).text == text


def test_whoever_calls_everybody_is_marked() -> None:
    assert read("MESSAGE_CREATE", message("@everyone", mention_everyone=True)).extra["at_all"] is True


def test_bots_and_webhooks_are_bots() -> None:
    assert read("MESSAGE_CREATE", message(author=BOT)).is_bot
    hook = message(webhook_id="77") | {"author": {"id": "77", "username": "ci", "discriminator": "0000"}}
    assert (read("MESSAGE_CREATE", hook).user_id, read("MESSAGE_CREATE", hook).is_bot) == ("77", True)
    assert not read("MESSAGE_CREATE", message()).is_bot


def test_staff_are_the_owner_and_those_whose_roles_let_them_moderate() -> None:
    reader = a_reader()

    def staff(*roles: str, author: str = ADA) -> bool:
        return read("MESSAGE_CREATE", message(author=author, member=member(*roles)), reader).is_staff

    assert [staff(), staff(FAN_ROLE), staff(FAN_ROLE, MODERATOR_ROLE), staff(author=OWNER)] == [
        False,
        False,
        True,
        True,
    ]
    reader.read("GUILD_ROLE_UPDATE", {"guild_id": SERVER, "role": role(FAN_ROLE, "fans", 1 << 40)}, NOW)
    assert staff(FAN_ROLE)
    reader.read("GUILD_ROLE_DELETE", {"guild_id": SERVER, "role_id": MODERATOR_ROLE}, NOW)
    assert not staff(MODERATOR_ROLE)
    reader.read("GUILD_UPDATE", server(owner_id=ADA, name="The Garden"), NOW)
    assert staff()
    assert read("MESSAGE_CREATE", message(), reader).group_name == "The Garden"


def test_a_join_is_one_however_often_it_is_told() -> None:
    joined = member(joined=NOW - 5000) | {"guild_id": SERVER, "user": PEOPLE[MEI]}
    found = read("GUILD_MEMBER_ADD", joined)
    assert (found.type, found.user_id, found.user_name, found.ts) == ("join", MEI, "mei", NOW - 5000)
    assert read("GUILD_MEMBER_ADD", joined, at=NOW + 60_000).id == found.id


def test_without_the_intent_joins_are_read_from_their_messages() -> None:
    welcome = message("", MEI, type=7)
    assert a_reader().read("MESSAGE_CREATE", welcome, NOW) == Ignored("system_message")
    found = read("MESSAGE_CREATE", welcome, a_reader(members=False))
    assert (found.type, found.user_id, found.ts) == ("join", MEI, NOW - 60_000)


def test_a_leave_after_a_ban_is_one() -> None:
    gone = {"guild_id": SERVER, "user": PEOPLE[MEI]}
    assert (read("GUILD_MEMBER_REMOVE", gone).type, read("GUILD_MEMBER_REMOVE", gone).reason) == ("leave", "unknown")
    reader = a_reader()
    assert reader.read("GUILD_BAN_ADD", gone, NOW) == Ignored("learned")
    assert read("GUILD_MEMBER_REMOVE", gone, reader, NOW + 500).reason == "banned"
    reader.read("GUILD_BAN_ADD", gone, NOW)
    assert read("GUILD_MEMBER_REMOVE", gone, reader, NOW + 60_000).reason == "unknown"


def test_a_member_who_is_called_differently_or_made_staff_is_renamed_once() -> None:
    reader = a_reader()
    read("MESSAGE_CREATE", message(), reader)
    same = member() | {"guild_id": SERVER, "user": PEOPLE[ADA]}
    assert reader.read("GUILD_MEMBER_UPDATE", same, NOW) == Ignored("unchanged")
    found = read("GUILD_MEMBER_UPDATE", same | {"nick": "小满"}, reader)
    assert (found.type, found.user_name, found.is_staff) == ("rename", "小满", False)
    assert reader.read("GUILD_MEMBER_UPDATE", same | {"nick": "小满"}, NOW) == Ignored("unchanged")
    assert read("GUILD_MEMBER_UPDATE", same | {"nick": "小满", "roles": [MODERATOR_ROLE]}, reader).is_staff


def test_an_edit_is_one_however_often_discord_touches_the_message() -> None:
    edited = message("why are the leaves *yellow*?", edited_timestamp=iso(NOW - 20_000))
    found = read("MESSAGE_UPDATE", edited)
    assert (found.type, found.reply_to, found.ts) == ("edit", KEY, NOW - 20_000)
    assert read("MESSAGE_UPDATE", edited | {"pinned": True}, at=NOW + 9).id == found.id
    assert a_reader().read("MESSAGE_UPDATE", message(embeds=[{"title": "x"}]), NOW) == Ignored("unchanged")
    partial = {"id": ASKED, "channel_id": HELP, "guild_id": SERVER, "edited_timestamp": iso(NOW)}
    assert a_reader().read("MESSAGE_UPDATE", partial, NOW) == Ignored("unchanged")


def test_deletes_are_told_of_messages_whose_author_is_remembered() -> None:
    reader = a_reader()
    read("MESSAGE_CREATE", message(), reader)
    read("MESSAGE_CREATE", message(id=LATER, author=BOT), reader)
    found = read("MESSAGE_DELETE", {"id": ASKED, "channel_id": HELP, "guild_id": SERVER}, reader)
    assert (found.type, found.reply_to, found.user_id, found.id) == ("delete", KEY, ADA, f"{KEY}:d")
    bulk = {"ids": [ASKED, LATER, "1"], "channel_id": HELP, "guild_id": SERVER}
    assert [(e.user_id, e.is_bot) for e in read_all("MESSAGE_DELETE_BULK", bulk, reader)] == [(BOT, True)]
    assert reader.read("MESSAGE_DELETE_BULK", bulk, NOW) == Ignored("deleted_long_after")


def test_a_reaction_points_at_the_message() -> None:
    data = {
        "user_id": MEI,
        "channel_id": HELP,
        "message_id": ASKED,
        "guild_id": SERVER,
        "member": member() | {"user": PEOPLE[MEI]},
        "emoji": {"id": None, "name": "🍅"},
        "message_author_id": ADA,
        "burst": False,
        "type": 0,
    }
    found = read("MESSAGE_REACTION_ADD", data)
    assert (found.type, found.reply_to, found.user_id, found.user_name) == ("reaction", KEY, MEI, "mei")
    assert found.extra == {"channel_id": HELP, "emoji": "🍅"}
    assert read("MESSAGE_REACTION_ADD", data, at=NOW + 1).id == found.id


def test_a_server_says_how_many_members_it_has() -> None:
    (found,) = read_all("GUILD_CREATE", server(), Reader())
    assert (found.type, found.count, found.ts, found.group_name) == ("member_count", 41, NOW, "Garden")
    assert Reader().read("GUILD_CREATE", {"id": SERVER, "unavailable": True}, NOW) == Ignored("unavailable")


def test_a_server_that_is_left_is_forgotten_and_one_that_is_away_is_not() -> None:
    reader = a_reader()
    reader.read("GUILD_DELETE", {"id": SERVER, "unavailable": True}, NOW)
    assert read("MESSAGE_CREATE", message(), reader).group_name == "Garden"
    reader.read("GUILD_DELETE", {"id": SERVER}, NOW)
    assert read("MESSAGE_CREATE", message(), reader).group_name == ""


@pytest.mark.parametrize(
    ("kind", "data", "what"),
    [
        ("MESSAGE_CREATE", message(guild_id=None), "private"),
        ("MESSAGE_CREATE", message(type=8), "system_message"),
        ("MESSAGE_CREATE", message(type="new"), "unknown"),
        ("MESSAGE_CREATE", message(id=None), "malformed"),
        ("MESSAGE_CREATE", message(author=OWNER) | {"author": None}, "malformed"),
        ("MESSAGE_REACTION_ADD", {"guild_id": SERVER}, "malformed"),
        ("GUILD_MEMBER_ADD", {"guild_id": SERVER}, "malformed"),
        ("GUILD_MEMBER_REMOVE", {"guild_id": SERVER}, "malformed"),
        ("GUILD_MEMBER_UPDATE", {"guild_id": SERVER}, "malformed"),
        ("CHANNEL_CREATE", channel(POST, "new"), "learned"),
        ("TYPING_START", {"guild_id": SERVER}, "unknown"),
        ("MESSAGE_CREATE", ["no object"], "unknown"),
    ],
)
def test_what_is_no_event_is_ignored_by_name(kind: str, data: Any, what: str) -> None:
    assert a_reader().read(kind, data, NOW) == Ignored(what)


def test_what_is_remembered_is_bounded() -> None:
    reader = a_reader()
    reader._authors._most = 50
    for number in range(60):
        reader.read("MESSAGE_CREATE", message(id=str(number + 1)), NOW)
    assert len(reader._authors._held) == 50
    old = {"id": "5", "channel_id": HELP, "guild_id": SERVER}
    assert reader.read("MESSAGE_DELETE", old, NOW) == Ignored("deleted_long_after")
    assert read("MESSAGE_DELETE", old | {"id": "50"}, reader).type == "delete"


SAMPLES: dict[str, Any] = {
    "GUILD_CREATE": server(),
    "MESSAGE_CREATE": reply(mentions=[mentioned(ADA)], mention_everyone=True),
    "MESSAGE_UPDATE": message(edited_timestamp=iso(NOW)),
    "MESSAGE_DELETE_BULK": {"ids": [ASKED], "channel_id": HELP, "guild_id": SERVER},
    "GUILD_MEMBER_ADD": member() | {"guild_id": SERVER, "user": PEOPLE[MEI]},
    "GUILD_MEMBER_UPDATE": member(MODERATOR_ROLE) | {"guild_id": SERVER, "user": PEOPLE[MEI]},
    "GUILD_ROLE_CREATE": {"guild_id": SERVER, "role": role(FAN_ROLE, "fans", 8)},
    "MESSAGE_REACTION_ADD": {
        "user_id": MEI,
        "channel_id": HELP,
        "message_id": ASKED,
        "guild_id": SERVER,
        "emoji": {"name": "x"},
        "type": 0,
    },
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda i: st.lists(i, max_size=3) | st.dictionaries(st.text(max_size=5), i, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_nonsense_never_raises(data: st.DataObject) -> None:
    reader = a_reader()
    reader.read("MESSAGE_CREATE", message(), NOW)
    kind = data.draw(st.sampled_from(sorted(SAMPLES)))
    names = data.draw(st.lists(st.sampled_from(sorted(SAMPLES[kind])), max_size=4))
    payload = SAMPLES[kind] | {name: data.draw(VALUES) for name in names}
    found = reader.read(kind, payload, NOW)
    for event in found if isinstance(found, list) else []:
        assert isinstance(read_event(event, received_at=NOW, source="x"), Event | Refused)


# discord.py, fed with the same.


class Judge(discord.Client):
    """A client that is never connected: what its parsers make of a payload is kept."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.all(), chunk_guilds_at_startup=False)
        self.heard: list[tuple[str, tuple[Any, ...]]] = []
        self.feed("GUILD_CREATE", server())

    def dispatch(self, event: str, /, *args: Any, **_: Any) -> None:
        self.heard.append((event, args))

    def feed(self, kind: str, data: Any) -> list[tuple[str, tuple[Any, ...]]]:
        self.heard = []
        self._connection.parsers[kind](json.loads(json.dumps(data)))
        return self.heard

    def message(self, data: Any) -> discord.Message:
        (found,) = [args[0] for event, args in self.feed("MESSAGE_CREATE", data) if event == "message"]
        assert isinstance(found, discord.Message)
        return found


@pytest.fixture
def judge() -> Judge:
    return Judge()


MESSAGES = {
    "plain": message(),
    "reply": reply(mentions=[mentioned(ADA)]),
    "mentions": message(f"<@{ADA}> <@{MEI}> <#{HELP}>", mentions=[mentioned(ADA), mentioned(MEI, "小满")]),
    "role": message(f"<@&{MODERATOR_ROLE}> help", mention_roles=[MODERATOR_ROLE]),
    "thread": message(channel_id=THREAD),
    "bot": message(author=BOT),
    "nick": message(member=member(nick="阿禾")),
    "moderator": message(member=member(FAN_ROLE, MODERATOR_ROLE)),
    "owner": message(author=OWNER),
    "everyone": message("@everyone", mention_everyone=True),
}


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_messages_are_read_as_discord_py_reads_them(judge: Judge, name: str) -> None:
    theirs, ours = judge.message(MESSAGES[name]), read("MESSAGE_CREATE", MESSAGES[name])
    assert theirs.guild is not None
    assert (ours.group_id, ours.group_name) == (str(theirs.guild.id), theirs.guild.name)
    assert ours.id == f"{theirs.guild.id}:{theirs.id}"
    assert ours.ts == round(theirs.created_at.timestamp() * 1000)
    assert (ours.user_id, ours.user_name, ours.is_bot) == (
        str(theirs.author.id),
        theirs.author.display_name,
        theirs.author.bot,
    )
    assert ours.text == theirs.clean_content.replace("\u200b", "")
    assert ours.mentions == [str(user.id) for user in theirs.mentions]
    assert ours.extra.get("at_all", False) is theirs.mention_everyone
    in_thread = isinstance(theirs.channel, discord.Thread)
    assert ours.thread_id == (f"{theirs.guild.id}:{theirs.channel.id}" if in_thread else "")
    if theirs.reference is not None:
        assert ours.reply_to == f"{theirs.guild.id}:{theirs.reference.message_id}"
    assert isinstance(theirs.author, discord.Member)
    may = theirs.author.guild_permissions
    assert ours.is_staff is (may.manage_messages or may.administrator or may.kick_members or may.ban_members)


@pytest.mark.parametrize("permissions", [0, *(1 << bit for bit in range(51))])
def test_each_permission_makes_staff_or_does_not_as_discord_py_names_it(permissions: int) -> None:
    names = "administrator ban_members kick_members manage_guild manage_messages moderate_members"
    expected = any(getattr(discord.Permissions(permissions), name) for name in names.split())
    reader = Reader()
    reader.read("GUILD_CREATE", server(roles=[role(EVERYBODY, "@everyone", 0), role(FAN_ROLE, "x", permissions)]), NOW)
    assert read("MESSAGE_CREATE", message(member=member(FAN_ROLE)), reader).is_staff is expected


def test_members_are_read_as_discord_py_reads_them(judge: Judge) -> None:
    data = member(nick="阿禾", joined=NOW - 5000) | {"guild_id": SERVER, "user": PEOPLE[MEI]}
    (theirs,) = [args[0] for event, args in judge.feed("GUILD_MEMBER_ADD", data) if event == "member_join"]
    ours = read("GUILD_MEMBER_ADD", data)
    assert (ours.user_id, ours.user_name) == (str(theirs.id), theirs.display_name)
    assert ours.ts == round(theirs.joined_at.timestamp() * 1000)
    (gone,) = [args[0] for event, args in judge.feed("GUILD_MEMBER_REMOVE", data) if event == "raw_member_remove"]
    left = read("GUILD_MEMBER_REMOVE", data)
    assert (left.user_id, left.group_id) == (str(gone.user.id), str(gone.guild_id))


def test_what_changes_a_message_is_read_as_discord_py_reads_it(judge: Judge) -> None:
    judge.message(message())
    edited = message("yellow leaves?", edited_timestamp=iso(NOW - 20_000))
    (raw,) = [args[0] for event, args in judge.feed("MESSAGE_UPDATE", edited) if event == "raw_message_edit"]
    ours = read("MESSAGE_UPDATE", edited)
    assert ours.reply_to == f"{raw.guild_id}:{raw.message_id}"
    assert ours.ts == round(raw.message.edited_at.timestamp() * 1000)
    bulk = {"ids": [ASKED], "channel_id": HELP, "guild_id": SERVER}
    (deleted,) = [a[0] for e, a in judge.feed("MESSAGE_DELETE_BULK", bulk) if e == "raw_bulk_message_delete"]
    reader = a_reader()
    read("MESSAGE_CREATE", message(), reader)
    gone = read_all("MESSAGE_DELETE_BULK", bulk, reader)
    assert {e.reply_to for e in gone} == {f"{deleted.guild_id}:{number}" for number in deleted.message_ids}
    data = SAMPLES["MESSAGE_REACTION_ADD"] | {
        "member": member() | {"user": PEOPLE[MEI]},
        "emoji": {"id": None, "name": "🍅"},
    }
    (theirs,) = [args[0] for event, args in judge.feed("MESSAGE_REACTION_ADD", data) if event == "raw_reaction_add"]
    reaction = read("MESSAGE_REACTION_ADD", data)
    assert (reaction.user_id, reaction.reply_to) == (str(theirs.user_id), f"{theirs.guild_id}:{theirs.message_id}")
    assert reaction.extra["emoji"] == str(theirs.emoji)
