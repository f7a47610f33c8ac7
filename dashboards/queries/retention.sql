-- Of those who joined in a week, the share who spoke so many weeks later (weeks begin on Monday)
SELECT cohort, people, toUInt16(later) AS weeks, counted AS spoke, spoke / people AS share
FROM
(
    -- Each joiner counts once under -1, and once under each later week in which they spoke.
    SELECT cohort, later, count() AS counted, maxIf(counted, later = -1) OVER (PARTITION BY cohort) AS people
    FROM
    (
        SELECT
            j.cohort AS cohort,
            arrayJoin(arrayPushFront(arrayMap(w -> toInt32(intDiv(w - cohort, 7)), arrayFilter(w -> w >= cohort, d.weeks)), -1)) AS later
        FROM
        (
            SELECT member, toMonday(toDate(min(ts), {zone:String})) AS cohort
            FROM membership
            WHERE {{chosen}} AND type = 'join' AND ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}
            GROUP BY member
        ) AS j
        LEFT JOIN
        (
            SELECT member, groupUniqArray(toMonday(day)) AS weeks
            FROM member_days_rows
            WHERE day >= toDate({since:DateTime('UTC')}, 'UTC') AND day < toDate({until:DateTime('UTC')}, 'UTC')
            GROUP BY member
        ) AS d ON d.member = j.member
    )
    GROUP BY cohort, later
)
WHERE later >= 0
ORDER BY cohort, weeks
