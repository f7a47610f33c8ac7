-- For which midnights a platform has risks: what member_risk needs to know to show the group * (see the next file).
CREATE TABLE IF NOT EXISTS {database}.risk_days_rows
(
    platform LowCardinality(String),
    as_of DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (platform, as_of)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.risk_days_of_member_risk TO {database}.risk_days_rows AS
SELECT DISTINCT platform, as_of
FROM {database}.member_risk_rows
WHERE deleted = 0;

INSERT INTO {database}.risk_days_rows
SELECT DISTINCT platform, as_of
FROM {database}.member_risk_rows
WHERE deleted = 0;

-- Whether most who leave come back, as where each lost connection is a leave.
ALTER TABLE {database}.groups_rows
    ADD COLUMN IF NOT EXISTS leavers_return Bool DEFAULT false AFTER kpis;

CREATE OR REPLACE VIEW {database}.groups AS
SELECT
    platform, group_id, group_name, kind, stage, stage_since, alive, members, health, reasons, first_event_at, last_event_at,
    last_message_at, late_events, coverage, leaders, core, ordinary, shape, kpis, leavers_return
FROM {database}.groups_rows FINAL
WHERE deleted = 0;
