-- When a community talks: messages by weekday (1 is Monday) and hour
SELECT
    toDayOfWeek(toTimeZone(hour, {zone:String})) AS weekday,
    toHour(toTimeZone(hour, {zone:String})) AS hour_of_day,
    sum(messages) AS messages
FROM group_hours
WHERE platform = {platform:String} AND group_id = {group_id:String} AND hour >= {since:DateTime('UTC')} AND hour < {until:DateTime('UTC')}
GROUP BY weekday, hour_of_day
ORDER BY weekday, hour_of_day
