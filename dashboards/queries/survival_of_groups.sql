-- How long communities live, by platform, kind and month of the first event (Kaplan-Meier)
-- A life begins with the community's first event and ends on the twenty-eighth day of the first silence of twenty-eight days
-- among its members (the stage "dead"), whatever comes after. Days are UTC. stratum is all, platform, kind or cohort.
WITH lives AS
(
    SELECT
        toDate({until:DateTime('UTC')}, 'UTC') AS today,
        arrayDistinct(arrayConcat([born], arraySort(arrayFilter(d -> d >= born, h.days)))) AS days,
        arrayExists((d, after) -> after - d > 28, days, arrayPushBack(arrayPopFront(days), today)) AS died,
        arrayFirst((d, after) -> after - d > 28, days, arrayPushBack(arrayPopFront(days), today)) + 28 AS end,
        toInt32(if(died, end, today) - born) AS age,
        [
            ('all', ''), ('platform', toString(g.platform)), ('kind', toString(g.kind)), ('cohort', toString(toStartOfMonth(born)))
        ] AS strata
    FROM (SELECT platform, group_id, kind, toDate(first_event_at) AS born FROM groups WHERE {{chosen}}) AS g
    LEFT JOIN
    (
        SELECT community, groupUniqArray(toDate(hour)) AS days
        FROM group_hours
        WHERE {{chosen}} AND messages > staff_messages AND hour < toStartOfDay({until:DateTime('UTC')}, 'UTC')
            AND hour >= toStartOfDay({since:DateTime('UTC')}, 'UTC')
        GROUP BY community
    ) AS h ON h.community = sipHash64(g.platform, g.group_id)
    WHERE born >= toDate({since:DateTime('UTC')}, 'UTC') AND born < today
)
{{kaplan_meier}}
