-- What dashboards draw from: small tables that follow the large ones by themselves (materialized views on insert).
--
-- Inserts repeat: after a failure, a restart, a replay. So nothing here adds up. Every rollup is either a row that replaces
-- an earlier one by rank (argmax), or a union of facts that may be told twice (which hours, the latest time). Each is the
-- same however often and in whatever order its source rows come, and there at the moment they are.

-- One group's hour, as the activity window of one hour saw it when the hour ended. Between two rows of activity nothing
-- changed, so the last row in (beginning, end] is the hour's; no row: nothing happened. The rank is the minute of that row,
-- then its version. Every zone whose offset is whole hours has its days made of these.
CREATE TABLE IF NOT EXISTS {database}.group_hours_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    messages Int64 CODEC(T64, ZSTD(1)),
    speakers Int64 CODEC(T64, ZSTD(1)),
    staff_messages Int64 CODEC(T64, ZSTD(1)),
    members Int64 CODEC(T64, ZSTD(1)),
    joins Int64 CODEC(T64, ZSTD(1)),
    leaves Int64 CODEC(T64, ZSTD(1)),
    rank UInt128 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(rank)
PARTITION BY toYYYYMM(hour)
ORDER BY (platform, group_id, hour)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_age_to_force_merge_seconds = 600,
    min_age_to_force_merge_on_partition_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.group_hours_of_activity TO {database}.group_hours_rows AS
SELECT
    platform, group_id, toStartOfHour(toDateTime(window_end, 'UTC') - 1) AS hour, messages, speakers, staff_messages,
    members, joins, leaves,
    bitShiftLeft(toUInt128(toUnixTimestamp(toDateTime(window_end, 'UTC')) - toUnixTimestamp(hour)), 64) + version AS rank
FROM {database}.activity_rows
WHERE window = '1h' AND deleted = 0;

CREATE VIEW IF NOT EXISTS {database}.group_hours AS
SELECT platform, group_id, hour, messages, speakers, staff_messages, members, joins, leaves
FROM {database}.group_hours_rows FINAL;

