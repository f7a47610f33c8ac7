-- What the desk's search finds: communities and people by name or id
SELECT 'group' AS what, platform, group_id, '' AS user_id, if(group_name = '', group_id, group_name) AS name
FROM groups
WHERE positionCaseInsensitiveUTF8(group_name, {word:String}) > 0 OR group_id = {word:String}
ORDER BY name, platform, group_id
LIMIT 20
UNION ALL
SELECT 'member' AS what, platform, group_id, user_id, if(user_name = '', user_id, user_name) AS name
FROM members
WHERE positionCaseInsensitiveUTF8(user_name, {word:String}) > 0 OR user_id = {word:String}
ORDER BY name, platform, group_id, user_id
LIMIT 30
