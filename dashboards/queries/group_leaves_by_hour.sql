-- One community's joins and leaves by hour, and the kinds of leaving
SELECT
    toStartOfHour(ts) AS hour, countIf(type = 'join') AS joins, countIf(type = 'leave') AS leaves,
    countIf(type = 'leave' AND reason IN ('kicked', 'banned')) AS removed
FROM membership
WHERE platform = {platform:String} AND group_id = {group_id:String} AND ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}
GROUP BY hour
ORDER BY hour
