-- The desk's work: questions that wait, those due first
SELECT
    q.platform AS platform, q.group_id AS group_id, g.group_name AS group_name, q.question_id AS question_id,
    q.user_id AS user_id, q.kind AS kind, q.asked_at AS asked_at, q.due_at AS due_at
FROM questions_by_time AS q
LEFT JOIN groups AS g ON g.platform = q.platform AND g.group_id = q.group_id
WHERE q.status = 'open' AND q.standalone AND q.due_at IS NOT NULL
    AND q.asked_at >= {until:DateTime('UTC')} - INTERVAL 8 DAY
ORDER BY due_at, question_id
LIMIT 2000
