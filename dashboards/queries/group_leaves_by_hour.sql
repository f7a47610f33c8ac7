-- One community's joins and leaves by hour, and the kinds of leaving
SELECT
    toStartOfHour(at) AS hour, countIf(kind = 'join') AS joins, countIf(kind = 'leave') AS leaves,
    countIf(kind = 'leave' AND why IN ('kicked', 'banned')) AS removed
FROM
(
    -- Of what was told of one event, what was accepted first. FINAL says the same, but has to merge all communities.
    SELECT
        argMax(ts, version) AS at, argMax(type, version) AS kind, argMax(ifNull(reason, ''), version) AS why,
        argMax(deleted, version) AS gone
    FROM membership_rows
    WHERE platform = {platform:String} AND group_id = {group_id:String}
    GROUP BY event
)
WHERE gone = 0 AND at >= {since:DateTime('UTC')} AND at < {until:DateTime('UTC')}
GROUP BY hour
ORDER BY hour
