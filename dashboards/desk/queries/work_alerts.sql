-- The desk's work: alerts that are open or in somebody's hands, and those ended since a time
SELECT
    a.alert_id AS alert_id, a.kind AS kind, a.severity AS severity, a.platform AS platform, a.group_id AS group_id,
    g.group_name AS group_name, a.user_id AS user_id, a.subject_event_id AS subject_event_id, a.raised_at AS raised_at,
    a.updated_at AS updated_at, a.state AS state, a.resolved_at AS resolved_at, a.title AS title, a.reasons AS reasons,
    a.assigned_to AS assigned_to, a.handled_by AS handled_by, a.notes AS notes
FROM alerts AS a
LEFT JOIN groups AS g ON g.platform = a.platform AND g.group_id = a.group_id
WHERE a.state IN ('open', 'acked', 'snoozed') OR a.updated_at >= {since:DateTime('UTC')}
ORDER BY a.state = 'open' DESC, a.severity = 'critical' DESC, a.severity = 'warning' DESC, a.raised_at DESC, alert_id
LIMIT 2000
