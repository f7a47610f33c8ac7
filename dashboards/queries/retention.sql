-- Of those who joined in a week, the share who spoke so many weeks later (weeks begin on Monday)
WITH joined AS
(
    SELECT platform, group_id, user_id, toMonday(toDate(min(ts), {zone:String})) AS cohort
    FROM membership
    WHERE type = 'join' AND ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}
    GROUP BY platform, group_id, user_id
)
SELECT cohort, sizes.people AS people, weeks, uniqExact(platform, group_id, user_id) AS spoke, spoke / people AS share
FROM
(
    SELECT DISTINCT j.platform AS platform, j.group_id AS group_id, j.user_id AS user_id, j.cohort AS cohort,
        intDiv(toUInt32(toMonday(d.day) - j.cohort), 7) AS weeks
    FROM
    (
        SELECT platform, group_id, user_id, day FROM member_days_rows
        WHERE day >= toDate({since:DateTime('UTC')}, 'UTC') AND day < toDate({until:DateTime('UTC')}, 'UTC')
    ) AS d
    INNER JOIN joined AS j ON j.platform = d.platform AND j.group_id = d.group_id AND j.user_id = d.user_id
    WHERE toMonday(d.day) >= j.cohort
) AS active
INNER JOIN (SELECT cohort, count() AS people FROM joined GROUP BY cohort) AS sizes USING (cohort)
GROUP BY cohort, people, weeks
ORDER BY cohort, weeks
