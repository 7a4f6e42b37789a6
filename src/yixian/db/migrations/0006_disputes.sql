-- Disputes about who leads a ticket: both sides' words, panels with opinions and votes, the ladder, and the ruling.
-- The ticket itself stays where it was: its lead acts, its clock runs.

CREATE TABLE dispute (
    id         uuid PRIMARY KEY,
    ticket     uuid NOT NULL REFERENCES ticket (id),
    number     text NOT NULL,
    opened_at  timestamptz NOT NULL,
    acting     text NOT NULL REFERENCES unit (code),
    matter     text REFERENCES matter (code),
    region     text REFERENCES region (code),
    place      text NOT NULL DEFAULT '',
    audience   text NOT NULL,
    title      text NOT NULL DEFAULT '',
    text       text NOT NULL,
    rung       text NOT NULL DEFAULT 'desk' CHECK (rung IN ('desk', 'supervisor', 'conference')),
    due        timestamptz NOT NULL,
    overdue_at timestamptz,
    ended_at   timestamptz,
    ended_how  text NOT NULL DEFAULT '' CHECK (ended_how IN ('', 'ruled', 'settled', 'lapsed')),
    CHECK ((ended_at IS NULL) = (ended_how = ''))
);
COMMENT ON TABLE dispute IS 'Who leads a ticket is in doubt. What the ticket said is kept as it was then: units on a panel see the dispute, never the caller.';
COMMENT ON COLUMN dispute.acting IS 'The unit that has the ticket and goes on acting until somebody rules.';
COMMENT ON COLUMN dispute.ended_how IS 'ruled; settled: answered before anybody ruled; lapsed: the ticket was withdrawn or terminated.';
CREATE UNIQUE INDEX open_dispute_of_a_ticket ON dispute (ticket) WHERE ended_at IS NULL;
CREATE INDEX dispute_by_ticket ON dispute (ticket, opened_at);
CREATE INDEX dispute_by_number ON dispute (number);
CREATE INDEX dispute_by_clock ON dispute (due, id) WHERE ended_at IS NULL;
CREATE INDEX dispute_to_mark ON dispute (due) WHERE ended_at IS NULL AND overdue_at IS NULL;
CREATE INDEX dispute_ended ON dispute (id DESC) WHERE ended_at IS NOT NULL;
-- "Has this matter been disputed at this place before?"
CREATE INDEX dispute_by_matter_and_place ON dispute (matter, region, opened_at);

CREATE TABLE dispute_party (
    dispute    uuid NOT NULL REFERENCES dispute (id),
    unit       text NOT NULL REFERENCES unit (code),
    unit_path  text NOT NULL,
    side       text NOT NULL CHECK (side IN ('acting', 'returned', 'named')),
    due        timestamptz,
    overdue_at timestamptz,
    PRIMARY KEY (dispute, unit)
);
COMMENT ON COLUMN dispute_party.side IS 'acting: has the ticket and objects; returned: gave it back before; named: should lead, as another says.';
COMMENT ON COLUMN dispute_party.due IS 'Until when its words are asked for; empty when it has said them already.';
CREATE INDEX dispute_party_by_path ON dispute_party (unit_path text_pattern_ops, dispute);
CREATE INDEX dispute_party_to_mark ON dispute_party (due) WHERE due IS NOT NULL AND overdue_at IS NULL;

CREATE TABLE dispute_word (
    id         uuid PRIMARY KEY,
    ticket     uuid NOT NULL REFERENCES ticket (id),
    dispute    uuid REFERENCES dispute (id),
    seq        integer,
    at         timestamptz NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('return', 'object', 'opinion', 'statement')),
    unit       text NOT NULL REFERENCES unit (code),
    unit_path  text NOT NULL,
    actor      text NOT NULL,
    words      text NOT NULL,
    basis      text NOT NULL DEFAULT '',
    ordered_at timestamptz,
    UNIQUE (ticket, seq),
    CHECK ((kind = 'statement') = (seq IS NULL))
);
COMMENT ON TABLE dispute_word IS 'What a unit said: its return or objection as the ticket''s history has it, or a statement in the dispute.';
COMMENT ON COLUMN dispute_word.seq IS 'The step of the ticket''s history it was said with; empty for a statement.';
COMMENT ON COLUMN dispute_word.ordered_at IS 'For a return or objection: when the unit had been given the ticket.';
CREATE INDEX dispute_word_by_unit ON dispute_word (ordered_at, unit) WHERE kind IN ('return', 'object');