-- Who spoke on a day (UTC), in which of its hours: bit h of hours is the hour that begins at h. Facts only, no counts: told
-- twice they are the same. Bots never; whether somebody is staff is known best by members.
CREATE TABLE IF NOT EXISTS {database}.member_days_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    day Date CODEC(Delta(2), ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    member SimpleAggregateFunction(max, UInt64) DEFAULT sipHash64(platform, group_id, user_id) CODEC(NONE),
    person SimpleAggregateFunction(max, UInt64) DEFAULT sipHash64(platform, user_id) CODEC(NONE),
    hours SimpleAggregateFunction(groupBitOr, UInt32) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (platform, group_id, day, user_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_age_to_force_merge_seconds = 600,
    min_age_to_force_merge_on_partition_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.member_days_of_events TO {database}.member_days_rows AS
SELECT
    platform, group_id, toDate(ts) AS day, user_id, groupBitOr(bitShiftLeft(toUInt32(1), toHour(ts))) AS hours
FROM {database}.events_rows
WHERE type = 'message' AND NOT is_bot AND deleted = 0
GROUP BY platform, group_id, day, user_id;

CREATE VIEW IF NOT EXISTS {database}.member_days AS
SELECT platform, group_id, day, user_id, member, person, hours
FROM {database}.member_days_rows FINAL;

-- Joins and leaves as they are among the events, but found without reading those.
CREATE TABLE IF NOT EXISTS {database}.membership_rows
(
    event UInt64 CODEC(NONE),
    member UInt64 CODEC(NONE),
    id String CODEC(ZSTD(1)),
    type LowCardinality(String),
    ts DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    inviter_id String CODEC(ZSTD(1)),
    reason LowCardinality(Nullable(String)),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY event
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.membership_of_events TO {database}.membership_rows AS
SELECT
    sipHash64(platform, group_id, id) AS event, sipHash64(platform, group_id, user_id) AS member, id, type, ts, platform,
    group_id, user_id, inviter_id, reason, version, deleted
FROM {database}.events_rows
WHERE type IN ('join', 'leave');

CREATE VIEW IF NOT EXISTS {database}.membership AS
SELECT member, id, type, ts, platform, group_id, user_id, inviter_id, reason
FROM {database}.membership_rows FINAL
WHERE deleted = 0;

-- Questions by the month in which they were asked. When a question was asked never changes, so each and its later
-- versions share a partition.
CREATE TABLE IF NOT EXISTS {database}.questions_by_time_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    asked_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    question_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    kind LowCardinality(String),
    status LowCardinality(String),
    answered_at Nullable(DateTime64(3, 'UTC')),
    by_staff Bool,
    standalone Bool,
    due_at Nullable(DateTime64(3, 'UTC')),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(asked_at)
ORDER BY (platform, group_id, asked_at, question_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_age_to_force_merge_seconds = 600,
    min_age_to_force_merge_on_partition_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.questions_by_time_of_questions TO {database}.questions_by_time_rows AS
SELECT
    platform, group_id, asked_at, question_id, user_id, kind, status, answered_at, by_staff, joined_to = '' AS standalone,
    due_at, version, deleted
FROM {database}.questions_rows;

CREATE VIEW IF NOT EXISTS {database}.questions_by_time AS
SELECT platform, group_id, asked_at, question_id, user_id, kind, status, answered_at, by_staff, standalone, due_at
FROM {database}.questions_by_time_rows FINAL
WHERE deleted = 0;

-- When each source was last heard of.
CREATE TABLE IF NOT EXISTS {database}.sources_rows
(
    source LowCardinality(String),
    platform LowCardinality(String),
    last_event_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')),
    last_received_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (source, platform)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.sources_of_events TO {database}.sources_rows AS
SELECT source, platform, max(ts) AS last_event_at, max(received_at) AS last_received_at
FROM {database}.events_rows
GROUP BY source, platform;

CREATE VIEW IF NOT EXISTS {database}.sources AS
SELECT source, platform, last_event_at, last_received_at
FROM {database}.sources_rows FINAL;

-- What was stored before these tables were made. What comes meanwhile is told twice, which changes nothing.
INSERT INTO {database}.group_hours_rows
SELECT
    platform, group_id, toStartOfHour(toDateTime(window_end, 'UTC') - 1) AS hour, messages, speakers, staff_messages,
    members, joins, leaves,
    bitShiftLeft(toUInt128(toUnixTimestamp(toDateTime(window_end, 'UTC')) - toUnixTimestamp(hour)), 64) + version AS rank
FROM {database}.activity_rows
WHERE window = '1h' AND deleted = 0
SETTINGS min_insert_block_size_rows = 1000000;

INSERT INTO {database}.member_days_rows (platform, group_id, day, user_id, hours)
SELECT platform, group_id, toDate(ts) AS day, user_id, bitShiftLeft(toUInt32(1), toHour(ts)) AS hours
FROM {database}.events_rows
WHERE type = 'message' AND NOT is_bot AND deleted = 0
SETTINGS min_insert_block_size_rows = 1000000;

INSERT INTO {database}.membership_rows
SELECT
    sipHash64(platform, group_id, id) AS event, sipHash64(platform, group_id, user_id) AS member, id, type, ts, platform,
    group_id, user_id, inviter_id, reason, version, deleted
FROM {database}.events_rows
WHERE type IN ('join', 'leave')
SETTINGS min_insert_block_size_rows = 1000000;

INSERT INTO {database}.questions_by_time_rows
SELECT
    platform, group_id, asked_at, question_id, user_id, kind, status, answered_at, by_staff, joined_to = '' AS standalone,
    due_at, version, deleted
FROM {database}.questions_rows
SETTINGS min_insert_block_size_rows = 1000000;

INSERT INTO {database}.sources_rows
SELECT source, platform, max(ts) AS last_event_at, max(received_at) AS last_received_at
FROM {database}.events_rows
GROUP BY source, platform;
