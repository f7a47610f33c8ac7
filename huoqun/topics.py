"""The topics: their names, partitions and settings."""

from __future__ import annotations

from typing import Final

import msgspec

from huoqun.kafka_config import Kafka

EVENTS: Final = "events"
ACTIVITY: Final = "activity"
QUESTIONS: Final = "questions"
ALERTS: Final = "alerts"
MEMBERS: Final = "members"
GROUPS: Final = "groups"
ACTIONS: Final = "actions"
DELIVERIES: Final = "deliveries"
DEADLETTER: Final = "deadletter"
SOURCES: Final = "sources"

RESULT_TOPICS: Final = (ACTIVITY, QUESTIONS, ALERTS, MEMBERS, GROUPS, ACTIONS, DELIVERIES)
TOPIC_OF_RECORD: Final = {
    "activity": ACTIVITY,
    "question": QUESTIONS,
    "alert": ALERTS,
    "member": MEMBERS,
    "member_risk": MEMBERS,
    "group": GROUPS,
    "action": ACTIONS,
    "delivery": DELIVERIES,
}
"""Result record tag -> topic: members and their daily risk share one."""

_DAY_MS: Final = 86_400_000


class TopicSpec(msgspec.Struct, frozen=True):
    """A topic as it must be. ``settings`` are Kafka's own topic settings."""

    name: str
    partitions: int
    settings: dict[str, str]


def full_name(prefix: str, topic: str) -> str:
    """Return the topic's name on the broker, ``huoqun.events`` with the default prefix."""
    return f"{prefix}.{topic}"


def state_topic(prefix: str) -> str:
    """Return the name of the changelog that holds the streams' state (a Faust table's, hence its form)."""
    return f"{prefix}-streams-state-changelog"


def streams_group(prefix: str) -> str:
    """Return the consumer group of the workers (the Faust application's id, which also names the state topic)."""
    return f"{prefix}-streams"


def sink_group(prefix: str) -> str:
    """Return the consumer group of the sinks."""
    return f"{prefix}-sink"


def notify_group(prefix: str) -> str:
    """Return the consumer group of the notifiers: of several, the one that has the partition sends."""
    return f"{prefix}-notify"


def specs(
    prefix: str, partitions: int, *, events_days: float = 30.0, results_days: float = 7.0
) -> tuple[TopicSpec, ...]:
    """Return every topic of the product. The events, results and state have one partition count: state moves with them."""
    long = {"retention.ms": str(round(events_days * _DAY_MS))}
    short = {"retention.ms": str(round(results_days * _DAY_MS))}
    # What is not compacted yet is read by every recovery: the broker's own segments of 1 GiB would be most of it. And what was
    # saved of somebody who is erased is gone when it is compacted, so that has a bound too.
    compacted = {
        "cleanup.policy": "compact",
        "segment.bytes": str(64 * 1024 * 1024),
        "min.cleanable.dirty.ratio": "0.2",
        "max.compaction.lag.ms": str(_DAY_MS),
    }
    unmade = {"cleanup.policy": "compact,delete", "max.compaction.lag.ms": str(_DAY_MS)}  # letters of who is erased
    return (
        TopicSpec(full_name(prefix, EVENTS), partitions, long),
        *(TopicSpec(full_name(prefix, t), partitions, short) for t in RESULT_TOPICS if t != DELIVERIES),
        TopicSpec(full_name(prefix, DELIVERIES), 1, long),  # one partition: who has it is the one who sends
        TopicSpec(full_name(prefix, DEADLETTER), 1, long | unmade),
        TopicSpec(full_name(prefix, SOURCES), 1, {"retention.ms": str(7 * _DAY_MS)}),
        TopicSpec(state_topic(prefix), partitions, compacted),
    )


def specs_of(kafka: Kafka) -> tuple[TopicSpec, ...]:
    """Return every topic as it is configured."""
    return specs(
        kafka.topic_prefix,
        kafka.partitions,
        events_days=kafka.retention_days,
        results_days=kafka.result_retention_days,
    )
