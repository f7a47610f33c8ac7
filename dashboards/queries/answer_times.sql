-- Seconds to the first answer by day, by staff and by members
SELECT
    toDate(asked_at, {zone:String}) AS day, if(by_staff, 'staff', 'members') AS answered_by, count() AS answers,
    quantileExact(0.5)(seconds) AS median_seconds, quantileExact(0.9)(seconds) AS p90_seconds
FROM
(
    SELECT asked_at, by_staff, dateDiff('second', asked_at, assumeNotNull(answered_at)) AS seconds
    FROM questions_by_time
    WHERE {{chosen}} AND status = 'answered' AND standalone AND answered_at IS NOT NULL
        AND asked_at >= {since:DateTime('UTC')} AND asked_at < {until:DateTime('UTC')}
)
GROUP BY day, answered_by
ORDER BY day, answered_by
