-- K-factor by week of joining: how many new members each new member brings who stay
-- brought: invited by the week's joiners within 28 days of their own joining; stayed: of those, who were still there 7 days on.
-- k is stayed / joined. Above 1 a community grows by itself. Both numbers are known when complete is 1: 35 days after the week.
SELECT
    cohort, count() AS joined, sum(brought) AS brought, sum(stayed) AS stayed, stayed / joined AS k,
    cohort + 42 <= toDate({until:DateTime('UTC')}, {zone:String}) AS complete
FROM
(
    SELECT
        toMonday(toDate(j.joined_at, {zone:String})) AS cohort,
        arrayFilter(e -> e.1 > j.joined_at AND e.1 < j.joined_at + INTERVAL 28 DAY AND e.1 < {until:DateTime('UTC')}, i.edges) AS mine,
        length(mine) AS brought,
        arrayCount(e -> e.2 >= e.1 + INTERVAL 7 DAY AND e.1 + INTERVAL 7 DAY <= {until:DateTime('UTC')}, mine) AS stayed
    FROM joiners AS j
    LEFT JOIN
    (
        SELECT inviter, groupArray((invited_at, ifNull(left_at, toDateTime64('2199-01-01 00:00:00', 3, 'UTC')))) AS edges
        FROM invites
        WHERE {{chosen}}
        GROUP BY inviter
    ) AS i ON i.inviter = j.member
    WHERE {{chosen}} AND j.joined_at >= {since:DateTime('UTC')} AND j.joined_at < {until:DateTime('UTC')}
        AND j.member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_staff OR is_bot)
)
GROUP BY cohort
ORDER BY cohort
