-- Who carries a community: its members by messages in 28 days, with the days on which they spoke
SELECT
    m.user_id AS user_id, m.user_name AS user_name, m.role AS role, m.layer AS layer, m.is_staff AS is_staff,
    m.messages_28d AS messages, d.days AS days, m.last_message_at AS last_message_at
FROM members AS m
LEFT JOIN
(
    SELECT user_id, uniqExact(day) AS days
    FROM member_days_rows
    WHERE platform = {platform:String} AND group_id = {group_id:String}
        AND day > toDate({until:DateTime('UTC')}, 'UTC') - 28 AND day <= toDate({until:DateTime('UTC')}, 'UTC')
    GROUP BY user_id
) AS d ON d.user_id = m.user_id
WHERE m.platform = {platform:String} AND m.group_id = {group_id:String} AND NOT m.is_bot
ORDER BY messages DESC, user_id
LIMIT 50
