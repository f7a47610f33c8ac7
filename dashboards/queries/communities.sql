-- All communities, those that need somebody first
SELECT
    g.platform AS platform, g.group_id AS group_id, g.group_name AS group_name, g.kind AS kind, g.stage AS stage,
    g.health AS health, g.reasons AS reasons, g.members AS members, h.messages AS messages_24h, h.joins AS joins_24h,
    h.leaves AS leaves_24h, q.open AS open_questions, a.critical AS critical_alerts, a.open AS open_alerts,
    g.last_message_at AS last_message_at
FROM groups AS g
LEFT JOIN
(
    SELECT platform, group_id, sum(messages) AS messages, sum(joins) AS joins, sum(leaves) AS leaves
    FROM group_hours
    WHERE hour >= {until:DateTime('UTC')} - INTERVAL 24 HOUR AND hour < {until:DateTime('UTC')}
    GROUP BY platform, group_id
) AS h ON h.platform = g.platform AND h.group_id = g.group_id
LEFT JOIN
(
    SELECT platform, group_id, count() AS open
    FROM questions_by_time
    WHERE asked_at >= {until:DateTime('UTC')} - INTERVAL 7 DAY AND status = 'open' AND standalone
    GROUP BY platform, group_id
) AS q ON q.platform = g.platform AND q.group_id = g.group_id
LEFT JOIN
(
    SELECT platform, group_id, count() AS open, countIf(severity = 'critical') AS critical
    FROM alerts
    WHERE state = 'open'
    GROUP BY platform, group_id
) AS a ON a.platform = g.platform AND a.group_id = g.group_id
WHERE {{chosen}}
ORDER BY health ASC NULLS LAST, critical_alerts DESC, open_questions DESC, platform, group_id
LIMIT 500
