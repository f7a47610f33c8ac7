-- The share of members still there so many weeks after joining, by month of joining (Kaplan-Meier)
SELECT
    month, week, at_risk, left_in_week,
    exp(sum(log(1 - left_in_week / at_risk)) OVER (PARTITION BY month ORDER BY week)) AS survival
FROM
(
    SELECT
        month, week, left_in_week,
        sum(ended) OVER (PARTITION BY month ORDER BY week DESC) AS at_risk
    FROM
    (
        SELECT month, week, countIf(gone) AS left_in_week, count() AS ended
        FROM
        (
            SELECT
                toStartOfMonth(toDate(assumeNotNull(joined_at), {zone:String})) AS month,
                left_at IS NOT NULL AND left_at >= joined_at AND left_at < {until:DateTime('UTC')} AS gone,
                intDiv(dateDiff('day', assumeNotNull(joined_at), if(gone, assumeNotNull(left_at), {until:DateTime('UTC')})), 7) AS week
            FROM members
            WHERE {{chosen}} AND joined_at IS NOT NULL AND joined_at >= {since:DateTime('UTC')} AND joined_at < {until:DateTime('UTC')} AND NOT is_bot
        )
        GROUP BY month, week
    )
    ORDER BY month, week
)
ORDER BY month, week
