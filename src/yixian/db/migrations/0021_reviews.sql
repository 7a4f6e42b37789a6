-- Reviewers, callers-back and supervisors: when to ring whom, a link to rate with, a second look at what was passed, filters kept.

ALTER TABLE ticket
    ADD COLUMN call_at timestamptz;
COMMENT ON COLUMN ticket.call_at IS 'When its citizen is to be rung next; NULL when nobody is to be, or is not to be rung any more.';
GRANT UPDATE (call_at) ON ticket TO yixian_app;
UPDATE ticket SET call_at = now() WHERE state = 'awaiting_call_back' AND rated_solution IS NULL AND attempts < 3;
-- "Whom to ring now?": the list comes ready sorted; those with no time stand at its end.
CREATE INDEX ticket_to_call ON ticket (call_at, id) INCLUDE (number, rated_solution) WHERE state = 'awaiting_call_back';
-- "What did I do today?"
CREATE INDEX history_by_actor ON history (actor, at)
    WHERE action IN ('pass', 'send_back', 'call_back', 'rate', 'close', 'redo');

CREATE TABLE rating_link (
    token_hash bytea PRIMARY KEY,
    ticket     uuid NOT NULL REFERENCES ticket (id),
    number     text NOT NULL,
    round      integer NOT NULL,
    made_at    timestamptz NOT NULL,
    made_by    text NOT NULL,
    sent_at    timestamptz,
    used_at    timestamptz
);
COMMENT ON TABLE rating_link IS 'A link by which somebody rates one ticket without signing in: once, for seven days.';
COMMENT ON COLUMN rating_link.token_hash IS 'SHA-256 of what stands in the link.';
COMMENT ON COLUMN rating_link.round IS 'Of the ticket, counted from 0: a link of an earlier round rates nothing.';
COMMENT ON COLUMN rating_link.sent_at IS 'When its message left; NULL: it did not, and the link is void.';
CREATE INDEX rating_link_by_ticket ON rating_link (ticket, made_at);
GRANT SELECT, INSERT, UPDATE (sent_at, used_at) ON rating_link TO yixian_app;
ALTER TABLE rating_link ENABLE ROW LEVEL SECURITY;
CREATE POLICY rating_link_seen ON rating_link FOR SELECT TO yixian_app
    USING (acting_scope() IN ('system', 'hotline', 'nobody') OR (acting_scope() = 'citizen' AND number = acting_ticket()));
CREATE POLICY rating_link_made ON rating_link FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
CREATE POLICY rating_link_used ON rating_link FOR UPDATE TO yixian_app
    USING (acting_scope() IN ('system', 'hotline') OR (acting_scope() = 'citizen' AND number = acting_ticket()));

CREATE TABLE second_review (
    ticket    uuid NOT NULL REFERENCES ticket (id),
    version   integer NOT NULL,
    drawn_at  timestamptz NOT NULL,
    reviewer  text NOT NULL,
    looked_at timestamptz,
    looked_by text,
    agrees    boolean,
    words     text NOT NULL DEFAULT '',
    PRIMARY KEY (ticket, version),
    CHECK ((looked_at IS NULL) = (agrees IS NULL)),
    CHECK (looked_by IS DISTINCT FROM reviewer)
);
COMMENT ON TABLE second_review IS 'Answers that were passed and drawn for a second look, by somebody else than who passed them.';
COMMENT ON COLUMN second_review.version IS 'Of the ticket, as it was passed.';
COMMENT ON COLUMN second_review.reviewer IS 'Staff id of who passed it.';
CREATE INDEX second_review_waiting ON second_review (drawn_at, ticket) WHERE looked_at IS NULL;
CREATE INDEX second_review_done ON second_review (looked_by, looked_at) WHERE looked_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE (looked_at, looked_by, agrees, words) ON second_review TO yixian_app;
ALTER TABLE second_review ENABLE ROW LEVEL SECURITY;
CREATE POLICY second_review_of_the_hotline ON second_review TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() IN ('system', 'hotline'));

