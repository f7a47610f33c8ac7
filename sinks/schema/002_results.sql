-- What was found. Every table has the key of its records as its order, keeps the row with the greatest version, and is read
-- through a view that hides replaced and deleted rows. A deleted row stays as a mark, so that an older version that comes
-- again does not bring it back.
--
-- Partitions: only where a time is part of the key, so that a row and its replacement always share one. By year: replayed
-- history spans years, and each partition that an insert touches is a part to write. The order starts with the group, so
-- that one group's series is one range; "all groups, last hour" still skips by the mark ranges inside each group.
CREATE TABLE IF NOT EXISTS {database}.activity_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    window LowCardinality(String),
    window_end DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    messages Int64 CODEC(T64, ZSTD(1)),
    speakers Int64 CODEC(T64, ZSTD(1)),
    staff_messages Int64 CODEC(T64, ZSTD(1)),
    members Int64 CODEC(T64, ZSTD(1)),
    active_ratio Nullable(Float64),
    joins Int64 CODEC(T64, ZSTD(1)),
    leaves Int64 CODEC(T64, ZSTD(1)),
    reply_rate Nullable(Float64),
    first_response_p50 Nullable(Float64),
    first_response_p90 Nullable(Float64),
    top5_share Nullable(Float64),
    effective_speakers Nullable(Float64),
    key_people Int64 CODEC(T64, ZSTD(1)),
    false_activity Nullable(Bool),
    same_faces Nullable(Float64),
    mesh_index Nullable(Float64),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(window_end)
ORDER BY (window, platform, group_id, window_end)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.activity AS
SELECT
    platform, group_id, window, window_end, messages, speakers, staff_messages, members, active_ratio, joins, leaves,
    reply_rate, first_response_p50, first_response_p90, top5_share, effective_speakers, key_people, false_activity,
    same_faces, mesh_index
FROM {database}.activity_rows FINAL
WHERE deleted = 0;

CREATE TABLE IF NOT EXISTS {database}.questions_rows
(
    question_id String CODEC(ZSTD(1)),
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    asked_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    kind LowCardinality(String),
    status LowCardinality(String),
    answer_event_id String CODEC(ZSTD(1)),
    answered_by String CODEC(ZSTD(1)),
    answered_at Nullable(DateTime64(3, 'UTC')),
    confidence Nullable(Float64),
    by_staff Bool,
    joined_to String CODEC(ZSTD(1)),
    due_at Nullable(DateTime64(3, 'UTC')),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, group_id, question_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.questions AS
SELECT
    question_id, platform, group_id, user_id, asked_at, kind, status, answer_event_id, answered_by, answered_at, confidence,
    by_staff, joined_to, due_at
FROM {database}.questions_rows FINAL
WHERE deleted = 0;

-- alert_id is made from the group among others: the group in front of it only keeps a group's alerts together.
CREATE TABLE IF NOT EXISTS {database}.alerts_rows
(
    alert_id String CODEC(ZSTD(1)),
    kind LowCardinality(String),
    severity LowCardinality(String),
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    subject_event_id String CODEC(ZSTD(1)),
    raised_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    updated_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    state LowCardinality(String),
    resolved_at Nullable(DateTime64(3, 'UTC')),
    title String CODEC(ZSTD(3)),
    reasons Array(String) CODEC(ZSTD(3)),
    evidence String CODEC(ZSTD(3)),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, group_id, alert_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.alerts AS
SELECT
    alert_id, kind, severity, platform, group_id, user_id, subject_event_id, raised_at, updated_at, state, resolved_at, title,
    reasons, evidence
FROM {database}.alerts_rows FINAL
WHERE deleted = 0;

CREATE TABLE IF NOT EXISTS {database}.members_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    user_name String CODEC(ZSTD(1)),
    joined_at Nullable(DateTime64(3, 'UTC')),
    left_at Nullable(DateTime64(3, 'UTC')),
    last_message_at Nullable(DateTime64(3, 'UTC')),
    messages_28d Int64 CODEC(T64, ZSTD(1)),
    role LowCardinality(String),
    layer LowCardinality(String),
    is_staff Bool,
    is_bot Bool,
    risk Nullable(Float64),
    risk_reasons Array(String) CODEC(ZSTD(3)),
    as_of DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, group_id, user_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.members AS
SELECT
    platform, group_id, user_id, user_name, joined_at, left_at, last_message_at, messages_28d, role, layer, is_staff, is_bot,
    risk, risk_reasons, as_of
FROM {database}.members_rows FINAL
WHERE deleted = 0;

CREATE TABLE IF NOT EXISTS {database}.member_risk_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    as_of DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    risk Float64,
    reasons Array(String) CODEC(ZSTD(3)),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYear(as_of)
ORDER BY (platform, group_id, user_id, as_of)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.member_risk AS
SELECT platform, group_id, user_id, as_of, risk, reasons
FROM {database}.member_risk_rows FINAL
WHERE deleted = 0;

CREATE TABLE IF NOT EXISTS {database}.groups_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    group_name String CODEC(ZSTD(1)),
    kind LowCardinality(String),
    stage LowCardinality(String),
    stage_since Nullable(DateTime64(3, 'UTC')),
    alive Bool,
    members Int64,
    health Nullable(Float64),
    reasons Array(String) CODEC(ZSTD(3)),
    first_event_at DateTime64(3, 'UTC'),
    last_event_at DateTime64(3, 'UTC'),
    last_message_at Nullable(DateTime64(3, 'UTC')),
    late_events Int64,
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, group_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.groups AS
SELECT
    platform, group_id, group_name, kind, stage, stage_since, alive, members, health, reasons, first_event_at, last_event_at,
    last_message_at, late_events
FROM {database}.groups_rows FINAL
WHERE deleted = 0;
