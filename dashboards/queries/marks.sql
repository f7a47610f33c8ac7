-- What happened to the chosen communities, as marks in pictures over time
SELECT
    raised_at AS time, ifNull(resolved_at, raised_at) AS timeEnd, title, arrayStringConcat(reasons, '\n') AS text, kind AS tags
FROM alerts
WHERE {{chosen}} AND kind IN ('leave_burst', 'group_fading', 'group_dormant', 'quarrel', 'flood')
    AND raised_at >= {since:DateTime('UTC')} AND raised_at < {until:DateTime('UTC')}
ORDER BY time DESC
LIMIT 200
