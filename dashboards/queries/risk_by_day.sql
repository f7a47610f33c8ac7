-- How many members are at risk by day, of those that are judged
SELECT toDate(as_of) AS day, count() AS judged, countIf(risk >= 0.5) AS at_risk
FROM member_risk
WHERE as_of >= {since:DateTime('UTC')} AND as_of < {until:DateTime('UTC')} AND group_id != '*'
GROUP BY day
ORDER BY day
