-- Who brings people that stay: invited, of whom spoke, and are still there after 7 and 30 days, and now
-- due_7d, due_30d: who was invited that long before the end of the range; the others can't be judged yet. gone is by that end.
SELECT
    platform, group_id, inviter_id, count() AS invited, countIf(has_spoken) AS spoke,
    countIf(invited_at + INTERVAL 7 DAY <= {until:DateTime('UTC')}) AS due_7d,
    countIf(invited_at + INTERVAL 7 DAY <= {until:DateTime('UTC')} AND ifNull(left_at >= invited_at + INTERVAL 7 DAY, 1)) AS stayed_7d,
    countIf(invited_at + INTERVAL 30 DAY <= {until:DateTime('UTC')}) AS due_30d,
    countIf(invited_at + INTERVAL 30 DAY <= {until:DateTime('UTC')} AND ifNull(left_at >= invited_at + INTERVAL 30 DAY, 1)) AS stayed_30d,
    countIf(ifNull(left_at < {until:DateTime('UTC')}, 0)) AS gone, invited - gone AS stayed
FROM
(
    SELECT i.platform AS platform, i.group_id AS group_id, inviter_id, invited_at, left_at, d.last_day >= toDate(invited_at) AS has_spoken
    FROM invites AS i
    LEFT JOIN
    (
        SELECT member, max(day) AS last_day
        FROM member_days_rows
        WHERE {{chosen}} AND day >= toDate({since:DateTime('UTC')}, 'UTC') AND day <= toDate({until:DateTime('UTC')}, 'UTC')
        GROUP BY member
    ) AS d ON d.member = i.member
    WHERE {{chosen}} AND invited_at >= {since:DateTime('UTC')} AND invited_at < {until:DateTime('UTC')}
        AND i.member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_bot)
)
GROUP BY platform, group_id, inviter_id
ORDER BY stayed DESC, invited DESC, platform, group_id, inviter_id
LIMIT 100
