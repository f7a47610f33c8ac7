-- The share of members still there so many weeks after joining, by month of joining (Kaplan-Meier)
-- A life begins with joining and ends with leaving; who is still there counts for as long as they have been (right-censored).
-- Ages are whole days. survival is what is left at the end of the week, at_risk who was there at its beginning.
WITH lives AS
(
    SELECT
        ifNull(left_at < {until:DateTime('UTC')}, 0) AS died,
        intDiv(dateDiff('millisecond', joined_at, if(died, assumeNotNull(left_at), {until:DateTime('UTC')})), 86400000) AS age,
        [('cohort', toString(toStartOfMonth(toDate(joined_at, {zone:String}))))] AS strata
    FROM joiners
    WHERE {{chosen}} AND joined_at >= {since:DateTime('UTC')} AND joined_at < {until:DateTime('UTC')}
        AND member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_bot)
)
SELECT toDate(value) AS month, week, at_risk, died AS left_in_week, survival
FROM
(
{{kaplan_meier}}
)
ORDER BY month, week
