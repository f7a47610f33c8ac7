-- Members to win back: the likeliest to fall silent or leave, with why
SELECT platform, group_id, user_id, user_name, role, risk, risk_reasons, messages_28d, last_message_at
FROM members
WHERE {{chosen}} AND risk IS NOT NULL AND left_at IS NULL AND NOT is_staff AND NOT is_bot
ORDER BY risk DESC, messages_28d DESC, platform, group_id, user_id
LIMIT 200
