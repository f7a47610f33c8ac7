-- What is another one whenever there is other work
-- Versions rise within a partition of the log only, so their greatest would not do. Rows that a merge has put together change
-- it too, which costs one look in vain.
SELECT
    (SELECT sum(version) FROM alerts_rows) AS alerts,
    (SELECT sum(version) FROM questions_by_time_rows WHERE asked_at >= now64(3, 'UTC') - INTERVAL 8 DAY) AS questions,
    (SELECT count() FROM actions_rows) AS actions
