-- When many left at once, and what had happened
SELECT platform, group_id, raised_at, severity, title, reasons, evidence, state
FROM alerts
WHERE {{chosen}} AND kind = 'leave_burst' AND raised_at >= {since:DateTime('UTC')} AND raised_at < {until:DateTime('UTC')}
ORDER BY raised_at DESC
LIMIT 200
