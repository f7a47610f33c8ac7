SELECT
    sipHash64(d.platform, d.group_id, d.told_by, number) AS id, sipHash64(d.platform, d.group_id) AS community, d.platform AS platform,
    toLowCardinality(d.group_id) AS group_id, toLowCardinality(d.told_by) AS told_by, toLowCardinality(title) AS name, number,
    starts_at, ends_at,
    toStartOfHour(toDateTime(starts_at, 'UTC')) AS begin,
    least(toStartOfHour(toDateTime(ends_at, 'UTC')), {until:DateTime('UTC')}) AS end,
    dateDiff('hour', begin, end) AS lasts,
    greatest(0, dateDiff('hour', end, arrayMin(arrayPushBack(
        arrayMap(p -> toStartOfHour(toDateTime(p.1, 'UTC')), arrayFilter(p -> p.2 > ends_at, marked)),
        least(end + INTERVAL 1 WEEK, {until:DateTime('UTC')})
    )))) AS lasts_after,
    end + 3600 * lasts_after AS over,
    arraySlice(arrayFilter(
        w -> begin - w * 604800 >= first_event_at
            AND NOT arrayExists(p -> p.1 < begin - (w - 1) * 604800 AND p.2 > begin - w * 604800, marked),
        range(1, 9)
    ), 1, 4) AS clear,
    length(clear) AS clear_weeks,
    toUInt16(arraySum(w -> bitShiftLeft(toUInt16(1), w), clear)) AS clear_bits
FROM
(
    SELECT
        p.platform AS platform, p.group_id AS group_id, p.told_by AS told_by, g.first_event_at AS first_event_at,
        m.marked AS marked, arraySort(groupArray((p.starts_at, p.ends_at, p.name))) AS all
    FROM campaign_periods AS p
    LEFT JOIN (SELECT platform, group_id, first_event_at FROM groups) AS g
        ON g.platform = p.platform AND g.group_id = p.group_id
    LEFT JOIN
    (
        SELECT platform, group_id, groupArray((starts_at, ends_at)) AS marked
        FROM campaigns
        GROUP BY platform, group_id
    ) AS m ON m.platform = p.platform AND m.group_id = p.group_id
    WHERE {{chosen}}
    GROUP BY platform, group_id, told_by, first_event_at, marked
) AS d
ARRAY JOIN all.1 AS starts_at, all.2 AS ends_at, all.3 AS title, arrayEnumerate(all) AS number
WHERE starts_at >= {since:DateTime('UTC')} AND starts_at < {until:DateTime('UTC')}
