-- From joining to buying, by week of joining: how many got as far
-- joined, spoke, spoke in the second week (of those whose second week is over), brought somebody, converted. Staff and bots are
-- left out. Weeks begin on Monday, UTC; everything up to now counts, whenever it happened.
SELECT
    cohort, sum(joined) AS joined, sum(spoke) AS spoke, sum(week_2_over) AS week_2_over, sum(spoke_week_2) AS spoke_week_2,
    sum(invited) AS invited, sum(converted) AS converted, sum(conversions) AS conversions
FROM funnel
WHERE {{chosen}} AND cohort >= toMonday(toDate({since:DateTime('UTC')}, 'UTC')) AND cohort <= toDate({until:DateTime('UTC')}, 'UTC')
GROUP BY cohort
ORDER BY cohort
