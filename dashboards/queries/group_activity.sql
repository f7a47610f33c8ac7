-- One community as it goes: the last hour's figures, minute by minute, over two days
SELECT
    window_end, messages, speakers, members, reply_rate, first_response_p50, first_response_p90, top5_share,
    effective_speakers, key_people
FROM activity
WHERE window = '1h' AND platform = {platform:String} AND group_id = {group_id:String}
    AND window_end > {until:DateTime('UTC')} - INTERVAL 2 DAY AND window_end <= {until:DateTime('UTC')}
ORDER BY window_end
