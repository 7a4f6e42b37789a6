-- Leaders answer (接听日): sessions planned and published in advance, the calls that are handed over to them, and what was promised.
-- And consultation before a first dispatch (会商): units asked at once whether a ticket is theirs.

CREATE TABLE answering_session (
    id            uuid PRIMARY KEY,
    unit          text NOT NULL REFERENCES unit (code),
    unit_path     text NOT NULL,
    leader        text NOT NULL CHECK (leader <> ''),
    day           date NOT NULL,
    starts_at     timestamptz NOT NULL,
    ends_at       timestamptz NOT NULL,
    matters       text[] NOT NULL DEFAULT '{}',
    regions       text[] NOT NULL DEFAULT '{}',
    seats         integer NOT NULL CHECK (seats BETWEEN 1 AND 50),
    note          text NOT NULL DEFAULT '',
    state         text NOT NULL DEFAULT 'planned' CHECK (state IN ('planned', 'published', 'cancelled')),
    planned_at    timestamptz NOT NULL,
    planned_by    text NOT NULL,
    published_at  timestamptz,
    cancelled_at  timestamptz,
    cancelled_why text NOT NULL DEFAULT '',
    version       integer NOT NULL DEFAULT 1,
    CHECK (starts_at < ends_at),
    CHECK (state <> 'published' OR published_at IS NOT NULL),
    CHECK ((state = 'cancelled') = (cancelled_at IS NOT NULL AND cancelled_why <> ''))
);
COMMENT ON TABLE answering_session IS 'Hours in which the leader of a unit answers calls. Planned, published, held; never changed once published, only cancelled with a reason.';
COMMENT ON COLUMN answering_session.leader IS 'The title of who answers, never a name.';
COMMENT ON COLUMN answering_session.matters IS 'Codes of matters, leaves or branches, that it is about; empty: whatever the responsibility list gives to the unit.';
COMMENT ON COLUMN answering_session.seats IS 'How many calls may wait for it or be in hand at once.';
CREATE INDEX answering_session_by_time ON answering_session (starts_at DESC, id DESC);
CREATE INDEX answering_session_published ON answering_session (ends_at) WHERE state = 'published';
GRANT SELECT, INSERT, UPDATE (state, published_at, cancelled_at, cancelled_why, version) ON answering_session TO yixian_app;
ALTER TABLE answering_session ENABLE ROW LEVEL SECURITY;
-- What is published is public: residents read it before they call.
CREATE POLICY answering_session_seen ON answering_session FOR SELECT TO yixian_app
    USING (state <> 'planned' OR acting_scope() IN ('system', 'hotline') OR (acting_scope() = 'unit' AND starts_with(unit_path, acting_path())));
CREATE POLICY answering_session_planned ON answering_session FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() IN ('system', 'hotline'));
CREATE POLICY answering_session_moved ON answering_session FOR UPDATE TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'));

