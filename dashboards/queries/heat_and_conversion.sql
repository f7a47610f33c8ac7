-- Talk and sales side by side: hot chats that convert nobody, and quiet ones that do
-- hot: 99 or more members' messages a day ("99+ unread"); quiet: fewer than 20. converters are people; converting is their share
-- of the members. A quiet community is a finding where that is at least the share over all. Only platforms on which anything was
-- converted in the range are judged: elsewhere it may be that nobody tells of conversions.
SELECT
    platform, group_id, group_name, kind, members, messages_a_day, conversions, converters, converting,
    multiIf(
        told AND messages_a_day >= 99 AND conversions = 0, 'hot_sells_nothing',
        told AND messages_a_day < 20 AND conversions > 0 AND converting >= sum(converters) OVER () / sum(members) OVER (), 'quiet_sells',
        ''
    ) AS finding
FROM
(
    SELECT
        g.platform AS platform, g.group_id AS group_id, g.group_name AS group_name, g.kind AS kind, g.members AS members,
        h.messages / greatest(1, dateDiff('hour', {since:DateTime('UTC')}, {until:DateTime('UTC')}) / 24) AS messages_a_day,
        c.conversions AS conversions, c.converters AS converters, if(members > 0, least(1, converters / members), 0) AS converting,
        g.platform IN (SELECT platform FROM conversions WHERE ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}) AS told
    FROM groups AS g
    LEFT JOIN
    (
        SELECT community, sum(messages - staff_messages) AS messages
        FROM group_hours
        WHERE hour >= {since:DateTime('UTC')} AND hour < {until:DateTime('UTC')}
        GROUP BY community
    ) AS h ON h.community = sipHash64(g.platform, g.group_id)
    LEFT JOIN
    (
        SELECT platform, group_id, count() AS conversions, uniqExact(member) AS converters
        FROM conversions
        WHERE ts >= {since:DateTime('UTC')} AND ts < {until:DateTime('UTC')}
        GROUP BY platform, group_id
    ) AS c ON c.platform = g.platform AND c.group_id = g.group_id
    WHERE {{chosen}}
)
ORDER BY finding DESC, messages_a_day DESC, platform, group_id
LIMIT 200
