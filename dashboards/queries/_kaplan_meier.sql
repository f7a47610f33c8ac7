SELECT
    stratum, value, if(value = '', 'all', value) AS curve, intDiv(day, 7) AS week, max(alive) AS at_risk, sum(ended_on) AS died, min(left_over) AS survival
FROM
(
    SELECT
        stratum, value, day, ended_on, alive,
        exp(sum(log(1 - ended_on / alive)) OVER (PARTITION BY stratum, value ORDER BY day)) AS left_over
    FROM
    (
        SELECT stratum, value, day, ended_on, sum(seen) OVER (PARTITION BY stratum, value ORDER BY day DESC) AS alive
        FROM
        (
            SELECT s.1 AS stratum, s.2 AS value, age AS day, countIf(died) AS ended_on, count() AS seen
            FROM lives
            ARRAY JOIN strata AS s
            GROUP BY stratum, value, day
        )
    )
)
GROUP BY stratum, value, week
ORDER BY stratum, value, week
