-- Contacts, tickets, orders and their history.

CREATE TABLE contact (
    id          uuid NOT NULL,
    at          timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    channel     text NOT NULL,
    source      text NOT NULL DEFAULT '',
    source_id   text NOT NULL DEFAULT '',
    caller      uuid REFERENCES caller (id),
    operator    uuid REFERENCES staff (id),
    language    text NOT NULL,
    kind        text NOT NULL,
    title       text NOT NULL DEFAULT '',
    text        text NOT NULL,
    matter      text REFERENCES matter (code),
    region      text REFERENCES region (code),
    outcome     text NOT NULL CHECK (outcome IN (
                    'answered', 'ticket_opened', 'added_to_ticket', 'transferred', 'legal_route', 'outside_scope', 'abandoned')),
    reason      text NOT NULL DEFAULT '',
    said        text NOT NULL DEFAULT '',
    tickets     text[] NOT NULL DEFAULT '{}',
    reading     jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (at, id),
    -- Whoever is told no is told why; whoever is sent on is told where.
    CHECK (outcome NOT IN ('transferred', 'legal_route', 'outside_scope') OR reason <> ''),
    CHECK (outcome NOT IN ('ticket_opened', 'added_to_ticket') OR cardinality(tickets) > 0)
) PARTITION BY RANGE (at);
COMMENT ON TABLE contact IS 'One interaction over one channel. Every contact ends with a named outcome: the column is never empty.';
COMMENT ON COLUMN contact.at IS 'When it was stored; the partition key, equal to the time in the id to the millisecond.';
COMMENT ON COLUMN contact.received_at IS 'When the resident said it; earlier than `at` for imported contacts.';
COMMENT ON COLUMN contact.reason IS 'For a transfer the line; for a legal route or outside scope the code of the reason.';
CREATE INDEX contact_by_caller ON contact (caller, at DESC) WHERE caller IS NOT NULL;
INSERT INTO partitioned VALUES ('contact');
GRANT SELECT, INSERT ON contact TO yixian_app;
ALTER TABLE contact ENABLE ROW LEVEL SECURITY;
CREATE POLICY contact_of_the_hotline ON contact TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() IN ('system', 'hotline'));

CREATE TABLE idempotency (
    key     text PRIMARY KEY,
    digest  bytea NOT NULL,
    contact uuid NOT NULL,
    at      timestamptz NOT NULL
);
COMMENT ON TABLE idempotency IS 'Which contact a key made; the same key with another body is refused.';
COMMENT ON COLUMN idempotency.digest IS 'SHA-256 of the request''s body.';
GRANT SELECT, INSERT, DELETE ON idempotency TO yixian_app;

