-- One community's speakers by day, without staff and bots
-- A UTC day holds the hours of two local days: those before and those after local midnight.
WITH
    intDiv(timeZoneOffset(toTimeZone(toDateTime(day, 'UTC'), {zone:String})), 3600) AS ahead,
    if(ahead >= 0, 24 - ahead, -ahead) AS midnight,
    toUInt32(bitShiftLeft(toUInt64(1), midnight) - 1) AS before,
    if(ahead >= 0, day, day - 1) AS first_day
SELECT local_day AS day, uniqExact(user_id) AS speakers
FROM member_days_rows
ARRAY JOIN
    arrayFilter((d, told) -> told, [first_day, first_day + 1], [bitAnd(hours, before) != 0, bitAnd(hours, bitNot(before)) != 0])
        AS local_day
WHERE platform = {platform:String} AND group_id = {group_id:String}
    AND day >= toDate({since:DateTime('UTC')}, 'UTC') AND day <= toDate({until:DateTime('UTC')}, 'UTC')
    AND local_day >= toDate({since:DateTime('UTC')}, {zone:String}) AND local_day < toDate({until:DateTime('UTC')}, {zone:String})
    AND (platform, group_id, user_id) NOT IN (SELECT platform, group_id, user_id FROM members WHERE is_staff OR is_bot)
GROUP BY local_day
ORDER BY local_day
