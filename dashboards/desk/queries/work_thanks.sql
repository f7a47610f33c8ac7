-- The desk's work: people who helped in their own or the group's first month, to be thanked in private
SELECT
    m.platform AS platform, m.group_id AS group_id, g.group_name AS group_name, m.user_id AS user_id,
    m.user_name AS user_name, m.role AS role, m.messages_28d AS messages_28d, m.joined_at AS joined_at, m.as_of AS as_of
FROM members AS m
INNER JOIN groups AS g ON g.platform = m.platform AND g.group_id = m.group_id
WHERE m.role IN ('helper', 'thinker') AND NOT m.is_staff AND NOT m.is_bot AND m.left_at IS NULL
    AND (m.joined_at >= {until:DateTime('UTC')} - INTERVAL 30 DAY
        OR g.first_event_at >= {until:DateTime('UTC')} - INTERVAL 30 DAY)
ORDER BY messages_28d DESC, platform, group_id, user_id
LIMIT 200
