-- How long those who speak go on speaking, by platform, kind of community and month of the first word (Kaplan-Meier)
-- A life begins with the first day on which somebody spoke and ends with leaving, or on the thirtieth day of their first silence
-- of thirty days, whatever comes after. Days are UTC. Staff and bots are left out. stratum is all, platform, kind or cohort.
WITH lives AS
(
    SELECT
        toDate({until:DateTime('UTC')}, 'UTC') AS today,
        arrayFirst((d, after) -> after - d > 30, days, arrayPushBack(arrayPopFront(days), today)) + 30 AS fell_silent,
        arrayExists((d, after) -> after - d > 30, days, arrayPushBack(arrayPopFront(days), today)) AS silent,
        arrayMin(arrayConcat([today], if(silent, [fell_silent], []), arrayFilter(l -> l >= days[1] AND l < today, w.leaves))) AS end,
        end < today AS died,
        toInt32(end - days[1]) AS age,
        [
            ('all', ''), ('platform', toString(s.platform)), ('kind', toString(g.kind)),
            ('cohort', toString(toStartOfMonth(days[1])))
        ] AS strata
    FROM
    (
        SELECT member, arraySort(groupUniqArray(day)) AS days
        FROM member_days_rows
        WHERE day >= toDate({since:DateTime('UTC')}, 'UTC') AND day < toDate({until:DateTime('UTC')}, 'UTC')
            AND member IN
            (
                SELECT member
                FROM member_days_rows
                WHERE {{chosen}} AND day < toDate({until:DateTime('UTC')}, 'UTC')
                GROUP BY member
                HAVING min(day) >= toDate({since:DateTime('UTC')}, 'UTC')
            )
        GROUP BY member
    ) AS d
    INNER JOIN
    (
        SELECT sipHash64(platform, group_id, user_id) AS member, platform, group_id
        FROM members
        WHERE {{chosen}} AND NOT is_staff AND NOT is_bot
    ) AS s ON s.member = d.member
    LEFT JOIN (SELECT member, arrayMap(t -> toDate(t), leaves) AS leaves FROM stays_rows FINAL WHERE {{chosen}}) AS w
        ON w.member = d.member
    LEFT JOIN (SELECT platform, group_id, kind FROM groups) AS g ON g.platform = s.platform AND g.group_id = s.group_id
)
{{kaplan_meier}}
