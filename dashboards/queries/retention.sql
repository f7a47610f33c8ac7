-- Of those who joined in a week, the share who spoke so many weeks later (weeks begin on Monday)
SELECT cohort, people, later.1 AS weeks, later.2 AS spoke, spoke / people AS share
FROM
(
    SELECT
        j.cohort AS cohort, count() AS people,
        sumMap(arrayMap(w -> toUInt16(intDiv(w - j.cohort, 7)), arrayFilter(w -> w >= j.cohort, d.weeks)), arrayMap(w -> toUInt64(1), arrayFilter(w -> w >= j.cohort, d.weeks))) AS by_week
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
    GROUP BY cohort
)
ARRAY JOIN arrayZip(by_week.1, by_week.2) AS later
ORDER BY cohort, weeks
