SELECT
    platform, group_id, name, told_by, number, starts_at, ends_at, weeks_before,
    messages, usual_messages, if(usual_messages > 0, messages / usual_messages - 1, NULL) AS messages_lift,
    joins, usual_joins, if(usual_joins > 0, joins / usual_joins - 1, NULL) AS joins_lift,
    conversions, usual_conversions, if(usual_conversions > 0, conversions / usual_conversions - 1, NULL) AS conversions_lift,
    messages_after, usual_messages_after,
    if(usual_messages_after > 0, messages_after / usual_messages_after - 1, NULL) AS messages_lift_after,
    joins_after, usual_joins_after, if(usual_joins_after > 0, joins_after / usual_joins_after - 1, NULL) AS joins_lift_after,
    conversions_after, usual_conversions_after,
    if(usual_conversions_after > 0, conversions_after / usual_conversions_after - 1, NULL) AS conversions_lift_after
FROM
(
    SELECT
        c.platform AS platform, c.group_id AS group_id, name, told_by, number, starts_at, ends_at, length(clear) AS weeks_before,
        -- Hour k of the eight weeks before: in which week it lies, and how many hours of the campaign it is compared with.
        arrayMap(
            k -> has(clear, 8 - intDiv(k, 168)) * (intDiv(lasts, 168) + (k % 168 < lasts % 168)), range(1344)
        ) AS times,
        arrayMap(
            k -> has(clear, 8 - intDiv(k, 168)) * (positiveModulo(k % 168 - lasts, 168) < lasts_after), range(1344)
        ) AS times_after,
        arrayResize(arraySlice(hourly_messages, first - 1344, 1344), 1344) AS before_messages,
        arrayResize(arraySlice(hourly_joins, first - 1344, 1344), 1344) AS before_joins,
        arrayResize(arraySlice(hourly_conversions, first - 1344, 1344), 1344) AS before_conversions,
        arraySum(arraySlice(hourly_messages, first, lasts)) AS messages,
        arraySum(arraySlice(hourly_joins, first, lasts)) AS joins,
        arraySum(arraySlice(hourly_conversions, first, lasts)) AS conversions,
        arraySum(arraySlice(hourly_messages, first + lasts, lasts_after)) AS messages_after,
        arraySum(arraySlice(hourly_joins, first + lasts, lasts_after)) AS joins_after,
        arraySum(arraySlice(hourly_conversions, first + lasts, lasts_after)) AS conversions_after,
        if(weeks_before > 0, arraySum((n, t) -> n * t, before_messages, times) / weeks_before, NULL) AS usual_messages,
        if(weeks_before > 0, arraySum((n, t) -> n * t, before_joins, times) / weeks_before, NULL) AS usual_joins,
        if(weeks_before > 0, arraySum((n, t) -> n * t, before_conversions, times) / weeks_before, NULL) AS usual_conversions,
        if(weeks_before > 0, arraySum((n, t) -> n * t, before_messages, times_after) / weeks_before, NULL) AS usual_messages_after,
        if(weeks_before > 0, arraySum((n, t) -> n * t, before_joins, times_after) / weeks_before, NULL) AS usual_joins_after,
        if(weeks_before > 0, arraySum((n, t) -> n * t, before_conversions, times_after) / weeks_before, NULL)
            AS usual_conversions_after
    FROM
    (
        SELECT
            platform, group_id, told_by, name, number, starts_at, ends_at,
            toStartOfHour(toDateTime(starts_at, 'UTC')) AS begin,
            least(toStartOfHour(toDateTime(ends_at, 'UTC')), {until:DateTime('UTC')}) AS end,
            -- Places in arrays that begin eight weeks before the range.
            1344 + dateDiff('hour', {since:DateTime('UTC')}, begin) + 1 AS first,
            dateDiff('hour', begin, end) AS lasts,
            greatest(0, dateDiff('hour', end, arrayMin(arrayPushBack(
                arrayMap(p -> toStartOfHour(toDateTime(p.1, 'UTC')), arrayFilter(p -> p.2 > ends_at, marked)),
                least(end + INTERVAL 1 WEEK, {until:DateTime('UTC')})
            )))) AS lasts_after,
            arraySlice(arrayFilter(
                w -> begin - w * 604800 >= first_event_at
                    AND NOT arrayExists(p -> p.1 < begin - (w - 1) * 604800 AND p.2 > begin - w * 604800, marked),
                range(1, 9)
            ), 1, 4) AS clear
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
        )
        ARRAY JOIN all.1 AS starts_at, all.2 AS ends_at, all.3 AS name, arrayEnumerate(all) AS number
        WHERE starts_at >= {since:DateTime('UTC')} AND starts_at < {until:DateTime('UTC')}
    ) AS c
    LEFT JOIN
    (
        SELECT
            platform, group_id,
            groupArrayInsertAt(toUInt32(messages - staff_messages), toUInt32(1344 + dateDiff('hour', {since:DateTime('UTC')}, hour)))
                AS hourly_messages,
            groupArrayInsertAt(toUInt32(joins), toUInt32(1344 + dateDiff('hour', {since:DateTime('UTC')}, hour))) AS hourly_joins
        FROM group_hours
        WHERE {{chosen}} AND (platform, group_id) IN (
            SELECT platform, group_id FROM campaign_periods
            WHERE starts_at >= {since:DateTime('UTC')} AND starts_at < {until:DateTime('UTC')}
        )
            AND hour >= toStartOfHour({since:DateTime('UTC')}) - INTERVAL 8 WEEK AND hour < {until:DateTime('UTC')}
        GROUP BY platform, group_id
    ) AS h ON h.platform = c.platform AND h.group_id = c.group_id
    LEFT JOIN
    (
        SELECT platform, group_id, groupArrayInsertAt(toUInt32(n), toUInt32(at)) AS hourly_conversions
        FROM
        (
            SELECT platform, group_id, 1344 + dateDiff('hour', {since:DateTime('UTC')}, ts) AS at, count() AS n
            FROM conversions
            WHERE {{chosen}} AND ts >= toStartOfHour({since:DateTime('UTC')}) - INTERVAL 8 WEEK AND ts < {until:DateTime('UTC')}
            GROUP BY platform, group_id, at
        )
        GROUP BY platform, group_id
    ) AS v ON v.platform = c.platform AND v.group_id = c.group_id
)
