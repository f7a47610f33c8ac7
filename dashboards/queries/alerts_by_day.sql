-- Alerts by day and kind
SELECT
    toDate(raised_at, {zone:String}) AS day, kind, count() AS raised, countIf(severity = 'critical') AS critical,
    countIf(state = 'resolved') AS resolved
FROM alerts
WHERE {{chosen}} AND raised_at >= {since:DateTime('UTC')} AND raised_at < {until:DateTime('UTC')}
GROUP BY day, kind
ORDER BY day, kind