CREATE TABLE ticket (
    id              uuid PRIMARY KEY,
    number          text NOT NULL UNIQUE,
    contact         uuid NOT NULL,
    caller          uuid REFERENCES caller (id),
    created_at      timestamptz NOT NULL,
    channel         text NOT NULL,
    kind            text NOT NULL,
    title           text NOT NULL DEFAULT '',
    text            text NOT NULL,
    matter          text REFERENCES matter (code),
    region          text REFERENCES region (code),
    place           text NOT NULL DEFAULT '',
    urgency         text NOT NULL CHECK (urgency IN ('normal', 'urgent', 'critical')),
    audience        text NOT NULL CHECK (audience IN ('person', 'firm')),
    state           text NOT NULL,
    lead            text REFERENCES unit (code),
    responsibility  text REFERENCES responsibility (code),
    basis           text NOT NULL DEFAULT '',
    confidence      real,
    dispatched_by   text NOT NULL DEFAULT '' CHECK (dispatched_by IN ('', 'gate', 'person')),
    suggestions     jsonb NOT NULL DEFAULT '[]',
    hides_identity  boolean NOT NULL DEFAULT false,
    complained_unit text REFERENCES unit (code),
    dispatch_due    timestamptz,
    sign_due        timestamptz,
    contact_due     timestamptz,
    answer_due      timestamptz,
    next_due        timestamptz,
    amber_at        timestamptz,
    warned_at       timestamptz,
    overdue_at      timestamptz,
    first_dispatched_at timestamptz,
    dispatched_at   timestamptz,
    signed_at       timestamptz,
    contacted_at    timestamptz,
    replied_at      timestamptz,
    closed_at       timestamptz,
    answer          text NOT NULL DEFAULT '',
    internal_answer text NOT NULL DEFAULT '',
    returns         integer NOT NULL DEFAULT 0,
    ruled           boolean NOT NULL DEFAULT false,
    extensions      integer NOT NULL DEFAULT 0,
    extension_asked integer,
    extension_reason text NOT NULL DEFAULT '',
    attempts        integer NOT NULL DEFAULT 0,
    rounds          integer NOT NULL DEFAULT 0,
    urged           integer NOT NULL DEFAULT 0,
    supervision     text NOT NULL DEFAULT '' CHECK (supervision IN ('', 'urged', 'listed', 'called_in')),
    rated_response     smallint CHECK (rated_response BETWEEN 1 AND 5),
    rated_solution     smallint CHECK (rated_solution BETWEEN 1 AND 5),
    rated_attitude     smallint CHECK (rated_attitude BETWEEN 1 AND 5),
    rating_words    text NOT NULL DEFAULT '',
    merged_into     uuid REFERENCES ticket (id),
    split_from      uuid REFERENCES ticket (id),
    version         integer NOT NULL DEFAULT 1,
    head            bytea NOT NULL,
    CHECK (state = 'awaiting_dispatch' OR lead IS NOT NULL OR state IN ('merged', 'withdrawn', 'terminated')),
    -- No dispatched ticket without the words it rests on.
    CHECK (dispatched_at IS NULL OR basis <> ''),
    CHECK (state <> 'closed' OR answer <> ''),
    CHECK ((next_due IS NULL) = (amber_at IS NULL))
);
COMMENT ON COLUMN ticket.next_due IS 'What is owed next, out of the four limits; kept by tickets/deadlines.py, NULL when nothing is owed.';
COMMENT ON COLUMN ticket.warned_at IS 'When its people were warned of `next_due`; a new limit takes it away.';
COMMENT ON COLUMN ticket.answer_due IS 'When the answer is owed, UTC; computed in working time from the moment of dispatch.';
COMMENT ON COLUMN ticket.head IS 'Hash of the newest row of this ticket''s history; the next row builds on it.';
COMMENT ON COLUMN ticket.complained_unit IS 'The unit that the caller complains of: it never learns who called.';
COMMENT ON COLUMN ticket.extension_asked IS 'Working days asked for and not yet decided.';
COMMENT ON COLUMN ticket.rounds IS 'How often it was opened again: shown as -01, -02 behind the number.';

CREATE TABLE unit_order (
    id          uuid PRIMARY KEY,
    ticket      uuid NOT NULL REFERENCES ticket (id),
    unit        text NOT NULL REFERENCES unit (code),
    unit_path   text NOT NULL,
    role        text NOT NULL CHECK (role IN ('lead', 'co', 'panel')),
    since       timestamptz NOT NULL,
    due         timestamptz,
    ended_at    timestamptz,
    ended_how   text NOT NULL DEFAULT '',
    part        text NOT NULL DEFAULT '',
    part_at     timestamptz
);
-- At most one unit leads a ticket at any time; two dispatchers who click at once cannot both win.
CREATE UNIQUE INDEX live_lead_order ON unit_order (ticket) WHERE role = 'lead' AND ended_at IS NULL;
CREATE UNIQUE INDEX live_order_of_a_unit ON unit_order (ticket, unit, role) WHERE ended_at IS NULL;
-- "What does this unit, with all below it, have in hand?": a range of paths.
CREATE INDEX live_order_by_path ON unit_order (unit_path text_pattern_ops, ticket) WHERE ended_at IS NULL;
-- "What has it brought to an end?"
CREATE INDEX ended_order_by_path ON unit_order (unit_path text_pattern_ops, ticket DESC) WHERE ended_how IN ('closed', 'merge', 'withdraw', 'terminate');
CREATE INDEX order_by_ticket ON unit_order (ticket, since);

