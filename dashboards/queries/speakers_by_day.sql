-- Speakers of all communities by day, each person once, without staff and bots
-- A UTC day holds the hours of two local days: those before and those after local midnight.
SELECT local_day AS day, uniqExact(person) AS speakers
FROM
(
    SELECT
        person,
        intDiv(timeZoneOffset(toTimeZone(toDateTime(day, 'UTC'), {zone:String})), 3600) AS ahead,
        toUInt32(bitShiftLeft(toUInt64(1), if(ahead >= 0, 24 - ahead, -ahead)) - 1) AS before,
        bitAnd(hours, before) != 0 AS early,
        bitAnd(hours, bitNot(before)) != 0 AS late,
        if(ahead >= 0, day, day - 1) + arrayJoin(multiIf(early AND late, [0, 1], early, [0], [1])) AS local_day
    FROM member_days_rows
    WHERE {{chosen}} AND day >= toDate({since:DateTime('UTC')}, 'UTC') AND day <= toDate({until:DateTime('UTC')}, 'UTC')
        AND member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_staff OR is_bot)
)
WHERE local_day >= toDate({since:DateTime('UTC')}, {zone:String}) AND local_day < toDate({until:DateTime('UTC')}, {zone:String})
GROUP BY day
ORDER BY day
