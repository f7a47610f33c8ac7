-- What happened: one row per accepted event.
--
-- Key. (platform, group_id, id) is what names an event; a redelivery carries the same. ReplacingMergeTree keeps the row
-- with the greatest version, and version = 2^63 - received_at: the first accepted one wins, whenever the others come.
--
-- Partitions: none. A redelivery may carry another ts (and comes days later), and rows replace each other only inside a
-- partition: cutting by ts or by received_at would let both live, and a filter on ts would show whichever is in its month.
-- Reads by time therefore go over the ts column of the whole table (8 bytes a row before compression); what dashboards draw
-- by time is in activity, which is cut by time. Reads of one event or one group use the primary key.
--
-- position is the offset in the events log: the order of arrival, for rebuilding state from this table. No view shows it.
--
-- No TTL on ts: replayed history is old by nature and would vanish on arrival.
CREATE TABLE IF NOT EXISTS {database}.events_rows
(
    id String CODEC(ZSTD(1)),
    type LowCardinality(String),
    ts DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    user_name String CODEC(ZSTD(1)),
    group_name LowCardinality(String),
    text String CODEC(ZSTD(3)),
    reply_to String CODEC(ZSTD(1)),
    thread_id String CODEC(ZSTD(1)),
    mentions Array(String) CODEC(ZSTD(1)),
    is_bot Bool,
    is_staff Bool,
    inviter_id String CODEC(ZSTD(1)),
    reason LowCardinality(Nullable(String)),
    amount Nullable(Float64),
    currency LowCardinality(String),
    campaign LowCardinality(String),
    count Nullable(Int64),
    coverage LowCardinality(String),
    received_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    source LowCardinality(String),
    v UInt32,
    extra String CODEC(ZSTD(3)),
    position Int64 CODEC(Delta(8), ZSTD(1)),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, group_id, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.events AS
SELECT
    id, type, ts, platform, group_id, user_id, user_name, group_name, text, reply_to, thread_id, mentions, is_bot, is_staff,
    inviter_id, reason, amount, currency, campaign, count, coverage, received_at, source, v, extra
FROM {database}.events_rows FINAL
WHERE deleted = 0;
