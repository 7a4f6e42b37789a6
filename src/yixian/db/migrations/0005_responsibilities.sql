-- The list's own life: what the city itself decided about its responsibility list, and how it came to it.

-- A pack's entries come and go with the pack; those that only the list knows stay whatever a pack says.
ALTER TABLE responsibility ADD COLUMN origin text NOT NULL DEFAULT 'pack' CHECK (origin IN ('pack', 'list'));
COMMENT ON COLUMN responsibility.origin IS 'pack: the pack in force names it, and body is what it says; list: only an approved proposal does.';

CREATE TABLE amendment (
    load_id  bigint NOT NULL REFERENCES pack_load (id) DEFERRABLE INITIALLY DEFERRED,
    code     text NOT NULL REFERENCES responsibility (code),
    since    date NOT NULL,
    body     jsonb,
    proposal uuid NOT NULL,
    PRIMARY KEY (load_id, code),
    CHECK (body IS NULL OR body ->> 'code' = code)
);
COMMENT ON TABLE amendment IS 'What was approved over what the pack says. The list in force is the pack''s entries with these laid over them, by date.';
COMMENT ON COLUMN amendment.body IS 'How the entry reads from `since` on; NULL: from then on there is none.';
CREATE INDEX amendment_by_code ON amendment (code, since);
CREATE TRIGGER amendment_is_history BEFORE UPDATE OR DELETE ON amendment FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER amendment_is_history_whole BEFORE TRUNCATE ON amendment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON amendment TO yixian_app;

CREATE TABLE list_import (
    id           uuid PRIMARY KEY,
    made_at      timestamptz NOT NULL,
    made_by      text NOT NULL,
    file         text NOT NULL,
    since        date NOT NULL,
    whole        boolean NOT NULL,
    rows         jsonb NOT NULL,
    shown        text NOT NULL,
    confirmed_at timestamptz
);
COMMENT ON TABLE list_import IS 'A file that was read and shown as a difference; it becomes proposals when somebody confirms it, and is forgotten after a week when nobody does.';
COMMENT ON COLUMN list_import.shown IS 'Digest of the difference that was shown: what is confirmed is what was seen.';
GRANT SELECT, INSERT, UPDATE (confirmed_at), DELETE ON list_import TO yixian_app;
ALTER TABLE list_import ENABLE ROW LEVEL SECURITY;
CREATE POLICY import_of_the_editors ON list_import TO yixian_app
    USING (acting_scope() IN ('system', 'hotline', 'editor'))
    WITH CHECK (acting_scope() IN ('system', 'hotline', 'editor'));

CREATE TABLE proposal (
    id          uuid PRIMARY KEY,
    number      bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind        text NOT NULL CHECK (kind IN ('new', 'changed', 'ended')),
    code        text NOT NULL,
    before      jsonb,
    after       jsonb,
    since       date NOT NULL,
    reason      text NOT NULL CHECK (reason <> ''),
    source      text NOT NULL CHECK (source IN ('hand', 'import', 'ruling', 'correction')),
    source_ref  text NOT NULL DEFAULT '',
    import      uuid REFERENCES list_import (id),
    state       text NOT NULL CHECK (state IN ('draft', 'in_review', 'approved', 'refused', 'withdrawn')),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    sent_by     text,
    due         timestamptz,
    decided_by  text,
    decided_at  timestamptz,
    load_id     bigint,
    version     integer NOT NULL DEFAULT 1,
    CHECK (CASE kind WHEN 'new' THEN before IS NULL AND after IS NOT NULL
                     WHEN 'changed' THEN before IS NOT NULL AND after IS NOT NULL
                     ELSE before IS NOT NULL AND after IS NULL END),
    CHECK (state = 'draft' OR state = 'withdrawn' OR (sent_by IS NOT NULL AND due IS NOT NULL)),
    CHECK ((state IN ('approved', 'refused')) = (decided_by IS NOT NULL)),
    -- Nobody approves what they themselves proposed or sent.
    CHECK (state <> 'approved' OR (decided_by <> proposed_by AND decided_by <> sent_by)),
    CHECK ((state = 'approved') = (load_id IS NOT NULL))
);
COMMENT ON TABLE proposal IS 'A change of the responsibility list that somebody wants: to be looked at by the units concerned, then approved or refused.';
COMMENT ON COLUMN proposal.before IS 'How the entry read when it was proposed; approving refuses when it reads differently by then.';
COMMENT ON COLUMN proposal.since IS 'The first day on which the change holds.';
-- The desks: what waits, by its clock; all, newest first.
CREATE INDEX proposal_waiting ON proposal (state, due, number) WHERE state IN ('draft', 'in_review');
CREATE INDEX proposal_by_code ON proposal (code, number);
-- A ruling is proposed once, however often its event is read.
CREATE UNIQUE INDEX proposal_of_a_source ON proposal (source, source_ref, code) WHERE source IN ('ruling', 'correction') AND source_ref <> '';

