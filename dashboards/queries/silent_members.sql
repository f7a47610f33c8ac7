-- The silent majority: members who never spoke, by how long they have been here
-- Of those who were seen joining and are still there. Who never spoke is the first to go when a flood or advertising comes.
SELECT
    multiIf(days < 7, 0, days < 30, 7, days < 90, 30, days < 365, 90, 365) AS from_days, count() AS members,
    countIf(silent) AS never_spoke, never_spoke / members AS share
FROM
(
    SELECT dateDiff('second', assumeNotNull(joined_at), {until:DateTime('UTC')}) / 86400 AS days, last_message_at IS NULL AS silent
    FROM members
    WHERE {{chosen}} AND joined_at IS NOT NULL AND joined_at < {until:DateTime('UTC')} AND left_at IS NULL AND NOT is_staff AND NOT is_bot
)
GROUP BY from_days
ORDER BY from_days
