-- The messages that work is about: few, by their key
SELECT platform, group_id, id, user_name, text
FROM events
WHERE platform IN {platforms:Array(String)} AND group_id IN {groups:Array(String)} AND id IN {ids:Array(String)}
