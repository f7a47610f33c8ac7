-- Who brings people that stay: invited, and still there
WITH
    invited AS
    (
        SELECT platform, group_id, user_id, argMax(inviter_id, ts) AS invited_by, max(ts) AS joined_at
        FROM membership
        WHERE type = 'join' AND inviter_id != '' AND ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}
        GROUP BY platform, group_id, user_id
    ),
    gone AS
    (
        SELECT platform, group_id, user_id, max(ts) AS left_at
        FROM membership
        WHERE type = 'leave' AND ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}
        GROUP BY platform, group_id, user_id
    )
SELECT
    i.platform AS platform, i.group_id AS group_id, i.invited_by AS inviter_id, count() AS invited,
    countIf(g.left_at >= i.joined_at) AS gone, invited - gone AS stayed
FROM invited AS i
LEFT JOIN gone AS g ON g.platform = i.platform AND g.group_id = i.group_id AND g.user_id = i.user_id
GROUP BY platform, group_id, inviter_id
ORDER BY stayed DESC, invited DESC, platform, group_id, inviter_id
LIMIT 100
