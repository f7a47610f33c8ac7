"""The campaigns that are configured, as rows: questions to the store cannot read the configuration."""

from __future__ import annotations

from datetime import timedelta

from huoqun.clock import now_ms
from huoqun.config import Config, midnight_of
from sinks.sql import quoted
from sinks.store import Store
from sinks.tables import CAMPAIGNS


def register(store: Store, config: Config) -> None:
    """Bring the store's campaigns to what is configured now; those that are not any more are marked as deleted."""
    version = now_ms()
    rows = [
        (
            group.platform,
            group.group_id,
            campaign.name,
            midnight_of(campaign.start, group.time_zone),
            midnight_of(campaign.end + timedelta(days=1), group.time_zone),
            version + 1,
            0,
        )
        for group in config.groups
        for campaign in group.campaigns
    ]
    if rows:
        store.insert(CAMPAIGNS, [list(column) for column in zip(*rows, strict=True)])
    where, names = quoted(config.store.database), ", ".join(CAMPAIGNS.names[:-2])
    store.execute(
        f"INSERT INTO {where}.{CAMPAIGNS.storage} ({names}, version, deleted) "  # noqa: S608  # names of ours
        f"SELECT {names}, {version}, 1 FROM {where}.{CAMPAIGNS.name}"
    )
