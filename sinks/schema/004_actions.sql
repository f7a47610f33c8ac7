-- What operators did, and what became of the things it was about.
CREATE TABLE IF NOT EXISTS {database}.actions_rows
(
    action_id String CODEC(ZSTD(1)),
    item String CODEC(ZSTD(1)),
    kind LowCardinality(String),
    action LowCardinality(String),
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    by String CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    until Nullable(DateTime64(3, 'UTC')),
    assignee String CODEC(ZSTD(1)),
    note String CODEC(ZSTD(3)),
    undoes String CODEC(ZSTD(1)),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, group_id, item, at, action_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.actions AS
SELECT action_id, item, kind, action, platform, group_id, by, at, until, assignee, note, undoes
FROM {database}.actions_rows FINAL
WHERE deleted = 0;

-- One row an item that somebody did something about: the last thing done that was not taken back.
CREATE VIEW IF NOT EXISTS {database}.item_states AS
SELECT
    item,
    argMaxIf(action, (at, action_id), action NOT IN ('assign', 'note')) AS did,
    maxIf(at, action NOT IN ('assign', 'note')) AS did_at,
    argMaxIf(by, (at, action_id), action NOT IN ('assign', 'note')) AS did_by,
    argMaxIf(until, (at, action_id), action NOT IN ('assign', 'note')) AS snoozed_until,
    argMaxIf(assignee, (at, action_id), action = 'assign') AS assigned_to,
    countIf(action = 'note') AS notes
FROM {database}.actions
WHERE action != 'undo' AND action_id NOT IN (SELECT undoes FROM {database}.actions WHERE action = 'undo')
GROUP BY item;

-- An alert that the streams hold open is what operators made of it, until it is raised anew.
CREATE OR REPLACE VIEW {database}.alerts AS
SELECT
    r.alert_id AS alert_id, r.kind AS kind, r.severity AS severity, r.platform AS platform, r.group_id AS group_id,
    r.user_id AS user_id, r.subject_event_id AS subject_event_id, r.raised_at AS raised_at, r.updated_at AS updated_at,
    multiIf(
        r.state != 'open' OR s.did_at < r.raised_at, toString(r.state),
        s.did = 'acknowledge', 'acked',
        s.did = 'resolve', 'resolved',
        s.did = 'snooze' AND s.snoozed_until > now64(3, 'UTC'), 'snoozed',
        'open'
    ) AS state,
    if(r.state = 'open' AND s.did = 'resolve' AND s.did_at >= r.raised_at, s.did_at, r.resolved_at) AS resolved_at,
    r.title AS title, r.reasons AS reasons, r.evidence AS evidence, s.assigned_to AS assigned_to,
    if(s.did_at >= r.raised_at, s.did_by, '') AS handled_by, s.notes AS notes
FROM (SELECT * FROM {database}.alerts_rows FINAL WHERE deleted = 0) AS r
LEFT JOIN {database}.item_states AS s ON s.item = r.alert_id;
