-- The risk of each person over all their groups of a platform: member_risk with the group *. Made by
-- `python -m training.churn DATA --write` from the weights in streams/core/risk_model.py: the facts are gathered here, what is
-- made of them is streams/core/rhythm.py, number by number (a test holds the two together).
--
-- A row for each midnight for which any group of the platform has one, and each person who wrote anywhere in the 28 days
-- before; their groups may be silent or dead by now. Left out is who is staff or a bot wherever they are, who has left all
-- their groups for good, and who is only in groups that are seen in part.
CREATE OR REPLACE VIEW {database}.member_risk_everywhere AS
WITH
    exp2(-toFloat64(known) / {HALF_LIFE}) AS known_kept,
    exp2(-toFloat64(observed) / {HALF_LIFE}) AS observed_kept,
    (1 - known_kept) * {FOREVER} AS known_spread,
    known_spread / usual AS gap,
    {WINDOW_DAYS} / gap AS expected,
    toUInt32(floor(10 * gap + 0.5)) AS tenths,
    toString(intDiv(silent, 24)) AS silent_days,
    concat(toString(intDiv(tenths, 10)), '.', toString(tenths % 10)) AS every,
    toString(toUInt32(floor(expected + 0.5))) AS around,
    [
        if(
            silent >= 48 AND silent >= {MUCH_RARER} * 24 * gap,
            (
                silent / 24 / gap,
                concat('沉默 ', silent_days, ' 天，平时每 ', every, ' 天发言 · silent for ', silent_days, ' d, usually every ', every, ' d')
            ),
            (-1., '')
        ),
        multiIf(
            known >= {RHYTHM_DAYS} AND active * {MUCH_RARER} < expected,
            (
                expected / active,
                concat(
                    '28 天内活跃 ', toString(active), ' 天，平时约 ', around, ' 天 · active on ', toString(active), ' of 28 days, usually ', around
                )
            ),
            active <= {FEW_DAYS},
            (1., concat('28 天内只活跃 ', toString(active), ' 天 · active on ', toString(active), ' of 28 days only')),
            (-1., '')
        )
    ] AS possible,
    arrayMap(reason -> reason.2, arrayReverseSort(arrayFilter(reason -> reason.1 >= 0, possible))) AS found,
    if(
        known < {SHORTLY_DAYS},
        concat('才认识 ', toString(known), ' 天 · known for ', toString(known), ' d only'),
        concat('28 天内活跃 ', toString(active), ' 天 · active on ', toString(active), ' of 28 days')
    ) AS plain
SELECT
    platform,
    user_id,
    as_of,
    round(
        1 / (1 + exp(-(
            {INTERCEPT}
            + {SILENT} * log1p(silent / 24)
            + {ACTIVE} * log(active)
            + {USUAL} * log(usual / ((1 - observed_kept) * {FOREVER} + {UNSEEN_DAYS}) * {FOREVER} + 0.5)
            + {MISSED} * silent / 24 * usual / known_spread
            + {KNOWN} * log1p(known)
        ))),
        4
    ) AS risk,
    if(empty(found), [plain], found) AS reasons,
    silent,
    active,
    usual,
    known,
    observed
FROM
(
    SELECT
        platform,
        user_id,
        as_of,
        arrayFilter(hour -> hour < 24 * today, hours) AS past,
        arrayDistinct(arrayMap(hour -> intDiv(hour, 24), past)) AS days,
        toUInt32(24 * today - past[-1]) AS silent,
        toUInt32(arrayCount(day -> day >= today - {WINDOW_DAYS}, days)) AS active,
        arraySum(day -> exp2((toFloat64(day) - today + 1) / {HALF_LIFE}), days) AS usual,
        toUInt32(today - days[1]) AS known,
        toUInt32(today - first_day) AS observed
    FROM
    (
        SELECT
            persons.platform AS platform,
            persons.user_id AS user_id,
            persons.hours AS hours,
            midnights.as_of AS as_of,
            midnights.first_day AS first_day,
            toUInt32(toDate(midnights.as_of)) AS today
        FROM
        (
            SELECT platform, user_id, arraySort(groupUniqArray(24 * toUInt32(day) + toUInt32(floor(log2(hours + 0.5))))) AS hours
            FROM {database}.member_days_rows
            GROUP BY platform, user_id
        ) AS persons
        INNER JOIN
        (
            SELECT
                members.platform AS platform,
                members.user_id AS user_id,
                max(multiIf(
                    members.is_bot OR members.is_staff OR groups.coverage != 'full', toDateTime64(0, 3, 'UTC'),
                    members.left_at IS NULL OR groups.leavers_return, toDateTime64('2100-01-01 00:00:00', 3, 'UTC'),
                    assumeNotNull(members.left_at)
                )) AS until
            FROM {database}.members AS members
            INNER JOIN {database}.groups AS groups ON members.platform = groups.platform AND members.group_id = groups.group_id
            GROUP BY platform, user_id
        ) AS there ON persons.platform = there.platform AND persons.user_id = there.user_id
        INNER JOIN
        (
            SELECT platform, as_of, any(first_day) AS first_day
            FROM {database}.risk_days_rows AS days
            INNER JOIN
            (
                SELECT platform, toUInt32(toDate(min(first_event_at))) AS first_day
                FROM {database}.groups
                GROUP BY platform
            ) AS beginnings ON days.platform = beginnings.platform
            GROUP BY platform, as_of
        ) AS midnights ON persons.platform = midnights.platform
        WHERE midnights.as_of <= there.until
    )
    WHERE arrayExists(hour -> hour < 24 * today AND hour >= 24 * (today - {WINDOW_DAYS}), hours)
);

CREATE OR REPLACE VIEW {database}.member_risk AS
SELECT platform, group_id, user_id, as_of, risk, reasons
FROM {database}.member_risk_rows FINAL
WHERE deleted = 0
UNION ALL
SELECT platform, '*' AS group_id, user_id, as_of, risk, reasons
FROM {database}.member_risk_everywhere;
