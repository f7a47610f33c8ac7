-- What operators made of things that have no alert of their own
SELECT item, did, did_by, snoozed_until, assigned_to, notes
FROM item_states
WHERE did_at >= {since:DateTime('UTC')} OR assigned_to != '' OR notes > 0
