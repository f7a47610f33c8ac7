-- Which group an hour is of, as a number: panels that set the hours of all groups beside something else read and compare eight
-- bytes, not two names. As with members in member_days, two groups with one number are not to be expected.
ALTER TABLE {database}.group_hours_rows
    ADD COLUMN IF NOT EXISTS community UInt64 DEFAULT sipHash64(platform, group_id) CODEC(ZSTD(1));

-- Rows of before would have it computed whenever they are read: written down in the background.
ALTER TABLE {database}.group_hours_rows MATERIALIZE COLUMN community;

CREATE OR REPLACE VIEW {database}.group_hours AS
SELECT platform, group_id, hour, messages, speakers, staff_messages, members, joins, leaves, community
FROM {database}.group_hours_rows FINAL;
