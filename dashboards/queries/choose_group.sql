-- Which communities there are on a platform, to choose one from
SELECT group_id AS value, if(group_name = '', group_id, group_name) AS text
FROM groups
WHERE platform = {platform:String}
ORDER BY text, value
LIMIT 10000
