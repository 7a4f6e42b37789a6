-- Lists and desks in time: what a branch of units has in hand, however much; counts that stop at a bound; who keeps a waiting ticket.

-- "What does this branch have in hand?" is answered from two indexes alone: its live orders, and what lists are narrowed by.
DROP INDEX live_order_by_path;
CREATE INDEX live_order_by_path ON unit_order (unit_path text_pattern_ops, ticket) INCLUDE (role, part_at) WHERE ended_at IS NULL;
CREATE INDEX ticket_open ON ticket (id)
    INCLUDE (state, next_due, amber_at, contacted_at, replied_at, caller, matter, region, campaign, urgency)
    WHERE closed_at IS NULL;
-- Few of many: answers that were sent back; parts and opinions that are still awaited; what came back; what cannot wait.
CREATE INDEX ticket_sent_back ON ticket ((coalesce(next_due, 'infinity'::timestamptz)), id)
    WHERE closed_at IS NULL AND replied_at IS NOT NULL AND state IN ('handling', 'joint_review');
CREATE INDEX order_assisting ON unit_order (unit_path text_pattern_ops, ticket)
    WHERE ended_at IS NULL AND (role = 'panel' OR (role = 'co' AND part_at IS NULL));
CREATE INDEX ticket_returned ON ticket ((coalesce(next_due, 'infinity'::timestamptz)), id)
    WHERE closed_at IS NULL AND state = 'awaiting_dispatch' AND returns > 0;
CREATE INDEX ticket_critical ON ticket ((coalesce(next_due, 'infinity'::timestamptz)), id)
    WHERE closed_at IS NULL AND state = 'awaiting_dispatch' AND urgency = 'critical';
CREATE INDEX parking_live ON parking (until) INCLUDE (ticket, version) WHERE ended_at IS NULL;

-- Nine tickets of ten are over, and none of those stands in an open state: without this, the planner takes the open ones of a state for a
-- tenth of what they are, and sorts what an index has sorted already.
CREATE STATISTICS ticket_open_states (mcv) ON state, closed_at FROM ticket;

-- What the acting unit's branch has in hand, as `unit_sees` says, but decided once for a list and not once for each of its tickets:
-- the views belong to the owner and hold the rule themselves. Who acts for no unit finds nothing in them.
CREATE FUNCTION acting_path_end() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT left(acting_path(), -1) || '0' $$;
COMMENT ON FUNCTION acting_path_end IS 'The first text after all that begin with the acting path: a path ends in a slash, which 0 follows.';

-- From the orders to the tickets: for branches that have few enough.
CREATE VIEW hand_by_order AS
SELECT t.*, h.leads, h.helps, h.assists
  FROM (SELECT o.ticket, bool_or(o.role = 'lead') AS leads, bool_or(o.role = 'co') AS helps,
               bool_or(o.role = 'panel' OR (o.role = 'co' AND o.part_at IS NULL)) AS assists
          FROM unit_order o
         WHERE o.ended_at IS NULL
           AND acting_scope() = 'unit'
           AND o.unit_path ~>=~ acting_path()
           AND o.unit_path ~<~ acting_path_end()
         GROUP BY o.ticket) h
 CROSS JOIN LATERAL (
       SELECT t.id, t.number, t.state, t.kind, t.urgency, t.channel, t.matter, t.region, t.campaign, t.special, t.lead, t.caller,
              t.supervision, t.urged, t.returns, t.extension_asked, t.created_at, t.contacted_at, t.replied_at, t.closed_at, t.next_due,
              t.amber_at, t.rated_solution, t.version
         FROM ticket t
        WHERE t.id = h.ticket
          AND t.closed_at IS NULL
       -- Each by its id: the planner cannot know how few a branch has, and would look at everybody's.
       OFFSET 0) t;
COMMENT ON VIEW hand_by_order IS 'What the acting unit''s branch has in hand, found by its orders.';
GRANT SELECT ON hand_by_order TO yixian_app;

CREATE VIEW hand_assisting AS
SELECT t.*, h.leads, h.helps, h.assists
  FROM (SELECT o.ticket, false AS leads, bool_or(o.role = 'co') AS helps, true AS assists
          FROM unit_order o
         WHERE o.ended_at IS NULL
           AND (o.role = 'panel' OR (o.role = 'co' AND o.part_at IS NULL))
           AND acting_scope() = 'unit'
           AND o.unit_path ~>=~ acting_path()
           AND o.unit_path ~<~ acting_path_end()
         GROUP BY o.ticket) h
 CROSS JOIN LATERAL (
       SELECT t.id, t.number, t.state, t.kind, t.urgency, t.channel, t.matter, t.region, t.campaign, t.special, t.lead, t.caller,
              t.supervision, t.urged, t.returns, t.extension_asked, t.created_at, t.contacted_at, t.replied_at, t.closed_at, t.next_due,
              t.amber_at, t.rated_solution, t.version
         FROM ticket t
        WHERE t.id = h.ticket
          AND t.closed_at IS NULL
       -- Each by its id: the planner cannot know how few a branch has, and would look at everybody's.
       OFFSET 0) t;
COMMENT ON VIEW hand_assisting IS 'Of what the acting unit''s branch has in hand, what still waits for its part or opinion, found by those orders.';
GRANT SELECT ON hand_assisting TO yixian_app;

-- From the tickets, in the order of whatever index serves, to their orders: for branches that have so many that most tickets are theirs.
CREATE VIEW hand_by_clock AS
SELECT t.*, h.leads, h.helps, h.assists
  FROM (SELECT t.id, t.number, t.state, t.kind, t.urgency, t.channel, t.matter, t.region, t.campaign, t.special, t.lead, t.caller,
              t.supervision, t.urged, t.returns, t.extension_asked, t.created_at, t.contacted_at, t.replied_at, t.closed_at, t.next_due,
              t.amber_at, t.rated_solution, t.version
          FROM ticket t
         WHERE t.closed_at IS NULL) t
 CROSS JOIN LATERAL (
       SELECT count(*) AS orders, bool_or(o.role = 'lead') AS leads, bool_or(o.role = 'co') AS helps,
              bool_or(o.role = 'panel' OR (o.role = 'co' AND o.part_at IS NULL)) AS assists
         FROM unit_order o
        WHERE o.ticket = t.id
          AND o.ended_at IS NULL
          AND acting_scope() = 'unit'
          AND starts_with(o.unit_path, acting_path())) h
 WHERE h.orders > 0;
COMMENT ON VIEW hand_by_clock IS 'The same, found by the tickets in the order of an index: for a list that stops early.';
GRANT SELECT ON hand_by_clock TO yixian_app;

-- What a reviewer did today: a bad rating may be referred to joint review.
DROP INDEX history_by_actor;
CREATE INDEX history_by_actor ON history (actor, at)
    WHERE action IN ('pass', 'send_back', 'call_back', 'rate', 'close', 'redo', 'refer');

-- A dispatcher may keep what waits, or hand it over: who keeps it is the ticket's, every handing over is a step of its history.
ALTER TABLE ticket
    ADD COLUMN keeper text;
COMMENT ON COLUMN ticket.keeper IS 'Staff id of the dispatcher who keeps it while it waits; NULL: whoever comes to it first.';
GRANT UPDATE (keeper) ON ticket TO yixian_app;
CREATE INDEX ticket_kept ON ticket (keeper, id) WHERE keeper IS NOT NULL;
