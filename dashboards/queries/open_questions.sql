-- The answer desk: questions that wait, those past their time first
-- Few wait: they are found among all versions of all questions first, and only of those the last versions are made sure of.
SELECT
    platform, group_id, question_id, user_id, kind, asked_at, due_at, due_at < {until:DateTime('UTC')} AS overdue,
    dateDiff('second', asked_at, {until:DateTime('UTC')}) AS waiting_seconds
FROM questions_by_time
WHERE {{chosen}} AND status = 'open' AND standalone AND asked_at >= {since:DateTime('UTC')} AND asked_at < {until:DateTime('UTC')}
    AND (platform, group_id, asked_at, question_id) IN
    (
        SELECT platform, group_id, asked_at, question_id
        FROM questions_by_time_rows
        WHERE status = 'open' AND standalone AND asked_at >= {since:DateTime('UTC')} AND asked_at < {until:DateTime('UTC')}
    )
ORDER BY overdue DESC, due_at ASC NULLS LAST, asked_at
LIMIT 200
