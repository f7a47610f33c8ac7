-- What wants somebody now
SELECT alert_id, kind, severity, platform, group_id, user_id, raised_at, updated_at, title, reasons, subject_event_id
FROM alerts
WHERE {{chosen}} AND state IN ('open', 'acked')
ORDER BY severity = 'critical' DESC, severity = 'warning' DESC, raised_at DESC
LIMIT 200
