-- How groups hang together: more columns of activity, groups and members. Rows of before have what a row without the figure has.
ALTER TABLE {database}.activity_rows
    ADD COLUMN IF NOT EXISTS staff_reply_rate Nullable(Float64) AFTER mesh_index,
    ADD COLUMN IF NOT EXISTS staff_first_response_p50 Nullable(Float64) AFTER staff_reply_rate,
    ADD COLUMN IF NOT EXISTS staff_first_response_p90 Nullable(Float64) AFTER staff_first_response_p50,
    ADD COLUMN IF NOT EXISTS new_faces Nullable(Float64) AFTER staff_first_response_p90,
    ADD COLUMN IF NOT EXISTS reciprocity Nullable(Float64) AFTER new_faces,
    ADD COLUMN IF NOT EXISTS centralisation Nullable(Float64) AFTER reciprocity,
    ADD COLUMN IF NOT EXISTS pairs Nullable(Int64) AFTER centralisation,
    ADD COLUMN IF NOT EXISTS new_pairs Nullable(Int64) AFTER pairs,
    ADD COLUMN IF NOT EXISTS value_cadence Nullable(Float64) AFTER new_pairs,
    ADD COLUMN IF NOT EXISTS check_in_people Nullable(Int64) AFTER value_cadence,
    ADD COLUMN IF NOT EXISTS check_in_streak Nullable(Int64) AFTER check_in_people,
    ADD COLUMN IF NOT EXISTS check_in_same_faces Nullable(Float64) AFTER check_in_streak,
    ADD COLUMN IF NOT EXISTS coverage LowCardinality(String) DEFAULT 'full' AFTER check_in_same_faces;

CREATE OR REPLACE VIEW {database}.activity AS
SELECT
    platform, group_id, window, window_end, messages, speakers, staff_messages, members, active_ratio, joins, leaves,
    reply_rate, first_response_p50, first_response_p90, top5_share, effective_speakers, key_people, false_activity,
    same_faces, mesh_index, staff_reply_rate, staff_first_response_p50, staff_first_response_p90, new_faces, reciprocity,
    centralisation, pairs, new_pairs, value_cadence, check_in_people, check_in_streak, check_in_same_faces, coverage
FROM {database}.activity_rows FINAL
WHERE deleted = 0;

ALTER TABLE {database}.groups_rows
    ADD COLUMN IF NOT EXISTS coverage LowCardinality(String) DEFAULT 'full' AFTER late_events,
    ADD COLUMN IF NOT EXISTS leaders Int64 AFTER coverage,
    ADD COLUMN IF NOT EXISTS core Int64 AFTER leaders,
    ADD COLUMN IF NOT EXISTS ordinary Int64 AFTER core,
    ADD COLUMN IF NOT EXISTS shape LowCardinality(String) AFTER ordinary,
    ADD COLUMN IF NOT EXISTS kpis Array(String) AFTER shape;

-- The view is made anew by the next step, which adds another column: two steps that both did would undo each other's.
