-- What was told to whom: one row a notice. marks has, as JSON, of each alert its id, when it was raised and its severity.
CREATE TABLE IF NOT EXISTS {database}.deliveries_rows
(
    delivery_id String CODEC(ZSTD(1)),
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    route LowCardinality(String),
    channel LowCardinality(String),
    step LowCardinality(String),
    outcome LowCardinality(String),
    at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    attempts Int64 CODEC(T64, ZSTD(1)),
    alerts Array(String) CODEC(ZSTD(1)),
    marks String CODEC(ZSTD(3)),
    why String CODEC(ZSTD(3)),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, group_id, delivery_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.deliveries AS
SELECT delivery_id, platform, group_id, route, channel, step, outcome, at, attempts, alerts, marks, why
FROM {database}.deliveries_rows FINAL
WHERE deleted = 0;
