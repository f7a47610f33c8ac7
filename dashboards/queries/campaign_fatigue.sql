-- Fatigue: the lift of a community's first, second, third … campaign, all communities together
-- Ratios of sums, over campaigns that have a usual to be compared with. Read from the left: does each bring less than the last?
SELECT
    number, countIf(usual_messages > 0) AS campaigns,
    sumIf(messages, usual_messages > 0) / nullIf(sum(usual_messages), 0) - 1 AS messages_lift,
    sumIf(joins, usual_joins > 0) / nullIf(sum(usual_joins), 0) - 1 AS joins_lift,
    sumIf(conversions, usual_conversions > 0) / nullIf(sum(usual_conversions), 0) - 1 AS conversions_lift,
    sumIf(messages_after, usual_messages_after > 0) / nullIf(sum(usual_messages_after), 0) - 1 AS messages_lift_after
FROM
(
{{lift}}
)
GROUP BY number
ORDER BY number
