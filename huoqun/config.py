"""The configuration: one ``huoqun.toml``, every key with a default, ``HUOQUN_…`` variables on top, wrong keys refused."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from huoqun import kafka_config, notify_config, store_config
from huoqun.events import Coverage
from huoqun.kafka_config import Kafka
from huoqun.notify_config import Notify
from huoqun.store_config import Store

GroupKind = Literal["commerce", "interest", "fan", "learning"]
SourceKind = Literal[
    "canonical",
    "cloudevents",
    "dingtalk",
    "dingtalk_events",
    "feishu",
    "github_style",
    "matrix",
    "mattermost",
    "onebot11",
    "onebot12",
    "qqbot",
    "rocketchat",
    "slack",
    "telegram",
    "wecom",
    "wecom_archive",
    "wecom_bot",
    "zulip",
]
PublisherKind = Literal["aiokafka", "kafka-python"]

ENV_PREFIX: Final = "HUOQUN_"
DEFAULT_FILE: Final = "huoqun.toml"


class ConfigError(Exception):
    """The configuration can't be used; the message names the place and the mend, one line a problem."""


class _Section(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    pass


class Gateway(_Section, kw_only=True):
    """The webhook's door. ``max_body_bytes`` holds after decompression too; ``max_in_flight`` is events awaiting the broker."""

    host: str = "127.0.0.1"
    port: int = 8080
    max_body_bytes: int = 1024 * 1024
    max_in_flight: int = 20_000
    publish_timeout_seconds: float = 10.0
    request_timeout_seconds: float = 10.0
    tick_seconds: float = 0.5
    """Between two ticks into every partition, so the longest that an alert waits for its deadline to be seen; 0 turns this
    gateway's ticker off."""
    publisher: PublisherKind = "aiokafka"
    """The Kafka client behind the door: ``aiokafka`` is several times as fast, ``kafka-python`` the one to fall back to."""
    workers: int = 1
    """Processes that share the port, each on a core. Several have metrics of their own: at ``metrics_port``, the next, …"""
    spool_bytes: int = 256 * 1024 * 1024
    """Room on disk (below ``data_dir``/spool) for events while the broker is away; when it is full, 503 is answered. 0: none."""
    spool_after_seconds: float = 2.0
    """So long an event waits for the broker before it is kept on disk instead: platforms give up after three seconds or five."""
    report_seconds: float = 10.0
    """Between two reports of each process on its sources, for ``huoqun status`` and the alert of a silent source; 0: none."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9110


class Worker(_Section, kw_only=True):
    """The streams. A checkpoint is made after ``checkpoint_seconds`` or ``checkpoint_events``, whichever is first."""

    lateness_seconds: float = 120.0
    batch_records: int = 500
    checkpoint_seconds: float = 1.0
    checkpoint_events: int = 100_000
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9101
    watchdog_seconds: float = 30.0
    """No tick seen for this long means exit with status 1 and be restarted; 0 turns it off."""


class Streams(_Section, kw_only=True):
    """What the streams judge by. Weights are files written by the commands of ``training``; empty: those of the product."""

    answer_weights: str = ""
    """Which message answers which question (``python -m training.answers``)."""


class Sink(_Section, kw_only=True):
    """Batches into the store: flushed by rows, bytes or age. ``batch_rows`` 0 takes what suits the store."""

    batch_rows: int = 0
    batch_bytes: int = 16 * 1024 * 1024
    batch_seconds: float = 0.5
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 9102


class Desk(_Section, kw_only=True):
    """The operators' web page.

    ``token_env`` names the environment variable that holds who may come in: ``name:token,name:token``, or one token for all.
    Without it only this machine is let in. ``user_header`` is what a proxy in front tells who somebody is by; it is believed
    from ``proxies`` only (addresses or networks, separated by commas).
    """

    host: str = "127.0.0.1"
    port: int = 8090
    token_env: str = "HUOQUN_DESK_TOKENS"  # noqa: S105  # the name of a variable, not a token
    user_header: str = ""
    proxies: str = "127.0.0.1"


class Privacy(_Section, kw_only=True):
    """``store_text = false`` keeps message text out of the store (signals still see it as it passes)."""

    store_text: bool = True
    pseudonym_key_env: str = ""
    """Names the environment variable that holds a key: with one, people are called by pseudonyms from the gateway on. The
    gateway and the worker need it; see docs/privacy.md."""


class Retention(_Section, kw_only=True):
    """How many days rows are kept in the store, by event time; 0: for ever. A row goes with the next merge after that.

    ``[kafka] retention_days`` is that of the topics.
    """

    events_days: int = 0
    """Events, joins and leaves, conversions."""
    activity_days: int = 0
    """Activity by minute and hour, and who spoke on which day."""
    questions_days: int = 0
    alerts_days: int = 0
    """Alerts, what operators did about them, notices sent."""
    risk_days: int = 0
    """Each member's risk day by day; the latest stays with the member."""


class Deadlines(_Section, kw_only=True):
    """How long a message that wants an answer may wait, in minutes."""

    question_minutes: float = 10.0
    newcomer_minutes: float = 5.0
    cold_start_minutes: float = 5.0
    mention_minutes: float = 3.0
    escalate_factor: float = 3.0


class QuietHours(_Section, kw_only=True):
    """Local times of day, ``HH:MM``, between which deadlines stand still."""

    start: str = "23:00"
    end: str = "07:30"


class Campaign(_Section, kw_only=True):
    """A marked period of a group: whole days in its time zone, ``start`` and ``end`` included. A name may come again."""

    name: str
    start: date
    end: date


class Group(_Section, kw_only=True):
    """What is known of one group that its platform does not tell."""

    platform: str
    group_id: str
    kind: GroupKind = "interest"
    staff: list[str] = []
    bots: list[str] = []
    time_zone: str = "Asia/Shanghai"
    deadlines: Deadlines | None = None
    quiet_hours: QuietHours | None = None
    ends_on: date | None = None
    """The last day of what the group is for (a course, an event)."""
    goal_members: int = 0
    """So many members are the group's goal; 0: none. Likewise the next."""
    goal_conversions: int = 0
    campaigns: list[Campaign] = []
    check_in: str = ""
    """A regular expression, in any case, for messages that check in; left out: 打卡, 签到, "check in", "day 12" and such."""


class Source(_Section, kw_only=True):
    """One webhook: ``POST /webhooks/{name}`` for a platform, ``POST /v1/events`` for kind ``canonical``.

    ``secret_env`` names the environment variable that holds the signing secret. Without one, only this machine may post.
    """

    name: str
    kind: SourceKind
    secret_env: str = ""
    events_per_second: float = 0.0
    """The most that it may send on average; beyond that 429 is answered. 0: no limit."""
    account: str = ""
    """Who the deliveries are for, where a platform says so: a WeCom corp id, a DingTalk app key. Others are refused then."""
    coverage: Coverage = "full"
    silent_minutes: float | None = None
    """An alert is raised when nothing has come for so long; 0: never. Left out: by the rhythm that the source has shown."""


class Config(_Section, kw_only=True):
    """Everything. Every key has a default: an empty file, or none, runs the embedded stack on this machine."""

    data_dir: str = ".huoqun"
    kafka: Kafka = msgspec.field(default_factory=Kafka)
    gateway: Gateway = msgspec.field(default_factory=Gateway)
    worker: Worker = msgspec.field(default_factory=Worker)
    streams: Streams = msgspec.field(default_factory=Streams)
    store: Store = msgspec.field(default_factory=Store)
    sink: Sink = msgspec.field(default_factory=Sink)
    desk: Desk = msgspec.field(default_factory=Desk)
    notify: Notify = msgspec.field(default_factory=Notify)
    privacy: Privacy = msgspec.field(default_factory=Privacy)
    retention: Retention = msgspec.field(default_factory=Retention)
    deadlines: Deadlines = msgspec.field(default_factory=Deadlines)
    staff: list[str] = []
    """``platform/user_id`` of people who are staff in every group."""
    bots: list[str] = []
    """``platform/user_id`` of accounts run by software in every group."""
    groups: list[Group] = []
    sources: list[Source] = []

    def group(self, platform: str, group_id: str) -> Group:
        """Return the settings of one group: its own where configured, the defaults else."""
        for group in self.groups:
            if group.platform == platform and group.group_id == group_id:
                return group
        return Group(platform=platform, group_id=group_id)


def load(path: str | Path | None, environ: Mapping[str, str]) -> Config:
    """Read the configuration.

    ``path`` names a file that must exist; ``None`` takes ``huoqun.toml`` here if there is one. ``HUOQUN_KAFKA_BOOTSTRAP``
    overrides ``bootstrap`` in ``[kafka]``, and so on. Raises :class:`ConfigError` with every problem found.
    """
    file = Path(path) if path is not None else Path(DEFAULT_FILE)
    raw: dict[str, Any] = {}
    if path is not None or file.exists():
        try:
            raw = tomllib.loads(file.read_text("utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{file}: no such file") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: not TOML: {error}") from None
        except OSError as error:
            raise ConfigError(f"{file}: {error.strerror}") from None
    _override(raw, environ)
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {_explain(error)}") from None
    problems = list(_problems(config))
    if problems:
        raise ConfigError("\n".join(f"{file}: {p}" for p in problems))
    return config


def dump_env(config: Config) -> dict[str, str]:
    """Return the ``HUOQUN_…`` variables that make a process with the same file run with ``config``'s sections."""
    env: dict[str, str] = {f"{ENV_PREFIX}DATA_DIR": config.data_dir}
    for section in _SECTIONS:
        for name, value in msgspec.to_builtins(getattr(config, section)).items():
            if isinstance(value, list):
                continue  # in the file only
            text = str(value).lower() if isinstance(value, bool) else str(value)
            env[f"{ENV_PREFIX}{section}_{name}".upper()] = text
    return env


_SECTIONS: Final = (
    "kafka",
    "gateway",
    "worker",
    "streams",
    "store",
    "sink",
    "desk",
    "notify",
    "privacy",
    "retention",
    "deadlines",
)
_YEAR_MINUTES: Final = 365 * 24 * 60
_HOUR_SECONDS: Final = 3600
_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 2099
"""What the results can hold in any time zone."""
_NOT_SETTINGS: Final = (
    "CONFIG", "CLICKHOUSE_PASSWORD", "CLICKHOUSE_OWNER_PASSWORD", "CLICKHOUSE_WRITER_PASSWORD", "CLICKHOUSE_READER_PASSWORD",
    "DESK_TOKENS", "KAFKA_PASSWORD",
)  # fmt: skip


def _override(raw: dict[str, Any], environ: Mapping[str, str]) -> None:
    known: dict[str, tuple[str | None, str, Any]] = {f"{ENV_PREFIX}DATA_DIR": (None, "data_dir", str)}
    hints = get_type_hints(Config)
    for section in _SECTIONS:
        for name, hint in get_type_hints(hints[section]).items():
            if get_origin(hint) is list:
                continue
            known[f"{ENV_PREFIX}{section}_{name}".upper()] = (section, name, hint)
    sources, store = raw.get("sources"), raw.get("store")
    secrets = {s.get("secret_env") for s in sources if isinstance(s, dict)} if isinstance(sources, list) else set()
    secrets |= {section.get("password_env") for section in (store, raw.get("kafka")) if isinstance(section, dict)}
    secrets |= _of_channels(raw.get("notify"))
    desk = raw.get("desk")
    secrets.add(desk.get("token_env") if isinstance(desk, dict) else None)
    privacy = raw.get("privacy")
    secrets.add(privacy.get("pseudonym_key_env") if isinstance(privacy, dict) else None)
    secrets.add(environ.get(f"{ENV_PREFIX}PRIVACY_PSEUDONYM_KEY_ENV"))
    for variable, text in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable in secrets:
            continue
        if variable.removeprefix(ENV_PREFIX) in _NOT_SETTINGS or "_SECRET" in variable:
            continue
        if variable not in known:
            raise ConfigError(
                f"environment: {variable} overrides no setting; did you mean {_nearest(variable, known)}?"
            )
        place, name, hint = known[variable]
        target = raw if place is None else raw.setdefault(place, {})
        if isinstance(target, dict):
            target[name] = _from_text(variable, text, hint)


def _of_channels(notify: Any) -> set[Any]:
    """Return the variables that the channels of a raw ``[notify]`` take their addresses and secrets from."""
    channels = notify.get("channels") if isinstance(notify, dict) else None
    known = [each for each in channels if isinstance(each, dict)] if isinstance(channels, list) else []
    return {each.get(key) for each in known for key in ("url_env", "secret_env")}


def _from_text(variable: str, text: str, hint: Any) -> Any:
    if get_origin(hint) is Literal or hint is str:
        return text
    if hint is bool:
        if text.lower() in ("true", "1", "yes"):
            return True
        if text.lower() in ("false", "0", "no"):
            return False
        raise ConfigError(f"environment: {variable} must be true or false, not {text!r}")
    try:
        return int(text) if hint is int else float(text)
    except ValueError:
        raise ConfigError(f"environment: {variable} must be a number, not {text!r}") from None


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    import difflib  # noqa: PLC0415  # only ever needed to explain a mistake

    return (difflib.get_close_matches(name, list(known), n=1, cutoff=0.0) or ["none"])[0]


def _explain(error: msgspec.ValidationError) -> str:
    message, _, path = str(error).partition(" - at ")
    place = path.strip("`").removeprefix("$").lstrip(".") or "top level"
    if "unknown field" in message:
        wrong = message.rpartition("unknown field ")[2].strip("`")
        section = _section_at(place)
        allowed = ", ".join(sorted(get_type_hints(section))) if section is not None else "see the documentation"
        return f"{place}: unknown key {wrong!r}; allowed here: {allowed}"
    if "Invalid enum value" in message:
        section = _section_at(place.rpartition(".")[0] or "top level")
        name = place.rpartition(".")[2].partition("[")[0]
        hint = get_type_hints(section).get(name) if section is not None else None
        if get_origin(hint) is list:
            (hint,) = get_args(hint)
        if get_origin(hint) is Literal:
            return f"{place}: {message}; allowed: {', '.join(map(str, get_args(hint)))}"
    return f"{place}: {message}"


def _section_at(place: str) -> type | None:
    current: Any = Config
    if place == "top level":
        return Config
    for part in place.split("."):
        name = part.partition("[")[0]
        current = get_type_hints(current).get(name)
        options = [a for a in (current, *get_args(current)) if isinstance(a, type) and issubclass(a, msgspec.Struct)]
        if not options:
            return None
        current = options[0]
    return current if isinstance(current, type) else None


def _problems(config: Config) -> list[str]:
    problems = []
    positive = {
        "kafka.partitions": config.kafka.partitions,
        "kafka.replication": config.kafka.replication,
        "gateway.max_body_bytes": config.gateway.max_body_bytes,
        "gateway.max_in_flight": config.gateway.max_in_flight,
        "gateway.workers": config.gateway.workers,
        "gateway.spool_after_seconds": config.gateway.spool_after_seconds,
        "worker.batch_records": config.worker.batch_records,
        "worker.checkpoint_events": config.worker.checkpoint_events,
        "worker.checkpoint_seconds": config.worker.checkpoint_seconds,
        "sink.batch_bytes": config.sink.batch_bytes,
        "sink.batch_seconds": config.sink.batch_seconds,
        "deadlines.question_minutes": config.deadlines.question_minutes,
        "deadlines.escalate_factor": config.deadlines.escalate_factor,
    }
    problems += [f"{place}: must be above 0, is {value}" for place, value in positive.items() if value <= 0]
    problems += _desk_problems(config.desk)
    problems += kafka_config.problems(config.kafka)
    problems += store_config.problems(config.store)
    problems += notify_config.problems(config.notify, minutes_of_day)
    kept = msgspec.structs.asdict(config.retention)
    problems += [f"retention.{name}: must not be negative, is {days}" for name, days in kept.items() if days < 0]
    if config.gateway.spool_bytes < 0:
        problems.append(f"gateway.spool_bytes: must not be negative, is {config.gateway.spool_bytes}")
    if config.worker.lateness_seconds < 0:
        problems.append(f"worker.lateness_seconds: must not be negative, is {config.worker.lateness_seconds}")
    if config.sink.batch_rows < 0:
        problems.append(f"sink.batch_rows: must not be negative, is {config.sink.batch_rows}")
    if not 0 <= config.gateway.report_seconds <= _HOUR_SECONDS:
        problems.append(f"gateway.report_seconds: must be 0 to {_HOUR_SECONDS}, is {config.gateway.report_seconds}")
    problems += [
        f"sources[{number}].silent_minutes: must be 0 to {_YEAR_MINUTES}, is {source.silent_minutes}"
        for number, source in enumerate(config.sources)
        if source.silent_minutes is not None and not 0 <= source.silent_minutes <= _YEAR_MINUTES
    ]
    problems += [
        f"sources[{number}].events_per_second: must be 0 or above, is {source.events_per_second}"
        for number, source in enumerate(config.sources)
        if not 0 <= source.events_per_second < math.inf
    ]
    names = [s.name for s in config.sources]
    problems += [f"sources: the name {n!r} is used twice" for n in sorted({n for n in names if names.count(n) > 1})]
    keys = [(g.platform, g.group_id) for g in config.groups]
    problems += [f"groups: {p}/{g} is listed twice" for p, g in sorted({k for k in keys if keys.count(k) > 1})]
    for number, group in enumerate(config.groups):
        try:
            ZoneInfo(group.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            problems.append(f"groups[{number}].time_zone: {group.time_zone!r} is no time zone such as Asia/Shanghai")
        problems += _growth_problems(f"groups[{number}]", group)
        try:
            re.compile(group.check_in)
        except (re.error, RecursionError, OverflowError) as error:
            problems.append(f"groups[{number}].check_in: {group.check_in!r} is no regular expression: {error}")
        if group.quiet_hours is not None:
            problems += [
                f"groups[{number}].quiet_hours.{name}: {value!r} is no time of day such as 23:00"
                for name, value in (("start", group.quiet_hours.start), ("end", group.quiet_hours.end))
                if minutes_of_day(value) is None
            ]
    problems += [
        f"{place}: {entry!r} must be platform/user_id"
        for place, entries in (("staff", config.staff), ("bots", config.bots))
        for entry in entries
        if "/" not in entry
    ]
    return problems


def _growth_problems(place: str, group: Group) -> list[str]:
    problems = [
        f"{place}.{name}: must not be negative, is {goal}"
        for name, goal in (("goal_members", group.goal_members), ("goal_conversions", group.goal_conversions))
        if goal < 0
    ]
    days = [(f"{place}.ends_on", group.ends_on)]
    for number, campaign in enumerate(group.campaigns):
        where = f"{place}.campaigns[{number}]"
        days += [(f"{where}.start", campaign.start), (f"{where}.end", campaign.end)]
        if not campaign.name.strip():
            problems.append(f"{where}.name: must not be empty")
        if campaign.end < campaign.start:
            problems.append(f"{where}.end: {campaign.end} is before its start, {campaign.start}")
    problems += [
        f"{where}: {day} lies outside {_FIRST_YEAR} to {_LAST_YEAR}"
        for where, day in days
        if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR
    ]
    begun = [(campaign.name, campaign.start) for campaign in group.campaigns]
    problems += [
        f"{place}.campaigns: {name!r} of {start} is listed twice"
        for name, start in sorted({key for key in begun if begun.count(key) > 1})
    ]
    return problems


def midnight_of(day: date, time_zone: str) -> int:
    """Return when a day begins in a time zone (ms)."""
    return round(datetime.combine(day, time(), ZoneInfo(time_zone)).timestamp() * 1000)


def _desk_problems(desk: Desk) -> list[str]:
    try:
        proxies = [ip_network(each.strip(), strict=False) for each in desk.proxies.split(",") if each.strip()]
    except ValueError as error:
        return [f"desk.proxies: {error}"]
    if desk.user_header and not proxies:
        return ["desk.proxies: names nobody whose desk.user_header could be believed"]
    return []


def minutes_of_day(text: str) -> int | None:
    """Return ``HH:MM`` as minutes after midnight, ``None`` if it is no time of day."""
    hours, colon, minutes = text.partition(":")
    if not colon or not hours.isdecimal() or not minutes.isdecimal():
        return None
    value = int(hours) * 60 + int(minutes)
    return value if int(hours) < 24 and int(minutes) < 60 else None  # noqa: PLR2004