CREATE TABLE dispute_panel (
    id          uuid PRIMARY KEY,
    dispute     uuid NOT NULL REFERENCES dispute (id),
    rung        text NOT NULL,
    question    text NOT NULL CHECK (question <> ''),
    convened_at timestamptz NOT NULL,
    convened_by text NOT NULL,
    due         timestamptz NOT NULL,
    overdue_at  timestamptz,
    closed_at   timestamptz
);
COMMENT ON TABLE dispute_panel IS 'Units asked who should lead. One sits at a time; a new one closes the one before.';
CREATE UNIQUE INDEX sitting_panel_of_a_dispute ON dispute_panel (dispute) WHERE closed_at IS NULL;
CREATE INDEX dispute_panel_by_dispute ON dispute_panel (dispute, convened_at);
CREATE INDEX dispute_panel_to_mark ON dispute_panel (due) WHERE closed_at IS NULL AND overdue_at IS NULL;

CREATE TABLE dispute_seat (
    panel     uuid NOT NULL REFERENCES dispute_panel (id),
    dispute   uuid NOT NULL REFERENCES dispute (id),
    unit      text NOT NULL REFERENCES unit (code),
    unit_path text NOT NULL,
    votes     boolean NOT NULL,
    PRIMARY KEY (panel, unit)
);
COMMENT ON COLUMN dispute_seat.votes IS 'Whether its vote counts: a unit in dispute, or one that stands below or above a side of it, is heard without a vote.';
CREATE INDEX dispute_seat_by_path ON dispute_seat (unit_path text_pattern_ops, dispute);
CREATE INDEX dispute_seat_by_dispute ON dispute_seat (dispute);

CREATE TABLE dispute_opinion (
    panel     uuid NOT NULL,
    dispute   uuid NOT NULL REFERENCES dispute (id),
    unit      text NOT NULL,
    unit_path text NOT NULL,
    seq       integer NOT NULL CHECK (seq > 0),
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    lead      text NOT NULL REFERENCES unit (code),
    co        text[] NOT NULL DEFAULT '{}',
    basis     text NOT NULL CHECK (basis <> ''),
    words     text NOT NULL DEFAULT '',
    PRIMARY KEY (panel, unit, seq),
    FOREIGN KEY (panel, unit) REFERENCES dispute_seat (panel, unit)
);
COMMENT ON TABLE dispute_opinion IS 'What a panel unit thinks; its newest row is its one vote, the rows before show what it thought earlier.';
CREATE INDEX dispute_opinion_by_dispute ON dispute_opinion (dispute);
CREATE TRIGGER dispute_opinion_is_history BEFORE UPDATE OR DELETE ON dispute_opinion FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A vote and the closing of its panel never miss each other: the vote waits for whoever rules, and then is not taken.
CREATE FUNCTION only_while_the_panel_sits() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    AS $$
BEGIN
    PERFORM FROM dispute_panel WHERE id = NEW.panel AND closed_at IS NULL FOR SHARE;
    IF FOUND THEN
        RETURN NEW;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER dispute_opinion_in_time BEFORE INSERT ON dispute_opinion FOR EACH ROW EXECUTE FUNCTION only_while_the_panel_sits();

