-- People who spoke within 28 days, by community and altogether, without staff and bots
SELECT platform, group_id, uniqExact(person) AS speakers
FROM member_days_rows
WHERE {{chosen}} AND day > toDate({until:DateTime('UTC')}, 'UTC') - 28 AND day <= toDate({until:DateTime('UTC')}, 'UTC')
    AND member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_staff OR is_bot)
GROUP BY GROUPING SETS ((platform, group_id), ())
ORDER BY speakers DESC, platform, group_id
LIMIT 501
