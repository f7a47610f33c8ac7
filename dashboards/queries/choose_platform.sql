-- Which platforms there are, to choose from
SELECT DISTINCT platform AS value FROM groups ORDER BY value
