-- One event, many callers: what a ticket says as numbers, which tickets belong together, and who was told of it.

-- In these policies the scope is asked for once a statement, not once a row: a look-up touches hundreds of rows.
CREATE TABLE ticket_group (
    id              uuid PRIMARY KEY,
    made_at         timestamptz NOT NULL,
    matter          text REFERENCES matter (code),
    region          text REFERENCES region (code),
    name            text NOT NULL DEFAULT '',
    numbers         text[] NOT NULL DEFAULT '{}',
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    tickets         integer NOT NULL,
    callers         integer NOT NULL,
    anonymous       integer NOT NULL,
    raised          integer NOT NULL DEFAULT 0,
    raised_at       timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by text,
    dismissed_at    timestamptz,
    dismissed_by    text,
    main            uuid REFERENCES ticket (id),
    CHECK ((raised = 0) = (raised_at IS NULL))
);
COMMENT ON TABLE ticket_group IS 'Tickets about one event, found by the worker or put together by a person.';
COMMENT ON COLUMN ticket_group.numbers IS 'House numbers, buildings, phases and bus lines that its tickets name: who names others never joins.';
COMMENT ON COLUMN ticket_group.callers IS 'Different callers who can be told apart; who cannot counts in `anonymous`.';
COMMENT ON COLUMN ticket_group.raised IS 'The highest number of callers that was reported to the supervisors: 5, 10, 20, 50 and so on; 0: none.';
COMMENT ON COLUMN ticket_group.acknowledged_at IS 'When a supervisor took note of the newest alert; a higher one takes it away.';
CREATE INDEX group_raised ON ticket_group (raised_at DESC, id DESC) WHERE raised > 0;
CREATE INDEX group_by_time ON ticket_group (last_at DESC, id DESC);
GRANT SELECT, INSERT, UPDATE ON ticket_group TO yixian_app;
ALTER TABLE ticket_group ENABLE ROW LEVEL SECURITY;
CREATE POLICY group_of_the_hotline ON ticket_group TO yixian_app
    USING ((SELECT acting_scope()) IN ('system', 'hotline'))
    WITH CHECK ((SELECT acting_scope()) IN ('system', 'hotline'));

CREATE TABLE ticket_tie (
    ticket    uuid PRIMARY KEY REFERENCES ticket (id),
    at        timestamptz NOT NULL,
    caller    uuid,
    member_of uuid REFERENCES ticket_group (id),
    apart     uuid[] NOT NULL DEFAULT '{}',
    repeats   integer NOT NULL DEFAULT 0,
    repeat_of uuid REFERENCES ticket (id)
);
COMMENT ON TABLE ticket_tie IS 'What ties a ticket to others: the group it belongs to, and the caller''s own tickets that were closed before it.';
COMMENT ON COLUMN ticket_tie.caller IS 'Who can be told apart by telephone or identity number; NULL: anonymous.';
COMMENT ON COLUMN ticket_tie.apart IS 'Groups that somebody took it out of: it stays out.';
COMMENT ON COLUMN ticket_tie.repeats IS 'How many tickets of the same caller about the same matter were closed in the thirty days before it.';
CREATE INDEX tie_by_group ON ticket_tie (member_of, at) WHERE member_of IS NOT NULL;
GRANT SELECT, INSERT, UPDATE (member_of, apart) ON ticket_tie TO yixian_app;
ALTER TABLE ticket_tie ENABLE ROW LEVEL SECURITY;
CREATE POLICY tie_of_the_hotline ON ticket_tie TO yixian_app
    USING ((SELECT acting_scope()) IN ('system', 'hotline'))
    WITH CHECK ((SELECT acting_scope()) IN ('system', 'hotline'));