CREATE TABLE saved_filter (
    id      uuid PRIMARY KEY,
    owner   text NOT NULL,
    name    text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
    query   text NOT NULL CHECK (length(query) <= 2000),
    shared  boolean NOT NULL,
    made_at timestamptz NOT NULL,
    UNIQUE (owner, name)
);
COMMENT ON TABLE saved_filter IS 'A list of tickets that somebody wants to come back to, by its address.';
COMMENT ON COLUMN saved_filter.owner IS 'Staff id.';
COMMENT ON COLUMN saved_filter.query IS 'What the list is narrowed by, as it stands in the address.';
COMMENT ON COLUMN saved_filter.shared IS 'Whether everybody of the hotline has it.';
GRANT SELECT, INSERT, UPDATE (query, shared, made_at), DELETE ON saved_filter TO yixian_app;
ALTER TABLE saved_filter ENABLE ROW LEVEL SECURITY;
CREATE POLICY filter_seen ON saved_filter FOR SELECT TO yixian_app
    USING (acting_scope() = 'system' OR (acting_scope() = 'hotline' AND (shared OR owner = acting_actor())));
CREATE POLICY filter_made ON saved_filter FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() = 'hotline' AND owner = acting_actor());
CREATE POLICY filter_changed ON saved_filter FOR UPDATE TO yixian_app
    USING (acting_scope() = 'hotline' AND owner = acting_actor());
CREATE POLICY filter_dropped ON saved_filter FOR DELETE TO yixian_app
    USING (acting_scope() = 'hotline' AND owner = acting_actor());

-- The supervisor's board: open tickets by state, matter and region under each light, from one index alone.
CREATE INDEX ticket_on_board ON ticket (state, next_due, amber_at, matter, region) WHERE closed_at IS NULL;
-- "Which lists are these?": open tickets of all states by what is owed next, ready sorted.
CREATE INDEX ticket_by_clock ON ticket ((coalesce(next_due, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;
-- "Who was not content?": few of very many.
CREATE INDEX ticket_rated_badly ON ticket (id DESC) WHERE rated_solution < 3;
CREATE FUNCTION board_counts(now timestamptz)
    RETURNS TABLE (by text, code text, light text, count bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    AS $$
WITH open AS (
    SELECT t.state, t.matter, t.region,
           CASE WHEN t.next_due IS NULL THEN 'none'
                WHEN t.next_due < $1 THEN 'red'
                WHEN t.amber_at <= $1 THEN 'amber'
                ELSE 'green' END AS light, count(*) AS n
      FROM ticket t
     WHERE t.closed_at IS NULL
       AND acting_scope() IN ('system', 'hotline')
     GROUP BY 1, 2, 3, 4
)
SELECT CASE WHEN grouping(state) = 0 THEN 'state' WHEN grouping(matter) = 0 THEN 'matter' ELSE 'region' END,
       coalesce(state, matter, region, ''), light, sum(n)::bigint
  FROM open
 GROUP BY GROUPING SETS ((state, light), (matter, light), (region, light))
$$;
COMMENT ON FUNCTION board_counts IS 'Open tickets by state, by matter and by region, each under each light; an empty code where there is none.';

CREATE FUNCTION board_flow(since timestamptz, till timestamptz, zone text)
    RETURNS TABLE (hour integer, opened bigint, dispatched bigint, closed bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    AS $$
SELECT extract(hour FROM h.at AT TIME ZONE $3)::integer,
       count(DISTINCT h.ticket) FILTER (WHERE h.action = 'register'),
       count(DISTINCT h.ticket) FILTER (WHERE h.action = 'dispatch'),
       count(DISTINCT h.ticket) FILTER (WHERE h.target = 'closed' AND h.source <> 'closed')
  FROM history h
 WHERE h.at >= $1
   AND h.at < $2
   AND acting_scope() IN ('system', 'hotline')
   AND (h.action IN ('register', 'dispatch') OR h.target = 'closed')
 GROUP BY 1
$$;
COMMENT ON FUNCTION board_flow IS 'Tickets that were registered, dispatched, closed between two moments, by hour of the day in a zone.';

CREATE FUNCTION tickets_of_flow(since timestamptz, till timestamptz, what text)
    RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    AS $$
SELECT DISTINCT h.ticket
  FROM history h
 WHERE h.at >= $1
   AND h.at < $2
   AND acting_scope() IN ('system', 'hotline')
   AND CASE $3 WHEN 'opened' THEN h.action = 'register'
               WHEN 'dispatched' THEN h.action = 'dispatch'
               ELSE h.target = 'closed' AND h.source <> 'closed' END
$$;
COMMENT ON FUNCTION tickets_of_flow IS 'The tickets behind a number of the day''s flow: `opened`, `dispatched`, `closed`.';
