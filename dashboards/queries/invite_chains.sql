-- Whom an invitation leads to in the end: brought by somebody, by those, and so on
-- direct: brought by themselves; in_all: with those whom these brought, each of whom joined later than who brought them;
-- generations: how many invitations deep that goes (20 at most).
WITH RECURSIVE chain AS
(
    SELECT platform, group_id, inviter_id, inviter AS ancestor, invited_at, 1 AS depth
    FROM invites
    WHERE {{chosen}} AND invited_at >= {since:DateTime('UTC')} AND invited_at < {until:DateTime('UTC')}
    UNION ALL
    SELECT e.platform, e.group_id, e.inviter_id, e.inviter AS ancestor, e.invited_at, c.depth + 1 AS depth
    FROM chain AS c
    INNER JOIN
    (
        SELECT platform, group_id, inviter_id, inviter, invited_at, member
        FROM invites
        WHERE {{chosen}} AND invited_at >= {since:DateTime('UTC')} AND invited_at < {until:DateTime('UTC')}
    ) AS e ON e.member = c.ancestor
    WHERE e.invited_at < c.invited_at AND c.depth < 20
)
SELECT platform, group_id, inviter_id, countIf(depth = 1) AS direct, count() AS in_all, max(depth) AS generations
FROM chain
GROUP BY platform, group_id, inviter_id
ORDER BY in_all DESC, direct DESC, platform, group_id, inviter_id
LIMIT 100
