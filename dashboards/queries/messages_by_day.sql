-- Messages, joins and leaves of all communities by day
SELECT
    toDate(hour, {zone:String}) AS day, sum(messages) AS messages, sum(staff_messages) AS staff_messages,
    sum(joins) AS joins, sum(leaves) AS leaves, joins - leaves AS net
FROM group_hours
WHERE {{chosen}} AND hour >= {since:DateTime('UTC')} AND hour < {until:DateTime('UTC')}
GROUP BY day
ORDER BY day
