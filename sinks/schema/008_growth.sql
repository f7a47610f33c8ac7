-- What growth is read from: who came by whom and for what, what they bought, and which periods were marked.
--
-- As everywhere, nothing adds up: rows replace one another by version, and what follows from several rows is computed by
-- views when it is asked for.

-- A join says which campaign brought it, where the platform tells.
ALTER TABLE {database}.membership_rows ADD COLUMN IF NOT EXISTS campaign LowCardinality(String) AFTER reason;

ALTER TABLE {database}.membership_of_events MODIFY QUERY
SELECT
    sipHash64(platform, group_id, id) AS event, sipHash64(platform, group_id, user_id) AS member, id, type, ts, platform,
    group_id, user_id, inviter_id, reason, campaign, version, deleted
FROM {database}.events_rows
WHERE type IN ('join', 'leave');

CREATE OR REPLACE VIEW {database}.membership AS
SELECT member, id, type, ts, platform, group_id, user_id, inviter_id, reason, campaign
FROM {database}.membership_rows FINAL
WHERE deleted = 0;

-- Orders, coupons redeemed: what turns talk into something.
CREATE TABLE IF NOT EXISTS {database}.conversions_rows
(
    event UInt64 CODEC(NONE),
    member UInt64 CODEC(NONE),
    id String CODEC(ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    amount Nullable(Float64),
    currency LowCardinality(String),
    campaign LowCardinality(String),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY event
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.conversions_of_events TO {database}.conversions_rows AS
SELECT
    sipHash64(platform, group_id, id) AS event, sipHash64(platform, group_id, user_id) AS member, id, ts, platform, group_id,
    user_id, amount, currency, campaign, version, deleted
FROM {database}.events_rows
WHERE type = 'conversion';

CREATE VIEW IF NOT EXISTS {database}.conversions AS
SELECT member, id, ts, platform, group_id, user_id, amount, currency, campaign
FROM {database}.conversions_rows FINAL
WHERE deleted = 0;

-- Marked periods of a group, from the configuration: the sink writes them when it starts. ends_at is not included.
CREATE TABLE IF NOT EXISTS {database}.campaigns_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    name String CODEC(ZSTD(1)),
    starts_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    ends_at DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    version UInt64 CODEC(Delta(8), ZSTD(1)),
    deleted UInt8
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (platform, group_id, name, starts_at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE VIEW IF NOT EXISTS {database}.campaigns AS
SELECT platform, group_id, name, starts_at, ends_at
FROM {database}.campaigns_rows FINAL
WHERE deleted = 0;

-- What is known of each member's coming and going. Facts only: told twice they are the same. Of the joins that name an inviter,
-- or a campaign, the first (of two at one moment the lesser name); where there was none, the far end of time.
CREATE TABLE IF NOT EXISTS {database}.stays_rows
(
    platform LowCardinality(String),
    group_id String CODEC(ZSTD(1)),
    user_id String CODEC(ZSTD(1)),
    member SimpleAggregateFunction(max, UInt64) DEFAULT sipHash64(platform, group_id, user_id) CODEC(NONE),
    joined_at SimpleAggregateFunction(min, DateTime64(3, 'UTC')) CODEC(ZSTD(1)),
    invited SimpleAggregateFunction(min, Tuple(DateTime64(3, 'UTC'), String)) CODEC(ZSTD(1)),
    campaign SimpleAggregateFunction(min, Tuple(DateTime64(3, 'UTC'), String)) CODEC(ZSTD(1)),
    leaves SimpleAggregateFunction(groupUniqArrayArray, Array(DateTime64(3, 'UTC'))) CODEC(ZSTD(1))
)
ENGINE = AggregatingMergeTree
ORDER BY (platform, group_id, user_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_age_to_force_merge_seconds = 600,
    min_age_to_force_merge_on_partition_only = 1;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.stays_of_events TO {database}.stays_rows AS
SELECT
    e.platform AS platform, e.group_id AS group_id, e.user_id AS user_id,
    min(if(type = 'join', ts, toDateTime64('2200-01-01 00:00:00', 3, 'UTC'))) AS joined_at,
    min(if(
        type = 'join' AND inviter_id NOT IN ('', e.user_id), (ts, inviter_id), (toDateTime64('2200-01-01 00:00:00', 3, 'UTC'), '')
    )) AS invited,
    min(if(
        type = 'join' AND e.campaign != '', (ts, toString(e.campaign)), (toDateTime64('2200-01-01 00:00:00', 3, 'UTC'), '')
    )) AS campaign,
    groupUniqArrayIf(ts, type = 'leave') AS leaves
FROM {database}.events_rows AS e
WHERE type IN ('join', 'leave') AND deleted = 0
GROUP BY platform, group_id, user_id;

-- Who was seen joining: one row a member, of their first stay, from the first join to the first leave after it. Who comes back
-- later was won before. At one moment a leave comes before a join: a reconnection is no leave.
CREATE VIEW IF NOT EXISTS {database}.joiners AS
SELECT
    platform, group_id, user_id, member, joined_at,
    if(arrayExists(t -> t > joined_at, leaves), arrayMin(arrayFilter(t -> t > joined_at, leaves)), NULL) AS left_at, campaign.2 AS campaign
FROM {database}.stays_rows FINAL
WHERE joined_at < '2200-01-01 00:00:00';

-- Who brought whom: the edges of referral, one a member, by the first join that names somebody else. left_at is the first
-- leave after that.
CREATE VIEW IF NOT EXISTS {database}.invites AS
SELECT
    platform, group_id, invited.2 AS inviter_id, user_id, invited.1 AS invited_at,
    if(arrayExists(t -> t > invited_at, leaves), arrayMin(arrayFilter(t -> t > invited_at, leaves)), NULL) AS left_at,
    member, sipHash64(platform, group_id, inviter_id) AS inviter
FROM {database}.stays_rows FINAL
WHERE inviter_id != '';

-- Acquisition, activation, retention, referral, revenue: one row a group, campaign and week of joining (the Monday, UTC), of
-- members who are neither staff nor bots. Each step counts people: spoke at all after joining; spoke in their second week
-- (days 7 to 13 after the day of joining); brought somebody; converted, with how many conversions and what they came to by
-- currency. week_2_over: whose second week is over, by the latest event of all; the others can't be judged yet. campaign is
-- what the join names, else the marked period in which it lies, the one that began last.
CREATE VIEW IF NOT EXISTS {database}.funnel AS
SELECT
    platform, group_id, campaign, cohort, count() AS joined, countIf(spoke) AS spoke, countIf(over) AS week_2_over,
    countIf(spoke_then) AS spoke_week_2, countIf(brought) AS invited, countIf(notEmpty(bought)) AS converted,
    sum(length(bought)) AS conversions,
    CAST(sumMap(arrayMap(b -> b.2, bought), arrayMap(b -> b.3, bought)), 'Map(String, Float64)') AS amounts
FROM
(
    SELECT
        j.platform AS platform, j.group_id AS group_id,
        if(
            j.campaign != '', toString(j.campaign),
            (arrayReverseSort(arrayFilter(p -> p.1 <= j.joined_at AND j.joined_at < p.2, m.periods))[1]).3
        ) AS campaign,
        toMonday(toDate(j.joined_at)) AS cohort,
        d.last_day >= toDate(j.joined_at) AS spoke,
        arrayExists(day -> day >= toDate(j.joined_at) + 7 AND day < toDate(j.joined_at) + 14, d.days) AS spoke_then,
        toDate(j.joined_at) + 14 <= (SELECT toDate(max(last_event_at)) FROM {database}.sources_rows) AS over,
        i.brought_at > j.joined_at AS brought,
        arrayFilter(b -> b.1 >= j.joined_at, c.all) AS bought
    FROM {database}.joiners AS j
    LEFT JOIN
    (
        SELECT member, max(day) AS last_day, groupUniqArray(day) AS days
        FROM {database}.member_days_rows
        GROUP BY member
    ) AS d ON d.member = j.member
    LEFT JOIN (SELECT inviter, max(invited_at) AS brought_at FROM {database}.invites GROUP BY inviter) AS i ON i.inviter = j.member
    LEFT JOIN
    (
        SELECT member, groupArray((ts, toString(currency), ifNull(amount, 0.))) AS all
        FROM {database}.conversions
        GROUP BY member
    ) AS c ON c.member = j.member
    LEFT JOIN
    (
        SELECT platform, group_id, groupArray((starts_at, ends_at, name)) AS periods
        FROM {database}.campaigns
        GROUP BY platform, group_id
    ) AS m ON m.platform = j.platform AND m.group_id = j.group_id
    WHERE j.member NOT IN (SELECT sipHash64(platform, group_id, user_id) FROM {database}.members WHERE is_staff OR is_bot)
)
GROUP BY platform, group_id, campaign, cohort;

-- The periods of campaigns: as configured, and where an event names a campaign that is not, from its first such event in the
-- group to its last. Whole hours; ends_at is not included.
CREATE VIEW IF NOT EXISTS {database}.campaign_periods AS
SELECT platform, group_id, name, starts_at, ends_at, 'configured' AS told_by
FROM {database}.campaigns
UNION ALL
SELECT
    platform, group_id, campaign AS name, toDateTime64(toStartOfHour(min(ts)), 3, 'UTC') AS starts_at,
    toDateTime64(toStartOfHour(max(ts)) + 3600, 3, 'UTC') AS ends_at, 'events' AS told_by
FROM
(
    SELECT platform, group_id, toString(campaign) AS campaign, ts FROM {database}.conversions
    UNION ALL
    SELECT platform, group_id, toString(campaign) AS campaign, ts FROM {database}.membership_rows WHERE deleted = 0
)
WHERE campaign != '' AND (platform, group_id, campaign) NOT IN (SELECT platform, group_id, name FROM {database}.campaigns)
GROUP BY platform, group_id, campaign;

-- What was stored before these tables were made.
INSERT INTO {database}.membership_rows
    (event, member, id, type, ts, platform, group_id, user_id, inviter_id, reason, campaign, version, deleted)
SELECT
    sipHash64(platform, group_id, id) AS event, sipHash64(platform, group_id, user_id) AS member, id, type, ts, platform,
    group_id, user_id, inviter_id, reason, campaign, version, deleted
FROM {database}.events_rows
WHERE type = 'join' AND campaign != ''
SETTINGS min_insert_block_size_rows = 1000000;

INSERT INTO {database}.stays_rows (platform, group_id, user_id, joined_at, invited, campaign, leaves)
SELECT
    e.platform AS platform, e.group_id AS group_id, e.user_id AS user_id,
    min(if(type = 'join', ts, toDateTime64('2200-01-01 00:00:00', 3, 'UTC'))) AS joined_at,
    min(if(
        type = 'join' AND inviter_id NOT IN ('', e.user_id), (ts, inviter_id), (toDateTime64('2200-01-01 00:00:00', 3, 'UTC'), '')
    )) AS invited,
    min(if(
        type = 'join' AND e.campaign != '', (ts, toString(e.campaign)), (toDateTime64('2200-01-01 00:00:00', 3, 'UTC'), '')
    )) AS campaign,
    groupUniqArrayIf(ts, type = 'leave') AS leaves
FROM {database}.events_rows AS e
WHERE type IN ('join', 'leave') AND deleted = 0
GROUP BY platform, group_id, user_id
SETTINGS max_bytes_before_external_group_by = 1000000000;

INSERT INTO {database}.conversions_rows
SELECT
    sipHash64(platform, group_id, id) AS event, sipHash64(platform, group_id, user_id) AS member, id, ts, platform, group_id,
    user_id, amount, currency, campaign, version, deleted
FROM {database}.events_rows
WHERE type = 'conversion'
SETTINGS min_insert_block_size_rows = 1000000;
