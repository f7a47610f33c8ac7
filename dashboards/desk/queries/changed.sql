-- What is another one whenever there is other work
SELECT
    (SELECT max(version) FROM alerts_rows) AS alerts, (SELECT max(version) FROM questions_by_time_rows) AS questions,
    (SELECT max(version) FROM actions_rows) AS actions, (SELECT count() FROM actions_rows) AS actions_told
