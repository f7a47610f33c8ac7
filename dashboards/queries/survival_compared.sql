-- How long members stay, by platform and kind of community (Kaplan-Meier)
-- A life begins with joining and ends with leaving; who is still there is right-censored. stratum is all, platform or kind.
WITH lives AS
(
    SELECT
        ifNull(left_at < {until:DateTime('UTC')}, 0) AS died,
        intDiv(dateDiff('millisecond', joined_at, if(died, assumeNotNull(left_at), {until:DateTime('UTC')})), 86400000) AS age,
        [('all', ''), ('platform', toString(j.platform)), ('kind', toString(g.kind))] AS strata
    FROM joiners AS j
    LEFT JOIN (SELECT platform, group_id, kind FROM groups) AS g ON g.platform = j.platform AND g.group_id = j.group_id
    WHERE {{chosen}} AND joined_at >= {since:DateTime('UTC')} AND joined_at < {until:DateTime('UTC')}
        AND member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM members WHERE is_bot)
)
{{kaplan_meier}}
