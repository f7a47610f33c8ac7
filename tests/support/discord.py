"""What Discord's gateway dispatches, after https://docs.discord.com/developers/events/gateway-events and resources/message."""

from datetime import UTC, datetime
from typing import Any

from tests.support.specimens.base import NOW

EPOCH_MS = 1_420_070_400_000


def snowflake(at_ms: int, more: int = 0) -> str:
    """Return a number as Discord gives at that time."""
    return str(((at_ms - EPOCH_MS) << 22) + more)


SERVER = snowflake(NOW - 10**10)
EVERYBODY = SERVER
MODERATOR_ROLE, FAN_ROLE = snowflake(NOW - 10**9, 1), snowflake(NOW - 10**9, 2)
GENERAL, HELP, THREAD, POST = (snowflake(NOW - 10**8, n) for n in range(4))
OWNER, ADA, MEI, BOT = (snowflake(NOW - 10**9, n) for n in range(10, 14))
ASKED = snowflake(NOW - 60_000)

PEOPLE: dict[str, dict[str, Any]] = {
    OWNER: {"id": OWNER, "username": "olive", "discriminator": "0", "global_name": "Olive", "avatar": None},
    ADA: {"id": ADA, "username": "ada", "discriminator": "0", "global_name": "Ada L", "avatar": None},
    MEI: {"id": MEI, "username": "mei", "discriminator": "0", "global_name": None, "avatar": None},
    BOT: {"id": BOT, "username": "helper", "discriminator": "1234", "global_name": None, "avatar": None, "bot": True},
}


def role(number: str, name: str, permissions: int) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": str(permissions),
        "managed": False,
        "mentionable": True,
        "flags": 0,
    }


def channel(number: str, name: str, kind: int = 0, **fields: Any) -> dict[str, Any]:
    base = {"id": number, "type": kind, "name": name, "position": 0, "permission_overwrites": [], "parent_id": None}
    return base | {"guild_id": SERVER, "nsfw": False, "topic": None, "flags": 0, "rate_limit_per_user": 0} | fields


def thread(number: str = THREAD, name: str = "tomatoes", parent: str = HELP) -> dict[str, Any]:
    about = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": iso(NOW - 1000), "locked": False}
    return {
        "id": number,
        "type": 11,
        "guild_id": SERVER,
        "parent_id": parent,
        "owner_id": ADA,
        "name": name,
        "message_count": 1,
        "member_count": 1,
        "rate_limit_per_user": 0,
        "thread_metadata": about,
        "flags": 0,
    }


def server(**fields: Any) -> dict[str, Any]:
    """Return GUILD_CREATE's data."""
    roles = [
        role(EVERYBODY, "@everyone", 1 << 10 | 1 << 11),
        role(MODERATOR_ROLE, "moderators", 1 << 13),
        role(FAN_ROLE, "fans", 1 << 10),
    ]
    return {
        "id": SERVER,
        "name": "Garden",
        "icon": None,
        "owner_id": OWNER,
        "roles": roles,
        "emojis": [],
        "features": [],
        "mfa_level": 0,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "afk_timeout": 300,
        "premium_tier": 0,
        "nsfw_level": 0,
        "preferred_locale": "en-US",
        "joined_at": iso(NOW - 10**9),
        "large": False,
        "unavailable": False,
        "member_count": 41,
        "voice_states": [],
        "members": [],
        "channels": [channel(GENERAL, "general"), channel(HELP, "help")],
        "threads": [thread()],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "stickers": [],
        "soundboard_sounds": [],
        **fields,
    }


def iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="microseconds")


def member(*roles: str, nick: str | None = None, joined: int = NOW - 10**9) -> dict[str, Any]:
    """Return what comes with a message of a member: without the user."""
    return {
        "roles": list(roles),
        "nick": nick,
        "joined_at": iso(joined),
        "deaf": False,
        "mute": False,
        "flags": 0,
        "avatar": None,
        "pending": False,
    }


def message(content: str = "why are the leaves yellow?", author: str = ADA, **fields: Any) -> dict[str, Any]:
    """Return MESSAGE_CREATE's data."""
    return {
        "id": ASKED,
        "type": 0,
        "guild_id": SERVER,
        "channel_id": HELP,
        "author": PEOPLE[author],
        "member": member(),
        "content": content,
        "timestamp": iso(NOW - 60_000),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "flags": 0,
        "components": [],
        **fields,
    }


def mentioned(user: str, nick: str | None = None) -> dict[str, Any]:
    return PEOPLE[user] | {"member": member(nick=nick)}
