-- What campaigns bring: messages, joins and conversions, in the campaign and in the week after, against what is usual
-- Usual is the mean of the same hours of the week in the last four (of at most eight) weeks before that are clear: the group
-- existed, and no other configured campaign touched them. Lift is x / usual - 1; without a clear week, or where nothing is usual,
-- it is not defined. The week after ends early where the next configured campaign begins. Messages are members', not staff's.
-- told_by: configured, or events that name it, from the first to the last. number: the how manieth such of the group it is.
SELECT *
FROM
(
{{lift}}
)
ORDER BY starts_at DESC, platform, group_id, name
LIMIT 200
