-- What people settled about tickets becomes knowledge: examples, versioned models of them, and the watch over what is dispatched at once.

CREATE TABLE correction (
    id               uuid PRIMARY KEY,
    ticket           uuid NOT NULL,
    number           text NOT NULL,
    seq              integer NOT NULL,
    at               timestamptz NOT NULL,
    source           text NOT NULL CHECK (source IN ('choice', 'agreed', 'reassigned', 'ruling', 'answered')),
    role             text NOT NULL,
    weight           real NOT NULL CHECK (weight > 0),
    matter           text NOT NULL REFERENCES matter (code),
    unit             text NOT NULL REFERENCES unit (code),
    region           text REFERENCES region (code),
    audience         text NOT NULL,
    title            text NOT NULL,
    text             text NOT NULL,
    suggested_matter text,
    suggested_unit   text,
    withdrawn_at     timestamptz,
    withdrawn_why    text NOT NULL DEFAULT '' CHECK (withdrawn_why IN ('', 'returned', 'superseded')),
    UNIQUE (ticket, seq),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_why = ''))
);
COMMENT ON TABLE correction IS 'What a person settled with one step of a ticket: what it is about, and whose it is. Withdrawn when contradicted, deleted when too old.';
COMMENT ON COLUMN correction.seq IS 'The step of the ticket''s history; the same step is kept once, however often it is heard of.';
COMMENT ON COLUMN correction.role IS 'As what somebody settled it; who it was is in the ticket''s history alone.';
COMMENT ON COLUMN correction.text IS 'The ticket''s words with telephone, identity, house and other numbers masked. Tickets that hide who called are never kept.';
COMMENT ON COLUMN correction.suggested_matter IS 'What stood first among the suggestions, when somebody chose.';
-- At most one word of a ticket holds at a time: the last.
CREATE UNIQUE INDEX correction_in_force ON correction (ticket) WHERE withdrawn_at IS NULL;
CREATE INDEX correction_by_time ON correction (at);
CREATE INDEX correction_by_number ON correction (number);
GRANT SELECT, INSERT, UPDATE (withdrawn_at, withdrawn_why), DELETE ON correction TO yixian_app;
ALTER TABLE correction ENABLE ROW LEVEL SECURITY;
CREATE POLICY correction_of_the_hotline ON correction TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() = 'system');

-- A model: which corrections it learned from, and from which confidence it acts alone. Never changed once made.
CREATE TABLE dispatch_model (
    version   integer PRIMARY KEY,
    made_at   timestamptz NOT NULL,
    made_by   text NOT NULL,
    note      text NOT NULL DEFAULT '',
    load_id   bigint NOT NULL,
    examples  integer NOT NULL,
    digest    text NOT NULL UNIQUE,
    gate      jsonb,
    card      jsonb NOT NULL
);
COMMENT ON COLUMN dispatch_model.load_id IS 'The loading of the city that was in force when it was made.';
COMMENT ON COLUMN dispatch_model.examples IS 'How many examples it was made with; fewer are left when some became too old.';
COMMENT ON COLUMN dispatch_model.digest IS 'SHA-256 over the examples, the city and the rules of training: the same again is the same model.';
COMMENT ON COLUMN dispatch_model.gate IS 'The confidence to act alone, for all and by matter; empty: the city pack''s own gate holds.';
CREATE TRIGGER dispatch_model_is_history BEFORE UPDATE OR DELETE ON dispatch_model FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER dispatch_model_is_history_whole BEFORE TRUNCATE ON dispatch_model FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON dispatch_model TO yixian_app;

CREATE TABLE model_example (
    model      integer NOT NULL REFERENCES dispatch_model (version),
    correction uuid NOT NULL REFERENCES correction (id) ON DELETE CASCADE,
    matter     text NOT NULL,
    language   text NOT NULL,
    weight     real NOT NULL,
    PRIMARY KEY (model, correction)
);
COMMENT ON TABLE model_example IS 'The corrections a model learned from. What is too old to be kept leaves its models too.';
CREATE INDEX model_example_by_correction ON model_example (correction);
GRANT SELECT, INSERT ON model_example TO yixian_app;
ALTER TABLE model_example ENABLE ROW LEVEL SECURITY;
CREATE POLICY model_example_of_the_hotline ON model_example TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() = 'system');