-- What somebody may still have to do: lists by clock.
CREATE INDEX ticket_by_state_and_clock ON ticket (state, (coalesce(next_due, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;
CREATE INDEX ticket_to_warn_of ON ticket (amber_at) WHERE warned_at IS NULL AND amber_at IS NOT NULL;
CREATE INDEX ticket_to_mark ON ticket (next_due) WHERE overdue_at IS NULL AND next_due IS NOT NULL;
CREATE INDEX ticket_open_by_caller ON ticket (caller, created_at DESC) WHERE caller IS NOT NULL;
CREATE INDEX ticket_open_by_matter_and_place ON ticket (matter, region, created_at) WHERE closed_at IS NULL;
CREATE INDEX ticket_merged ON ticket (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE history (
    ticket   uuid NOT NULL,
    seq      integer NOT NULL CHECK (seq > 0),
    at       timestamptz NOT NULL,
    actor    text NOT NULL,
    role     text NOT NULL,
    unit     text NOT NULL DEFAULT '',
    action   text NOT NULL,
    source   text NOT NULL,
    target   text NOT NULL,
    note     text NOT NULL DEFAULT '',
    detail   jsonb NOT NULL DEFAULT '{}',
    public   boolean NOT NULL DEFAULT false,
    previous bytea NOT NULL,
    hash     bytea NOT NULL,
    PRIMARY KEY (ticket, seq, at)
) PARTITION BY RANGE (at);
COMMENT ON COLUMN history.hash IS 'SHA-256 over the row and `previous`, the hash of the ticket''s row before it: see tickets/history.py.';
COMMENT ON COLUMN history.public IS 'Whether the citizen sees this step.';
CREATE INDEX history_by_time ON history (at, ticket, seq);
INSERT INTO partitioned VALUES ('history');
CREATE TRIGGER history_is_history BEFORE UPDATE OR DELETE ON history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_is_history_whole BEFORE TRUNCATE ON history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE seal (
    hour     timestamptz PRIMARY KEY,
    rows     bigint NOT NULL,
    root     bytea NOT NULL,
    previous bytea NOT NULL,
    made_at  timestamptz NOT NULL
);
COMMENT ON TABLE seal IS 'One root over all rows of history of an hour, built on the root before: a removed ticket shows.';
CREATE TRIGGER seal_is_history BEFORE UPDATE OR DELETE ON seal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seal_is_history_whole BEFORE TRUNCATE ON seal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A row that arrives in an hour that is sealed would break the seal: it is refused, and the change with it.
CREATE FUNCTION refuse_sealed_hour() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    AS $$
BEGIN
    IF EXISTS (SELECT FROM seal WHERE hour = date_trunc('hour', NEW.at, 'UTC')) THEN
        RAISE EXCEPTION 'The hour % is sealed.', date_trunc('hour', NEW.at, 'UTC');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER history_not_in_a_sealed_hour BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION refuse_sealed_hour();

CREATE TABLE lookup_failure (
    number text NOT NULL,
    at     timestamptz NOT NULL
);
COMMENT ON TABLE lookup_failure IS 'Wrong check codes: after ten in an hour a number is closed to look-ups for that hour.';
CREATE INDEX lookup_failure_by_number ON lookup_failure (number, at);
GRANT SELECT, INSERT, DELETE ON lookup_failure TO yixian_app;

CREATE TABLE notice (
    id      uuid PRIMARY KEY,
    ticket  uuid NOT NULL,
    caller  uuid,
    at      timestamptz NOT NULL,
    kind    text NOT NULL,
    text    text NOT NULL,
    sent_at timestamptz
);
COMMENT ON TABLE notice IS 'What a citizen is to be told; a channel sends it.';
CREATE INDEX notice_waiting ON notice (at) WHERE sent_at IS NULL;
CREATE INDEX notice_by_ticket ON notice (ticket, at);
GRANT SELECT, INSERT, UPDATE ON notice TO yixian_app;
ALTER TABLE notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY notice_of_the_hotline ON notice TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() IN ('system', 'hotline'));

-- Who may see a ticket. One function, so that a ticket, its orders, its history and its caller never disagree.
-- It runs as the owner: asking unit_order under unit_order's own policy would go round in circles.
CREATE FUNCTION unit_sees(ticket uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT EXISTS (
       SELECT
         FROM unit_order o
        WHERE o.ticket = $1
          AND (o.ended_at IS NULL OR o.ended_how IN ('closed', 'merge', 'withdraw', 'terminate'))
          AND starts_with(o.unit_path, acting_path()))
$$;
COMMENT ON FUNCTION unit_sees IS 'What a unit has in hand, and what it has brought to an end; not what it returned or what was taken from it.';

ALTER TABLE ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY ticket_seen ON ticket FOR SELECT TO yixian_app
    USING (CASE acting_scope()
           WHEN 'system' THEN true
           WHEN 'hotline' THEN true
           WHEN 'unit' THEN unit_sees(id)
           WHEN 'citizen' THEN number = acting_ticket()
           ELSE false END);
CREATE POLICY ticket_changed ON ticket FOR UPDATE TO yixian_app
    USING (CASE acting_scope()
           WHEN 'system' THEN true
           WHEN 'hotline' THEN true
           WHEN 'unit' THEN unit_sees(id)
           WHEN 'citizen' THEN number = acting_ticket()
           ELSE false END);
CREATE POLICY ticket_opened ON ticket FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() IN ('system', 'hotline'));
-- Who called, what they said, and whether they are to be hidden is never changed by a step.
GRANT SELECT, INSERT, UPDATE (
    kind, matter, region, place, urgency, state, lead, responsibility, basis, confidence, dispatched_by,
    suggestions, dispatch_due, sign_due, contact_due, answer_due, next_due, amber_at, warned_at, overdue_at,
    first_dispatched_at, dispatched_at, signed_at, contacted_at, replied_at, closed_at, answer, internal_answer,
    returns, ruled, extensions, extension_asked, extension_reason, attempts, rounds, urged, supervision,
    rated_response, rated_solution, rated_attitude, rating_words, merged_into, version, head
) ON ticket TO yixian_app;

ALTER TABLE unit_order ENABLE ROW LEVEL SECURITY;
CREATE POLICY order_seen ON unit_order FOR SELECT TO yixian_app
    USING (CASE acting_scope()
           WHEN 'system' THEN true
           WHEN 'hotline' THEN true
           WHEN 'unit' THEN starts_with(unit_path, acting_path()) OR unit_sees(ticket)
           WHEN 'citizen' THEN ticket IN (SELECT t.id FROM ticket t WHERE t.number = acting_ticket())
           ELSE false END);
-- An order that a unit gave back is out of its hands: it cannot bring it back to life.
CREATE POLICY order_changed ON unit_order FOR UPDATE TO yixian_app
    USING (CASE acting_scope()
           WHEN 'system' THEN true
           WHEN 'hotline' THEN true
           WHEN 'unit' THEN unit_sees(ticket)
           WHEN 'citizen' THEN ticket IN (SELECT t.id FROM ticket t WHERE t.number = acting_ticket())
           ELSE false END);
CREATE POLICY order_made ON unit_order FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() IN ('system', 'hotline')
                OR (acting_scope() = 'unit' AND unit_sees(ticket))
                OR (acting_scope() = 'citizen' AND ticket IN (SELECT t.id FROM ticket t WHERE t.number = acting_ticket())));
GRANT SELECT, INSERT, UPDATE (ended_at, ended_how, part, part_at) ON unit_order TO yixian_app;

ALTER TABLE history ENABLE ROW LEVEL SECURITY;
CREATE POLICY history_seen ON history FOR SELECT TO yixian_app
    USING (CASE acting_scope()
           WHEN 'system' THEN true
           WHEN 'hotline' THEN true
           WHEN 'unit' THEN unit_sees(ticket)
           WHEN 'citizen' THEN public AND ticket IN (SELECT t.id FROM ticket t WHERE t.number = acting_ticket())
           ELSE false END);
CREATE POLICY history_written ON history FOR INSERT TO yixian_app
    WITH CHECK (CASE acting_scope()
                WHEN 'system' THEN true
                WHEN 'hotline' THEN true
                WHEN 'unit' THEN unit_sees(ticket)
                WHEN 'citizen' THEN ticket IN (SELECT t.id FROM ticket t WHERE t.number = acting_ticket())
                ELSE false END);
GRANT SELECT, INSERT ON history TO yixian_app;
GRANT SELECT, INSERT ON seal TO yixian_app;

-- A unit sees the caller of a ticket it has in hand, unless the caller asked for secrecy or complains of that very unit.
CREATE FUNCTION unit_sees_caller(caller uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT EXISTS (
       SELECT
         FROM ticket t
         JOIN unit_order o ON o.ticket = t.id AND o.ended_at IS NULL AND starts_with(o.unit_path, acting_path())
         LEFT JOIN unit c ON c.code = t.complained_unit
        WHERE t.caller = $1
          AND NOT t.hides_identity
          AND (c.code IS NULL OR NOT starts_with(acting_path(), c.path)))
$$;
CREATE POLICY caller_of_a_unit ON caller FOR SELECT TO yixian_app
    USING (acting_scope() = 'unit' AND unit_sees_caller(id));