CREATE TABLE answering_call (
    id            uuid PRIMARY KEY,
    session       uuid NOT NULL REFERENCES answering_session (id),
    unit_path     text NOT NULL,
    ticket        uuid NOT NULL REFERENCES ticket (id),
    number        text NOT NULL,
    how           text NOT NULL CHECK (how IN ('handed', 'early', 'overflow')),
    offered_at    timestamptz NOT NULL,
    state         text NOT NULL CHECK (state IN ('waiting', 'taken', 'answered', 'promised', 'passed_on', 'missed', 'overflowed')),
    matter        text REFERENCES matter (code),
    region        text REFERENCES region (code),
    place         text NOT NULL DEFAULT '',
    title         text NOT NULL DEFAULT '',
    text          text NOT NULL,
    taken_at      timestamptz,
    taken_by      text NOT NULL DEFAULT '',
    ended_at      timestamptz,
    result        text NOT NULL DEFAULT '',
    promised_unit text REFERENCES unit (code),
    promised_day  date,
    promised_till timestamptz,
    UNIQUE (session, ticket),
    CHECK ((how = 'overflow') = (state = 'overflowed')),
    CHECK (state NOT IN ('taken', 'answered', 'promised', 'passed_on') OR taken_at IS NOT NULL),
    CHECK ((state IN ('waiting', 'taken')) = (ended_at IS NULL)),
    CHECK (state NOT IN ('answered', 'promised', 'passed_on') OR result <> ''),
    CHECK ((state = 'promised') = (promised_unit IS NOT NULL AND promised_day IS NOT NULL AND promised_till IS NOT NULL))
);
COMMENT ON TABLE answering_call IS 'A call that was handed over to a leader, or a question left beforehand. The ticket exists from the start: what nobody takes goes on like any other. What it said is kept as it was; who called is not here.';
COMMENT ON COLUMN answering_call.how IS 'handed: by an operator while it ran; early: left beforehand; overflow: all seats were busy.';
COMMENT ON COLUMN answering_call.state IS 'waiting, taken; then answered at once, promised, passed_on (went the ordinary way), missed (nobody took it), or overflowed.';
COMMENT ON COLUMN answering_call.promised_till IS 'The end of the promised day in the city''s zone, UTC.';
CREATE INDEX answering_call_by_session ON answering_call (session, state, offered_at);
CREATE INDEX answering_call_by_ticket ON answering_call (ticket);
CREATE INDEX answering_call_live ON answering_call (unit_path text_pattern_ops, offered_at) WHERE ended_at IS NULL;
-- Whoever has a call in hand finishes it before taking the next.
CREATE UNIQUE INDEX answering_call_in_hand ON answering_call (session, taken_by) WHERE state = 'taken';
GRANT SELECT, INSERT, UPDATE (state, taken_at, taken_by, ended_at, result, promised_unit, promised_day, promised_till) ON answering_call TO yixian_app;
ALTER TABLE answering_call ENABLE ROW LEVEL SECURITY;
CREATE POLICY answering_call_seen ON answering_call FOR SELECT TO yixian_app
    USING (acting_scope() IN ('system', 'hotline') OR (acting_scope() = 'unit' AND starts_with(unit_path, acting_path())));
CREATE POLICY answering_call_offered ON answering_call FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() IN ('system', 'hotline'));
-- A call is taken and ended by the session's own unit; the hotline ends what waits for a session that it cancels.
CREATE POLICY answering_call_moved ON answering_call FOR UPDATE TO yixian_app
    USING (acting_scope() = 'system' OR (acting_scope() = 'hotline' AND state = 'waiting')
           OR (acting_scope() = 'unit' AND unit_path = acting_path()))
    WITH CHECK (true);

ALTER TABLE ticket
    ADD COLUMN session uuid REFERENCES answering_session (id);
COMMENT ON COLUMN ticket.session IS 'The leaders'' answering session that its call was handed over to.';

-- Consultation (会商): a dispatcher who cannot tell asks units at once; the ticket goes on waiting for dispatch, its clock running.
CREATE TABLE consultation (
    id         uuid PRIMARY KEY,
    ticket     uuid NOT NULL REFERENCES ticket (id),
    number     text NOT NULL,
    asked_at   timestamptz NOT NULL,
    asked_by   text NOT NULL,
    question   text NOT NULL CHECK (question <> ''),
    due        timestamptz NOT NULL,
    matter     text REFERENCES matter (code),
    region     text REFERENCES region (code),
    place      text NOT NULL DEFAULT '',
    title      text NOT NULL DEFAULT '',
    text       text NOT NULL,
    overdue_at timestamptz,
    ended_at   timestamptz,
    ended_how  text NOT NULL DEFAULT '' CHECK (ended_how IN ('', 'dispatched', 'lapsed')),
    lead       text REFERENCES unit (code),
    seq        integer,
    CHECK ((ended_at IS NULL) = (ended_how = '')),
    CHECK ((ended_how = 'dispatched') = (lead IS NOT NULL AND seq IS NOT NULL))
);
COMMENT ON TABLE consultation IS 'Units asked before the first dispatch whether a ticket is theirs. Nobody waits for it: the dispatcher may dispatch at any time.';
COMMENT ON COLUMN consultation.lead IS 'The unit that the ticket was dispatched to, with step `seq` of its history.';
CREATE UNIQUE INDEX open_consultation_of_a_ticket ON consultation (ticket) WHERE ended_at IS NULL;
CREATE INDEX consultation_by_ticket ON consultation (ticket, asked_at);
CREATE INDEX consultation_by_number ON consultation (number);
CREATE INDEX consultation_by_clock ON consultation (due, id) WHERE ended_at IS NULL;
CREATE INDEX consultation_ended ON consultation (id DESC) WHERE ended_at IS NOT NULL;

