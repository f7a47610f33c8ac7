-- When each source was last heard of
SELECT
    source, platform, last_event_at, last_received_at,
    dateDiff('second', last_received_at, {until:DateTime('UTC')}) AS silent_seconds
FROM sources
ORDER BY last_received_at DESC
