-- Questions by day, and how many of them had no answer in time
SELECT
    toDate(asked_at, {zone:String}) AS day, count() AS questions,
    countIf(due_at <= {until:DateTime('UTC')} AND (answered_at IS NULL OR answered_at > due_at)) AS missed,
    if(questions > 0, missed / questions, NULL) AS missed_share
FROM questions_by_time
WHERE {{chosen}} AND standalone AND due_at IS NOT NULL AND asked_at >= {since:DateTime('UTC')} AND asked_at < {until:DateTime('UTC')}
GROUP BY day
ORDER BY day
