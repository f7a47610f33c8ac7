-- One community's messages, joins and leaves by day
SELECT
    toDate(hour, {zone:String}) AS day, sum(messages) AS messages, sum(staff_messages) AS staff_messages,
    sum(joins) AS joins, sum(leaves) AS leaves
FROM group_hours
WHERE platform = {platform:String} AND group_id = {group_id:String} AND hour >= {since:DateTime('UTC')} AND hour < {until:DateTime('UTC')}
GROUP BY day
ORDER BY day