CREATE TABLE ticket_print (
    ticket  uuid PRIMARY KEY REFERENCES ticket (id),
    at      timestamptz NOT NULL,
    matter  text,
    topics  text[] NOT NULL,
    regions text[] NOT NULL,
    head    integer[] NOT NULL,
    words   integer[] NOT NULL,
    names   text[] NOT NULL,
    numbers text[] NOT NULL,
    keys    integer[] NOT NULL
);
COMMENT ON TABLE ticket_print IS 'What a ticket says, as it is compared with the next ones (language/sameness.py); forgotten when nothing can join it any more.';
CREATE INDEX print_by_time ON ticket_print (at);
GRANT SELECT, INSERT, DELETE ON ticket_print TO yixian_app;
ALTER TABLE ticket_print ENABLE ROW LEVEL SECURITY;
CREATE POLICY print_of_the_hotline ON ticket_print TO yixian_app
    USING ((SELECT acting_scope()) IN ('system', 'hotline'))
    WITH CHECK ((SELECT acting_scope()) IN ('system', 'hotline'));

-- A new ticket asks for the newest tickets under each of its sixteen keys: so many look-ups, however many tickets there are.
CREATE TABLE ticket_print_key (
    key    integer NOT NULL,
    at     timestamptz NOT NULL,
    ticket uuid NOT NULL,
    PRIMARY KEY (key, at, ticket)
);
COMMENT ON TABLE ticket_print_key IS 'The rare stretches and names by which tickets of one event find each other.';
CREATE INDEX print_key_by_time ON ticket_print_key (at);
GRANT SELECT, INSERT, DELETE ON ticket_print_key TO yixian_app;
ALTER TABLE ticket_print_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY print_key_of_the_hotline ON ticket_print_key TO yixian_app
    USING ((SELECT acting_scope()) IN ('system', 'hotline'))
    WITH CHECK ((SELECT acting_scope()) IN ('system', 'hotline'));

-- Past the policy on the keys, which would hide from the planner that twenty rows a key are enough; the scope is asked for once instead.
-- ROWS: believing in a thousand, the planner would read whole tables to find thirty tickets.
CREATE FUNCTION tickets_by_keys(messages integer[], keys integer[], since timestamptz, per_key integer, most integer)
    RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public ROWS 30
    AS $$
SELECT DISTINCT ticket
  FROM (SELECT wanted.message, k.ticket,
               row_number() OVER (PARTITION BY wanted.message ORDER BY count(*) DESC, max(k.at) DESC) AS place
          FROM unnest(messages, keys) AS wanted (message, key)
         CROSS JOIN LATERAL (
               SELECT ticket, at
                 FROM ticket_print_key
                WHERE key = wanted.key
                  AND at > since
                ORDER BY at DESC
                LIMIT per_key) k
         WHERE (SELECT acting_scope()) IN ('system', 'hotline')
         GROUP BY wanted.message, k.ticket) AS ranked
 WHERE place <= most
$$;
COMMENT ON FUNCTION tickets_by_keys IS 'For each message, given by its keys, the newest tickets that share most of them.';

CREATE TABLE group_history (
    id        uuid PRIMARY KEY,
    member_of uuid NOT NULL REFERENCES ticket_group (id),
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    deed      text NOT NULL,
    note      text NOT NULL DEFAULT '',
    detail    jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE group_history IS 'What was done with a group, by whom and why.';
CREATE INDEX group_history_by_group ON group_history (member_of, at);
CREATE TRIGGER group_history_is_history BEFORE UPDATE OR DELETE ON group_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER group_history_is_history_whole BEFORE TRUNCATE ON group_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON group_history TO yixian_app;
ALTER TABLE group_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY group_history_of_the_hotline ON group_history TO yixian_app
    USING ((SELECT acting_scope()) IN ('system', 'hotline'))
    WITH CHECK ((SELECT acting_scope()) IN ('system', 'hotline'));

-- A unit learns how many reported the same as its ticket, and how often this caller came back; never who, nor which tickets.
CREATE FUNCTION ticket_ties(number text, OUT callers integer, OUT tickets integer, OUT repeats integer)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT coalesce(g.callers + g.anonymous, 0), coalesce(g.tickets, 0), coalesce(i.repeats, 0)
  FROM ticket t
  JOIN ticket_tie i ON i.ticket = t.id
  LEFT JOIN ticket_group g ON g.id = i.member_of
 WHERE t.number = $1
   AND (acting_scope() IN ('system', 'hotline') OR (acting_scope() = 'unit' AND unit_sees(t.id)))
$$;
COMMENT ON FUNCTION ticket_ties IS 'Numbers about a ticket that the acting person sees.';
