-- Who brings people that stay: invited, and still there
SELECT
    platform, group_id, invited_by AS inviter_id, count() AS invited, countIf(left_at >= joined_at) AS gone,
    invited - gone AS stayed
FROM
(
    SELECT
        platform, group_id,
        argMaxIf(inviter_id, ts, type = 'join' AND inviter_id != '') AS invited_by,
        maxIf(ts, type = 'join' AND inviter_id != '') AS joined_at,
        maxIf(ts, type = 'leave') AS left_at
    FROM membership
    WHERE {{chosen}} AND ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')} AND (type = 'leave' OR inviter_id != '')
    GROUP BY platform, group_id, member
    HAVING invited_by != ''
)
GROUP BY platform, group_id, invited_by
ORDER BY stayed DESC, invited DESC, platform, group_id, inviter_id
LIMIT 100
