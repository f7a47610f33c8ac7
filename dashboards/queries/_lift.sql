SELECT
    platform, group_id, name, told_by, number, starts_at, ends_at, clear_weeks AS weeks_before,
    messages, messages_before / nullIf(clear_weeks, 0) AS usual_messages,
    joins, joins_before / nullIf(clear_weeks, 0) AS usual_joins,
    conversions, conversions_before / nullIf(clear_weeks, 0) AS usual_conversions,
    messages_after, messages_before_after / nullIf(clear_weeks, 0) AS usual_messages_after,
    joins_after, joins_before_after / nullIf(clear_weeks, 0) AS usual_joins_after,
    conversions_after, conversions_before_after / nullIf(clear_weeks, 0) AS usual_conversions_after,
    messages / nullIf(usual_messages, 0) - 1 AS messages_lift,
    joins / nullIf(usual_joins, 0) - 1 AS joins_lift,
    conversions / nullIf(usual_conversions, 0) - 1 AS conversions_lift,
    messages_after / nullIf(usual_messages_after, 0) - 1 AS messages_lift_after,
    joins_after / nullIf(usual_joins_after, 0) - 1 AS joins_lift_after,
    conversions_after / nullIf(usual_conversions_after, 0) - 1 AS conversions_lift_after
FROM
(
    SELECT
        any(d.platform) AS platform, any(d.group_id) AS group_id, any(d.name) AS name, any(d.told_by) AS told_by,
        any(d.number) AS number, any(d.starts_at) AS starts_at, any(d.ends_at) AS ends_at, any(d.clear_weeks) AS clear_weeks,
        sum(hour_messages * within) AS messages, sum(hour_joins * within) AS joins, sum(hour_conversions * within) AS conversions,
        sum(hour_messages * after) AS messages_after, sum(hour_joins * after) AS joins_after,
        sum(hour_conversions * after) AS conversions_after,
        sum(hour_messages * times) AS messages_before, sum(hour_joins * times) AS joins_before,
        sum(hour_conversions * times) AS conversions_before,
        sum(hour_messages * times_after) AS messages_before_after, sum(hour_joins * times_after) AS joins_before_after,
        sum(hour_conversions * times_after) AS conversions_before_after
    FROM
    (
        -- Each hour of a group beside each of its campaigns. An hour before lies in week `week` before the campaign, `into` hours
        -- after that week's beginning; in a clear week it counts as often as the campaign has such an hour of the week, and once
        -- if the time after has one. A campaign without hours is there too, beside an hour of zeros.
        SELECT
            c.id AS id, c.platform AS platform, c.group_id AS group_id, c.name AS name, c.told_by AS told_by, c.number AS number,
            c.starts_at AS starts_at, c.ends_at AS ends_at, c.clear_weeks AS clear_weeks,
            hour_messages, hour_joins, hour_conversions,
            intDiv(toInt64(toUInt32(c.begin)) - toInt64(toUInt32(h.hour)), 3600) AS ago,
            intDiv(ago + 167, 168) AS week,
            168 * week - ago AS into,
            week BETWEEN 1 AND 8 AND bitTest(c.clear_bits, toUInt8(bitAnd(week, 15))) AS clear,
            ago <= 0 AND ago > -c.lasts AS within,
            ago <= -c.lasts AND ago > -c.lasts - c.lasts_after AS after,
            clear * (intDiv(c.lasts, 168) + (into < c.lasts % 168)) AS times,
            clear * (positiveModulo(into - c.lasts, 168) < c.lasts_after) AS times_after
        FROM
        (
            SELECT community, hour, messages - staff_messages AS hour_messages, joins AS hour_joins, 0 AS hour_conversions
            FROM group_hours
            WHERE {{chosen}}
                AND hour >= toStartOfHour({since:DateTime('UTC')}) - INTERVAL 8 WEEK AND hour < {until:DateTime('UTC')}
            UNION ALL
            SELECT sipHash64(platform, group_id) AS community, toStartOfHour(toDateTime(ts, 'UTC')) AS hour, 0, 0, 1
            FROM conversions
            WHERE {{chosen}} AND ts >= toStartOfHour({since:DateTime('UTC')}) - INTERVAL 8 WEEK AND ts < {until:DateTime('UTC')}
        ) AS h
        RIGHT JOIN
        (
{{campaign_weeks}}
        ) AS c ON c.community = h.community AND h.hour >= c.begin - INTERVAL 8 WEEK AND h.hour < c.over
    ) AS d
    GROUP BY id
)
