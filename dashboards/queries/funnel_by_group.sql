-- From joining to buying, by community
SELECT
    platform, group_id, sum(joined) AS joined, sum(spoke) AS spoke, sum(week_2_over) AS week_2_over,
    sum(spoke_week_2) AS spoke_week_2, sum(invited) AS invited, sum(converted) AS converted, sum(conversions) AS conversions
FROM funnel
WHERE {{chosen}} AND cohort >= toMonday(toDate({since:DateTime('UTC')}, 'UTC')) AND cohort <= toDate({until:DateTime('UTC')}, 'UTC')
GROUP BY platform, group_id
ORDER BY joined DESC, platform, group_id
LIMIT 200