CREATE TABLE proposal_unit (
    proposal    uuid NOT NULL REFERENCES proposal (id),
    unit        text NOT NULL REFERENCES unit (code),
    unit_path   text NOT NULL,
    answer      text CHECK (answer IN ('agree', 'object')),
    reason      text NOT NULL DEFAULT '',
    basis       text NOT NULL DEFAULT '',
    answered_by text,
    answered_at timestamptz,
    silent_at   timestamptz,
    PRIMARY KEY (proposal, unit),
    CHECK ((answer IS NULL) = (answered_at IS NULL)),
    -- A no without a reason and a basis is none.
    CHECK (answer IS DISTINCT FROM 'object' OR (reason <> '' AND basis <> ''))
);
COMMENT ON TABLE proposal_unit IS 'The units that a proposal concerns, and what each said.';
COMMENT ON COLUMN proposal_unit.silent_at IS 'When it was noted that the unit had said nothing by the due date, which counts as agreement.';
CREATE INDEX proposal_unit_by_path ON proposal_unit (unit_path text_pattern_ops, proposal);
CREATE INDEX proposal_unit_unanswered ON proposal_unit (proposal) WHERE answer IS NULL AND silent_at IS NULL;

CREATE TABLE proposal_step (
    proposal uuid NOT NULL REFERENCES proposal (id),
    seq      integer NOT NULL CHECK (seq > 0),
    at       timestamptz NOT NULL,
    actor    text NOT NULL,
    name     text NOT NULL,
    unit     text NOT NULL DEFAULT '',
    step     text NOT NULL,
    note     text NOT NULL DEFAULT '',
    detail   jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (proposal, seq)
);
COMMENT ON TABLE proposal_step IS 'What happened to a proposal, step by step.';
CREATE TRIGGER proposal_step_is_history BEFORE UPDATE OR DELETE ON proposal_step FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER proposal_step_is_history_whole BEFORE TRUNCATE ON proposal_step FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who may see a proposal: the hotline, the editors of the list, and the units it concerns. A draft concerns nobody yet.
CREATE FUNCTION unit_concerned(proposal uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT EXISTS (
       SELECT
         FROM proposal_unit u
        WHERE u.proposal = $1
          AND starts_with(u.unit_path, acting_path()))
$$;
ALTER TABLE proposal ENABLE ROW LEVEL SECURITY;
CREATE POLICY proposal_seen ON proposal FOR SELECT TO yixian_app
    USING (CASE WHEN acting_scope() IN ('system', 'hotline', 'editor') THEN true
                WHEN acting_scope() = 'unit' THEN unit_concerned(id)
                ELSE false END);
CREATE POLICY proposal_made ON proposal FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() IN ('system', 'hotline', 'editor'));
CREATE POLICY proposal_moved ON proposal FOR UPDATE TO yixian_app
    USING (CASE WHEN acting_scope() IN ('system', 'hotline', 'editor') THEN true
                WHEN acting_scope() = 'unit' THEN unit_concerned(id)
                ELSE false END);
-- What was proposed is never changed afterwards: another text is another proposal.
GRANT SELECT, INSERT, UPDATE (state, since, after, sent_by, due, decided_by, decided_at, load_id, version) ON proposal TO yixian_app;

-- A unit answers, and changes nothing else: what it moves is only that somebody answered.
CREATE FUNCTION only_answers() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF acting_scope() = 'unit' AND to_jsonb(NEW) - 'version' <> to_jsonb(OLD) - 'version' THEN
        RAISE EXCEPTION 'A unit answers a proposal; it does not decide it.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Only the day moves when it is approved late: the words are those that the units were asked about.
    IF to_jsonb(NEW.after) - 'valid_from' IS DISTINCT FROM to_jsonb(OLD.after) - 'valid_from' THEN
        RAISE EXCEPTION 'The words of a proposal are never changed.' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proposal_only_answered BEFORE UPDATE ON proposal FOR EACH ROW EXECUTE FUNCTION only_answers();

ALTER TABLE proposal_unit ENABLE ROW LEVEL SECURITY;
CREATE POLICY proposal_unit_seen ON proposal_unit FOR SELECT TO yixian_app
    USING (CASE WHEN acting_scope() IN ('system', 'hotline', 'editor') THEN true
                WHEN acting_scope() = 'unit' THEN unit_concerned(proposal)
                ELSE false END);
CREATE POLICY proposal_unit_asked ON proposal_unit FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() IN ('system', 'hotline', 'editor'));
CREATE POLICY proposal_unit_answered ON proposal_unit FOR UPDATE TO yixian_app
    USING (acting_scope() = 'system' OR (acting_scope() = 'unit' AND starts_with(unit_path, acting_path())));
GRANT SELECT, INSERT, UPDATE (answer, reason, basis, answered_by, answered_at, silent_at) ON proposal_unit TO yixian_app;

ALTER TABLE proposal_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY proposal_step_seen ON proposal_step FOR SELECT TO yixian_app
    USING (CASE WHEN acting_scope() IN ('system', 'hotline', 'editor') THEN true
                WHEN acting_scope() = 'unit' THEN unit_concerned(proposal)
                ELSE false END);
CREATE POLICY proposal_step_written ON proposal_step FOR INSERT TO yixian_app
    WITH CHECK (CASE WHEN acting_scope() IN ('system', 'hotline', 'editor') THEN true
                     WHEN acting_scope() = 'unit' THEN unit_concerned(proposal)
                     ELSE false END);
GRANT SELECT, INSERT ON proposal_step TO yixian_app;
