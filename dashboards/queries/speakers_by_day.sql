-- Speakers of all communities by day, each person once, without staff and bots
-- A UTC day holds the hours of two local days: those before and those after local midnight. The days on which a person spoke are
-- gathered as the bits of one number for each 32 days, so that no set of persons is made for each day; only the day after a
-- block's last may come twice of one person, from this block and from the next.
SELECT toDate(number) AS day, if(number % 32 = 0, uniqExactIf(person, number % 32 = 0), count()) AS speakers
FROM
(
    SELECT person, arrayJoin(arrayMap(bit -> 32 * block + bit, bitPositionsToArray(days))) AS number
    FROM
    (
        SELECT
            person, intDiv(local, 32) AS block, groupBitOr(bitShiftLeft(toUInt64(early + 2 * late), local % 32)) AS days
        FROM
        (
            SELECT
                person,
                intDiv(timeZoneOffset(toTimeZone(toDateTime(day, 'UTC'), {zone:String})), 3600) AS ahead,
                toUInt32(bitShiftLeft(toUInt64(1), if(ahead >= 0, 24 - ahead, -ahead)) - 1) AS before,
                bitAnd(hours, before) != 0 AS early,
                bitAnd(hours, bitNot(before)) != 0 AS late,
                toUInt16(if(ahead >= 0, day, day - 1)) AS local
            FROM member_days_rows
            WHERE {{chosen}} AND day >= toDate({since:DateTime('UTC')}, 'UTC') AND day <= toDate({until:DateTime('UTC')}, 'UTC')
                AND member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_staff OR is_bot)
        )
        GROUP BY person, block
    )
)
WHERE day >= toDate({since:DateTime('UTC')}, {zone:String}) AND day < toDate({until:DateTime('UTC')}, {zone:String})
GROUP BY number
ORDER BY day