CREATE TABLE consultation_seat (
    consultation uuid NOT NULL REFERENCES consultation (id),
    unit         text NOT NULL REFERENCES unit (code),
    unit_path    text NOT NULL,
    said         text CHECK (said IN ('yes', 'no', 'partly')),
    basis        text NOT NULL DEFAULT '',
    words        text NOT NULL DEFAULT '',
    at           timestamptz,
    by           text NOT NULL DEFAULT '',
    released_at  timestamptz,
    PRIMARY KEY (consultation, unit),
    CHECK ((said IS NULL) = (at IS NULL)),
    -- A no without a basis is none.
    CHECK (said IS NULL OR said = 'yes' OR basis <> '')
);
COMMENT ON TABLE consultation_seat IS 'A unit that was asked, and its answer; given once.';
COMMENT ON COLUMN consultation_seat.released_at IS 'When it no longer had to answer because the ticket had gone on.';
CREATE INDEX consultation_seat_waiting ON consultation_seat (unit_path text_pattern_ops) WHERE said IS NULL AND released_at IS NULL;

CREATE FUNCTION sees_consultation(consultation uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT CASE acting_scope()
       WHEN 'system' THEN true
       WHEN 'hotline' THEN true
       WHEN 'unit' THEN EXISTS (SELECT FROM consultation_seat s WHERE s.consultation = $1 AND starts_with(s.unit_path, acting_path()))
       ELSE false END
$$;
ALTER TABLE consultation ENABLE ROW LEVEL SECURITY;
CREATE POLICY consultation_seen ON consultation FOR SELECT TO yixian_app USING (sees_consultation(id));
CREATE POLICY consultation_asked ON consultation FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
CREATE POLICY consultation_ended ON consultation FOR UPDATE TO yixian_app USING (acting_scope() = 'system');
GRANT SELECT, INSERT, UPDATE (overdue_at, ended_at, ended_how, lead, seq) ON consultation TO yixian_app;

-- Each unit answers for itself, and by itself: it never reads what the others said.
ALTER TABLE consultation_seat ENABLE ROW LEVEL SECURITY;
CREATE POLICY consultation_seat_seen ON consultation_seat FOR SELECT TO yixian_app
    USING (acting_scope() IN ('system', 'hotline') OR (acting_scope() = 'unit' AND starts_with(unit_path, acting_path())));
CREATE POLICY consultation_seat_given ON consultation_seat FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
CREATE POLICY consultation_seat_answered ON consultation_seat FOR UPDATE TO yixian_app
    USING (acting_scope() = 'system' OR (acting_scope() = 'unit' AND unit_path = acting_path()));
GRANT SELECT, INSERT, UPDATE (said, basis, words, at, by, released_at) ON consultation_seat TO yixian_app;

-- A dispatch after units were asked teaches more than one without: the example keeps that it was so.
ALTER TABLE correction DROP CONSTRAINT correction_source_check;
ALTER TABLE correction ADD CONSTRAINT correction_source_check
    CHECK (source IN ('choice', 'agreed', 'reassigned', 'ruling', 'answered', 'consulted'));
GRANT UPDATE (source, weight) ON correction TO yixian_app;
-- "Corrected to the same unit for the same matter at the same place": looked for with every correction.
CREATE INDEX correction_by_matter_and_place ON correction (matter, region, unit, at) WHERE withdrawn_at IS NULL;

-- Campaigns that a unit has not looked at yet.
CREATE TABLE campaign_notice (
    campaign  uuid NOT NULL REFERENCES campaign (id),
    unit      text NOT NULL REFERENCES unit (code),
    unit_path text NOT NULL,
    at        timestamptz NOT NULL,
    seen_at   timestamptz,
    PRIMARY KEY (campaign, unit)
);
COMMENT ON TABLE campaign_notice IS 'Units of a task force, told of the campaign when it is approved; seen when one of the unit opens it.';
CREATE INDEX campaign_notice_waiting ON campaign_notice (unit_path text_pattern_ops) WHERE seen_at IS NULL;
ALTER TABLE campaign_notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY campaign_notice_seen ON campaign_notice FOR SELECT TO yixian_app
    USING (acting_scope() IN ('system', 'hotline') OR (acting_scope() = 'unit' AND starts_with(unit_path, acting_path())));
CREATE POLICY campaign_notice_given ON campaign_notice FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
CREATE POLICY campaign_notice_taken ON campaign_notice FOR UPDATE TO yixian_app
    USING (acting_scope() = 'unit' AND unit_path = acting_path());
GRANT SELECT, INSERT, UPDATE (seen_at) ON campaign_notice TO yixian_app;