CREATE TABLE model_live (
    id        uuid PRIMARY KEY,
    model     integer NOT NULL REFERENCES dispatch_model (version),
    since     timestamptz NOT NULL,
    till      timestamptz,
    how       text NOT NULL CHECK (how IN ('live', 'back')),
    actor     text NOT NULL,
    role      text NOT NULL,
    reason    text NOT NULL DEFAULT '',
    back_to   uuid REFERENCES model_live (id)
);
COMMENT ON TABLE model_live IS 'Which model was live when. Without one that is live, the city pack alone reads and decides.';
COMMENT ON COLUMN model_live.back_to IS 'What "back" goes to: the row that was live before it; empty: the city pack alone.';
-- One model at a time, whatever the code does.
CREATE UNIQUE INDEX one_live_model ON model_live ((true)) WHERE till IS NULL;
CREATE INDEX model_live_by_time ON model_live (since);
GRANT SELECT, INSERT, UPDATE (till) ON model_live TO yixian_app;

-- The watch: every ticket that was dispatched at once, in the order of dispatch, and what became of it.
CREATE TABLE matter_watch (
    matter  text PRIMARY KEY REFERENCES matter (code),
    since   timestamptz NOT NULL,
    round   uuid NOT NULL,
    tickets integer NOT NULL DEFAULT 0,
    rights  integer NOT NULL DEFAULT 0,
    wrongs  integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE matter_watch IS 'What is known of a matter''s live precision since its watch began; a new model or a lifted suspension begins another round.';
GRANT SELECT, INSERT, UPDATE, DELETE ON matter_watch TO yixian_app;

CREATE TABLE matter_block (
    matter  text NOT NULL REFERENCES matter_watch (matter) ON DELETE CASCADE,
    block   integer NOT NULL,
    tickets integer NOT NULL DEFAULT 0,
    wrongs  integer NOT NULL DEFAULT 0,
    PRIMARY KEY (matter, block)
);
COMMENT ON TABLE matter_block IS 'Each 25 tickets of a round in the order of dispatch, and how many of them went wrong: all that the sequential test looks at.';
GRANT SELECT, INSERT, UPDATE, DELETE ON matter_block TO yixian_app;

CREATE TABLE auto_dispatch (
    ticket     uuid PRIMARY KEY,
    number     text NOT NULL,
    matter     text NOT NULL,
    unit       text NOT NULL,
    at         timestamptz NOT NULL,
    model      integer REFERENCES dispatch_model (version),
    round      uuid,
    block      integer,
    verdict    text CHECK (verdict IN ('right', 'wrong', 'void')),
    verdict_at timestamptz,
    why        text NOT NULL DEFAULT '',
    CHECK ((verdict IS NULL) = (verdict_at IS NULL))
);
COMMENT ON TABLE auto_dispatch IS 'Tickets that the gate dispatched, and whether the unit was right.';
COMMENT ON COLUMN auto_dispatch.model IS 'The model that was live; empty: the city pack alone.';
COMMENT ON COLUMN auto_dispatch.verdict IS 'right: answered by that unit, the answer passed; wrong: returned, reassigned or ruled to another; void: it ended otherwise.';
CREATE INDEX auto_dispatch_by_matter ON auto_dispatch (matter, at);
CREATE INDEX auto_dispatch_by_model ON auto_dispatch (model, at);
GRANT SELECT, INSERT, UPDATE (round, block, verdict, verdict_at, why) ON auto_dispatch TO yixian_app;
ALTER TABLE auto_dispatch ENABLE ROW LEVEL SECURITY;
CREATE POLICY auto_dispatch_of_the_hotline ON auto_dispatch TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() = 'system');

CREATE TABLE matter_suspension (
    id          uuid PRIMARY KEY,
    matter      text NOT NULL REFERENCES matter (code),
    at          timestamptz NOT NULL,
    model       integer REFERENCES dispatch_model (version),
    tickets     integer NOT NULL,
    rights      integer NOT NULL,
    wrongs      integer NOT NULL,
    target      real NOT NULL,
    evidence    real NOT NULL,
    lifted_at   timestamptz,
    lifted_by   text NOT NULL DEFAULT '',
    lifted_role text NOT NULL DEFAULT '',
    lifted_why  text NOT NULL DEFAULT '',
    lifted_with uuid REFERENCES model_live (id),
    CHECK ((lifted_at IS NULL) = (lifted_by = ''))
);
COMMENT ON TABLE matter_suspension IS 'Matters that are not dispatched at once because their live precision fell below the target; a person or a newly live model lifts it.';
COMMENT ON COLUMN matter_suspension.evidence IS 'The e-value at which it was suspended: at least 20.';
COMMENT ON COLUMN matter_suspension.lifted_with IS 'The going live that lifted it; going back puts it in force again.';
CREATE UNIQUE INDEX suspended_matter ON matter_suspension (matter) WHERE lifted_at IS NULL;
CREATE INDEX matter_suspension_by_time ON matter_suspension (at);
GRANT SELECT, INSERT, UPDATE (lifted_at, lifted_by, lifted_role, lifted_why, lifted_with) ON matter_suspension TO yixian_app;
