-- The operators' screen: drafts that outlive the browser, how long a contact took, who is ready, and firms known by their name.

-- What is being typed belongs to whoever types it, and is sealed like everything that is known of callers.
CREATE TABLE operator_draft (
    id        uuid PRIMARY KEY,
    operator  uuid NOT NULL REFERENCES staff (id),
    key       text NOT NULL CHECK (key <> ''),
    begun_at  timestamptz NOT NULL,
    saved_at  timestamptz NOT NULL,
    parked_at timestamptz,
    edit      integer NOT NULL,
    sealed    bytea NOT NULL,
    UNIQUE (operator, key)
);
COMMENT ON TABLE operator_draft IS 'A contact that is still being typed: gone as soon as it is recorded or thrown away.';
COMMENT ON COLUMN operator_draft.key IS 'The key of the form it is typed in.';
COMMENT ON COLUMN operator_draft.edit IS 'Which edit of the form it holds: an older one that arrives late does not replace a newer one.';
CREATE INDEX operator_draft_by_age ON operator_draft (saved_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON operator_draft TO yixian_app;
ALTER TABLE operator_draft ENABLE ROW LEVEL SECURITY;
CREATE POLICY draft_of_its_operator ON operator_draft TO yixian_app
    USING (acting_scope() = 'system' OR (acting_scope() = 'hotline' AND operator::text = current_setting('yixian.actor', true)))
    WITH CHECK (acting_scope() = 'system' OR (acting_scope() = 'hotline' AND operator::text = current_setting('yixian.actor', true)));

CREATE TABLE contact_work (
    id               uuid PRIMARY KEY,
    operator         uuid NOT NULL REFERENCES staff (id),
    key              text NOT NULL CHECK (key <> ''),
    channel          text NOT NULL,
    begun_at         timestamptz NOT NULL,
    parked_at        timestamptz,
    held_seconds     integer NOT NULL DEFAULT 0,
    talk_ended_at    timestamptz,
    recorded_at      timestamptz,
    contact          uuid,
    outcome          text NOT NULL DEFAULT '',
    queue            text NOT NULL DEFAULT '',
    ended_at         timestamptz,
    handling_seconds integer CHECK (handling_seconds >= 0),
    wrap_up_seconds  integer CHECK (wrap_up_seconds >= 0),
    UNIQUE (operator, key),
    CHECK ((recorded_at IS NULL) = (contact IS NULL)),
    CHECK ((ended_at IS NULL) = (handling_seconds IS NULL))
);
COMMENT ON TABLE contact_work IS 'How long an operator had a contact in hand.';
COMMENT ON COLUMN contact_work.held_seconds IS 'How long it stood aside while another was in hand; in none of the other figures.';
COMMENT ON COLUMN contact_work.handling_seconds IS 'From its begin to the end of the work after it, less what it stood aside.';
COMMENT ON COLUMN contact_work.wrap_up_seconds IS 'From the end of the talk to the end of the work after it.';
CREATE INDEX contact_work_in_hand ON contact_work (operator, begun_at) WHERE ended_at IS NULL;
CREATE INDEX contact_work_by_time ON contact_work (recorded_at) WHERE recorded_at IS NOT NULL;
CREATE INDEX contact_work_by_contact ON contact_work (contact) WHERE contact IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON contact_work TO yixian_app;
ALTER TABLE contact_work ENABLE ROW LEVEL SECURITY;
CREATE POLICY work_of_the_hotline ON contact_work TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() IN ('system', 'hotline'));

CREATE TABLE operator_state (
    operator uuid PRIMARY KEY REFERENCES staff (id),
    state    text NOT NULL CHECK (state IN ('ready', 'talking', 'after', 'pause', 'away')),
    since    timestamptz NOT NULL,
    queue    text NOT NULL DEFAULT ''
);
COMMENT ON TABLE operator_state IS 'Whether an operator can take the next contact.';
COMMENT ON COLUMN operator_state.queue IS 'The queue of the contact in hand, or the one that is waited for; empty: any.';
GRANT SELECT, INSERT, UPDATE ON operator_state TO yixian_app;
ALTER TABLE operator_state ENABLE ROW LEVEL SECURITY;
CREATE POLICY operator_state_of_the_hotline ON operator_state TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() IN ('system', 'hotline'));

CREATE TABLE operator_state_history (
    id       uuid PRIMARY KEY,
    operator uuid NOT NULL REFERENCES staff (id),
    at       timestamptz NOT NULL,
    state    text NOT NULL,
    queue    text NOT NULL DEFAULT '',
    source   text NOT NULL CHECK (source IN ('desk', 'telephone')),
    actor    text NOT NULL
);
COMMENT ON TABLE operator_state_history IS 'Every change of an operator''s state: who was ready when.';
CREATE INDEX operator_state_history_by_operator ON operator_state_history (operator, at);
CREATE TRIGGER operator_state_history_is_history BEFORE UPDATE OR DELETE ON operator_state_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER operator_state_history_is_history_whole BEFORE TRUNCATE ON operator_state_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT ON operator_state_history TO yixian_app;
ALTER TABLE operator_state_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY operator_state_history_of_the_hotline ON operator_state_history TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() IN ('system', 'hotline'));

-- A firm calls from many numbers: it is known again by its name, too. A keyed hash, like that of the number.
ALTER TABLE caller
    ADD COLUMN name_hash bytea;
COMMENT ON COLUMN caller.name_hash IS 'Of a firm: keyed hash of its name without its legal form and place, to find the firm''s other numbers.';
CREATE INDEX caller_by_name ON caller (name_hash) WHERE name_hash IS NOT NULL;

-- A pack may say how operators speak.
ALTER TABLE pack_document
    DROP CONSTRAINT pack_document_code_check,
    ADD CONSTRAINT pack_document_code_check CHECK (code IN ('city', 'calendar', 'gate', 'limits', 'triage', 'queues', 'closed', 'speech'));
