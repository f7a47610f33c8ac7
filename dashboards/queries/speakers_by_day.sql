-- Speakers of all communities by day, each person once, without staff and bots
-- A UTC day holds the hours of two local days: those before and those after local midnight.
SELECT local_day AS day, uniqExact(person) AS speakers
FROM
(
    SELECT first_day AS local_day, person
    FROM
    (
        SELECT
            person, hours, intDiv(timeZoneOffset(toTimeZone(toDateTime(day, 'UTC'), {zone:String})), 3600) AS ahead,
            if(ahead >= 0, day, day - 1) AS first_day,
            toUInt32(bitShiftLeft(toUInt64(1), if(ahead >= 0, 24 - ahead, -ahead)) - 1) AS before
        FROM member_days_rows
        WHERE day >= toDate({since:DateTime('UTC')}, 'UTC') AND day <= toDate({until:DateTime('UTC')}, 'UTC')
            AND member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_staff OR is_bot)
    )
    WHERE bitAnd(hours, before) != 0
    UNION ALL
    SELECT first_day + 1 AS local_day, person
    FROM
    (
        SELECT
            person, hours, intDiv(timeZoneOffset(toTimeZone(toDateTime(day, 'UTC'), {zone:String})), 3600) AS ahead,
            if(ahead >= 0, day, day - 1) AS first_day,
            toUInt32(bitShiftLeft(toUInt64(1), if(ahead >= 0, 24 - ahead, -ahead)) - 1) AS before
        FROM member_days_rows
        WHERE day >= toDate({since:DateTime('UTC')}, 'UTC') AND day <= toDate({until:DateTime('UTC')}, 'UTC')
            AND member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_staff OR is_bot)
    )
    WHERE bitAnd(hours, bitNot(before)) != 0
)
WHERE local_day >= toDate({since:DateTime('UTC')}, {zone:String}) AND local_day < toDate({until:DateTime('UTC')}, {zone:String})
GROUP BY day
ORDER BY day
