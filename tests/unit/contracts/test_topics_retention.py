"""How long topics are kept follows from the configuration."""

import msgspec

from huoqun import kafka_config, topics
from huoqun.kafka_config import Kafka

DAY = 86_400_000


def settings(kafka: Kafka) -> dict[str, dict[str, str]]:
    return {spec.name.removeprefix("huoqun."): spec.settings for spec in topics.specs_of(kafka)}


def test_what_people_wrote_is_kept_for_thirty_days_at_most_unless_asked_otherwise() -> None:
    kept = [s["retention.ms"] for s in settings(Kafka()).values() if "retention.ms" in s]
    assert max(map(int, kept)) == 30 * DAY
    shorter = settings(Kafka(retention_days=3, result_retention_days=0.5))
    assert shorter[topics.EVENTS]["retention.ms"] == shorter[topics.DEADLETTER]["retention.ms"] == str(3 * DAY)
    assert shorter[topics.MEMBERS]["retention.ms"] == str(DAY // 2)


def test_what_is_replaced_or_unmade_is_gone_within_a_day() -> None:
    found = settings(Kafka())
    replaced = {name: s for name, s in found.items() if "compact" in s.get("cleanup.policy", "")}
    assert set(replaced) == {topics.DEADLETTER, "huoqun-streams-state-changelog"}
    assert {s["max.compaction.lag.ms"] for s in replaced.values()} == {str(DAY)}
    assert "delete" in found[topics.DEADLETTER]["cleanup.policy"]


def test_no_time_at_all_is_refused() -> None:
    wrong = msgspec.structs.replace(Kafka(), retention_days=0.0)
    assert kafka_config.problems(wrong) == ["kafka.retention_days: must be more than 0, not 0"]