CREATE TABLE dispute_step (
    seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dispute uuid NOT NULL REFERENCES dispute (id),
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    role    text NOT NULL,
    unit    text NOT NULL DEFAULT '',
    action  text NOT NULL,
    note    text NOT NULL DEFAULT '',
    detail  jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE dispute_step IS 'The time line of a dispute.';
CREATE INDEX dispute_step_by_dispute ON dispute_step (dispute, seq);

CREATE TABLE dispute_ruling (
    dispute   uuid PRIMARY KEY REFERENCES dispute (id),
    ticket    uuid NOT NULL REFERENCES ticket (id),
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    role      text NOT NULL,
    rung      text NOT NULL,
    lead      text NOT NULL REFERENCES unit (code),
    co        text[] NOT NULL DEFAULT '{}',
    basis     text NOT NULL CHECK (basis <> ''),
    reason    text NOT NULL CHECK (reason <> ''),
    how       text NOT NULL CHECK (how IN ('majority', 'chair', 'against_majority')),
    tally     jsonb NOT NULL DEFAULT '{}',
    matter    text,
    region    text,
    audience  text NOT NULL,
    units     text[] NOT NULL
);
COMMENT ON TABLE dispute_ruling IS 'Who leads, by what right; binding. One a dispute, never changed.';
COMMENT ON COLUMN dispute_ruling.tally IS 'The votes as they stood when it was made.';
COMMENT ON COLUMN dispute_ruling.units IS 'The units that disputed, and the one that leads.';
CREATE INDEX dispute_ruling_by_time ON dispute_ruling (at);
CREATE INDEX dispute_ruling_by_matter ON dispute_ruling (matter, at);

CREATE TABLE dispute_notice (
    id        uuid PRIMARY KEY,
    dispute   uuid NOT NULL REFERENCES dispute (id),
    unit      text NOT NULL REFERENCES unit (code),
    unit_path text NOT NULL,
    at        timestamptz NOT NULL,
    kind      text NOT NULL,
    seen_at   timestamptz,
    seen_by   text NOT NULL DEFAULT ''
);
COMMENT ON TABLE dispute_notice IS 'What a unit is told: that it is asked for its words or its vote, that it is late, how it ended.';
CREATE INDEX dispute_notice_waiting ON dispute_notice (unit_path text_pattern_ops, at) WHERE seen_at IS NULL;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['dispute_word', 'dispute_step', 'dispute_ruling'] LOOP
        EXECUTE format('CREATE TRIGGER %1$s_is_history BEFORE UPDATE OR DELETE ON %1$I FOR EACH ROW EXECUTE FUNCTION refuse_change()', kept);
    END LOOP;
END $$;

-- A hard case climbs; nobody takes it down again.
CREATE FUNCTION only_up() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    ladder CONSTANT text[] := ARRAY['desk', 'supervisor', 'conference'];
BEGIN
    IF array_position(ladder, NEW.rung) < array_position(ladder, OLD.rung) THEN
        RAISE EXCEPTION 'A dispute does not come down the ladder.';
    END IF;
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'The dispute is over.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER dispute_only_up BEFORE UPDATE ON dispute FOR EACH ROW EXECUTE FUNCTION only_up();

-- Who may see a dispute: the sides and the panel, and units above them. One function, so that its parts never disagree.
CREATE FUNCTION sees_dispute(dispute uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT CASE acting_scope()
       WHEN 'system' THEN true
       WHEN 'hotline' THEN true
       WHEN 'unit' THEN EXISTS (SELECT FROM dispute_party p WHERE p.dispute = $1 AND starts_with(p.unit_path, acting_path()))
                     OR EXISTS (SELECT FROM dispute_seat s WHERE s.dispute = $1 AND starts_with(s.unit_path, acting_path()))
       ELSE false END
$$;

CREATE FUNCTION sees_dispute_of(ticket uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$ SELECT EXISTS (SELECT FROM dispute d WHERE d.ticket = $1 AND sees_dispute(d.id)) $$;

ALTER TABLE dispute ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_seen ON dispute FOR SELECT TO yixian_app USING (sees_dispute(id));
CREATE POLICY dispute_opened ON dispute FOR INSERT TO yixian_app WITH CHECK (acting_scope() = 'system');
CREATE POLICY dispute_moved ON dispute FOR UPDATE TO yixian_app USING (acting_scope() IN ('system', 'hotline'));
GRANT SELECT, INSERT, UPDATE (rung, due, overdue_at, ended_at, ended_how) ON dispute TO yixian_app;

ALTER TABLE dispute_party ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_party_seen ON dispute_party FOR SELECT TO yixian_app USING (sees_dispute(dispute));
CREATE POLICY dispute_party_made ON dispute_party FOR INSERT TO yixian_app WITH CHECK (acting_scope() = 'system');
CREATE POLICY dispute_party_marked ON dispute_party FOR UPDATE TO yixian_app USING (acting_scope() = 'system');
GRANT SELECT, INSERT, UPDATE (overdue_at) ON dispute_party TO yixian_app;

ALTER TABLE dispute_word ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_word_seen ON dispute_word FOR SELECT TO yixian_app
    USING (CASE acting_scope()
           WHEN 'system' THEN true
           WHEN 'hotline' THEN true
           WHEN 'unit' THEN starts_with(unit_path, acting_path()) OR sees_dispute_of(ticket)
           ELSE false END);
-- A unit speaks for itself alone, and only where it is a side.
CREATE POLICY dispute_word_said ON dispute_word FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() = 'system'
                OR (acting_scope() = 'unit' AND kind = 'statement' AND unit_path = acting_path() AND sees_dispute(dispute)));
GRANT SELECT, INSERT ON dispute_word TO yixian_app;

ALTER TABLE dispute_panel ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_panel_seen ON dispute_panel FOR SELECT TO yixian_app USING (sees_dispute(dispute));
CREATE POLICY dispute_panel_convened ON dispute_panel FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
CREATE POLICY dispute_panel_closed ON dispute_panel FOR UPDATE TO yixian_app USING (acting_scope() IN ('system', 'hotline'));
GRANT SELECT, INSERT, UPDATE (overdue_at, closed_at) ON dispute_panel TO yixian_app;

ALTER TABLE dispute_seat ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_seat_seen ON dispute_seat FOR SELECT TO yixian_app USING (sees_dispute(dispute));
CREATE POLICY dispute_seat_given ON dispute_seat FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
GRANT SELECT, INSERT ON dispute_seat TO yixian_app;

-- While a panel sits, each unit judges by itself: it sees its own opinion, and all of them once the panel has closed.
ALTER TABLE dispute_opinion ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_opinion_seen ON dispute_opinion FOR SELECT TO yixian_app
    USING (CASE acting_scope()
           WHEN 'system' THEN true
           WHEN 'hotline' THEN true
           WHEN 'unit' THEN starts_with(unit_path, acting_path())
                         OR (sees_dispute(dispute)
                             AND EXISTS (SELECT FROM dispute_panel p WHERE p.id = panel AND p.closed_at IS NOT NULL))
           ELSE false END);
CREATE POLICY dispute_opinion_given ON dispute_opinion FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() = 'unit' AND unit_path = acting_path() AND sees_dispute(dispute));
GRANT SELECT, INSERT ON dispute_opinion TO yixian_app;

ALTER TABLE dispute_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_step_seen ON dispute_step FOR SELECT TO yixian_app USING (sees_dispute(dispute));
CREATE POLICY dispute_step_written ON dispute_step FOR INSERT TO yixian_app WITH CHECK (sees_dispute(dispute));
GRANT SELECT, INSERT ON dispute_step TO yixian_app;

ALTER TABLE dispute_ruling ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_ruling_seen ON dispute_ruling FOR SELECT TO yixian_app USING (sees_dispute(dispute));
CREATE POLICY dispute_ruling_made ON dispute_ruling FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
GRANT SELECT, INSERT ON dispute_ruling TO yixian_app;

ALTER TABLE dispute_notice ENABLE ROW LEVEL SECURITY;
CREATE POLICY dispute_notice_seen ON dispute_notice FOR SELECT TO yixian_app
    USING (acting_scope() IN ('system', 'hotline') OR (acting_scope() = 'unit' AND starts_with(unit_path, acting_path())));
CREATE POLICY dispute_notice_given ON dispute_notice FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
CREATE POLICY dispute_notice_taken ON dispute_notice FOR UPDATE TO yixian_app
    USING (acting_scope() = 'unit' AND unit_path = acting_path());
GRANT SELECT, INSERT, UPDATE (seen_at, seen_by) ON dispute_notice TO yixian_app;
