-- Which communities there are on the chosen platforms, of the chosen kinds, to choose from
SELECT concat(platform, '/', group_id) AS value, if(group_name = '', group_id, group_name) AS text
FROM groups
WHERE (has({platforms:Array(String)}, '') OR has({platforms:Array(String)}, platform))
    AND (has({kinds:Array(String)}, '') OR has({kinds:Array(String)}, kind))
ORDER BY text, value
LIMIT 10000
