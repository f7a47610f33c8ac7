-- What counts most in this kind of community, the most telling first: the last seven days, and the seven before
-- Which figures those are, the streams say (groups.kpis). now and before are text: shares in percent, counts, a day's value.
WITH
    arrayMap(
        v -> multiIf(
            isNull(v), '',
            k.kpi IN ('conversions', 'net_growth', 'check_in_people'), toString(round(v)),
            k.kpi = 'value_cadence', toString(round(v, 1)),
            concat(toString(round(100 * v)), '%')
        ),
        [now_is, before_was]
    ) AS figures
SELECT k.kpi AS kpi, figures[1] AS now, figures[2] AS before
FROM
(
    SELECT kpi, place
    FROM groups
    ARRAY JOIN kpis AS kpi, arrayEnumerate(kpis) AS place
    WHERE platform = {platform:String} AND group_id = {group_id:String}
) AS k
LEFT JOIN
(
    SELECT
        names.1 AS kpi,
        names.2 AS now_is,
        names.3 AS before_was
    FROM
    (
        SELECT
            argMaxIf(figures, window_end, window_end > {until:DateTime('UTC')} - INTERVAL 7 DAY) AS now,
            argMaxIf(figures, window_end, window_end <= {until:DateTime('UTC')} - INTERVAL 7 DAY) AS before
        FROM
        (
            SELECT
                window_end,
                tuple(
                    mesh_index, active_ratio, reply_rate, staff_reply_rate, same_faces, new_faces, value_cadence,
                    toFloat64(check_in_people), toNullable(toFloat64(joins) - leaves)
                ) AS figures
            FROM activity
            WHERE window = '7d' AND platform = {platform:String} AND group_id = {group_id:String}
                AND window_end > {until:DateTime('UTC')} - INTERVAL 14 DAY AND window_end <= {until:DateTime('UTC')}
        )
    ) AS w
    CROSS JOIN
    (
        SELECT
            toNullable(toFloat64(countIf(ts >= {until:DateTime('UTC')} - INTERVAL 7 DAY))) AS sold_now,
            toNullable(toFloat64(countIf(ts < {until:DateTime('UTC')} - INTERVAL 7 DAY))) AS sold_before
        FROM conversions
        WHERE platform = {platform:String} AND group_id = {group_id:String}
            AND ts >= {until:DateTime('UTC')} - INTERVAL 14 DAY AND ts < {until:DateTime('UTC')}
    ) AS c
    ARRAY JOIN
        [
            ('mesh_index', w.now.1, w.before.1), ('active_ratio', w.now.2, w.before.2), ('reply_rate', w.now.3, w.before.3),
            ('staff_reply_rate', w.now.4, w.before.4), ('same_faces', w.now.5, w.before.5), ('new_faces', w.now.6, w.before.6),
            ('value_cadence', w.now.7, w.before.7), ('check_in_people', w.now.8, w.before.8), ('net_growth', w.now.9, w.before.9),
            ('conversions', c.sold_now, c.sold_before)
        ] AS names
) AS f ON f.kpi = k.kpi
ORDER BY place
