-- The administrators' desks: what a city changes about itself, laid over its pack by day; staff and sessions; searching the audit.

-- What the pack says of things that the city may say otherwise. The tables of the things themselves hold the city in force.
CREATE TABLE pack_said (
    kind text NOT NULL,
    code text NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (kind, code)
);
COMMENT ON TABLE pack_said IS 'What the pack that was loaded last says, for the kinds of things that administrators change.';
GRANT SELECT, INSERT, UPDATE, DELETE ON pack_said TO yixian_app;
INSERT INTO pack_said
SELECT 'queue', code, body FROM queue WHERE retired_at IS NULL
 UNION ALL
SELECT 'unit', code, body FROM unit WHERE retired_at IS NULL
 UNION ALL
SELECT 'line', code, body FROM line WHERE retired_at IS NULL
 UNION ALL
SELECT 'matter', code, body FROM matter WHERE retired_at IS NULL
 UNION ALL
SELECT 'example', code, body FROM example WHERE retired_at IS NULL
 UNION ALL
SELECT 'guide', code, body FROM guide WHERE retired_at IS NULL
 UNION ALL
SELECT 'pack_document', code, body FROM pack_document WHERE retired_at IS NULL AND code IN ('city', 'calendar', 'limits', 'queues');

-- Units that were closed, and who took over: as a document, since it is read whole or not at all.
ALTER TABLE pack_document DROP CONSTRAINT pack_document_code_check;
ALTER TABLE pack_document ADD CONSTRAINT pack_document_code_check
    CHECK (code IN ('city', 'calendar', 'gate', 'limits', 'triage', 'queues', 'closed'));

CREATE TABLE adjustment (
    id        uuid PRIMARY KEY,
    number    bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    name      text NOT NULL,
    thing     text NOT NULL CHECK (thing IN ('unit', 'queue', 'matter', 'limit', 'day', 'hours', 'line')),
    code      text NOT NULL,
    since     date NOT NULL,
    sets      jsonb NOT NULL DEFAULT '{}',
    follows   text[] NOT NULL DEFAULT '{}',
    ends      boolean,
    successor text NOT NULL DEFAULT '',
    before    jsonb,
    after     jsonb,
    reason    text NOT NULL CHECK (reason <> ''),
    undoes    uuid REFERENCES adjustment (id),
    recounts  boolean NOT NULL DEFAULT false,
    load_id   bigint REFERENCES pack_load (id) DEFERRABLE INITIALLY DEFERRED,
    CHECK (before IS NOT NULL OR after IS NOT NULL)
);
COMMENT ON TABLE adjustment IS 'What an administrator changed about one thing of the city, from a day on: laid over what the pack says, field by field.';
COMMENT ON COLUMN adjustment.sets IS 'Fields and what they read from `since` on.';
COMMENT ON COLUMN adjustment.follows IS 'Fields that read again what the pack says.';
COMMENT ON COLUMN adjustment.ends IS 'True: it is closed from `since` on, `successor` takes over; false: it is open again; NULL: neither.';
COMMENT ON COLUMN adjustment.before IS 'How it would have read on that day; NULL: there was none. With `after` as seen when it was decided.';
COMMENT ON COLUMN adjustment.recounts IS 'Whether the limits of tickets that run already are counted again.';
COMMENT ON COLUMN adjustment.load_id IS 'The loading that brought it into force; NULL until its day.';
CREATE INDEX adjustment_by_thing ON adjustment (thing, code, number);
CREATE INDEX adjustment_waiting ON adjustment (since) WHERE load_id IS NULL;

-- What was decided stays; only that its day has come is added.
CREATE FUNCTION only_comes_into_force() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF OLD.load_id IS NOT NULL OR to_jsonb(NEW) - 'load_id' <> to_jsonb(OLD) - 'load_id' THEN
        RAISE EXCEPTION 'Rows of % are never changed or removed.', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER adjustment_only_comes_into_force BEFORE UPDATE ON adjustment FOR EACH ROW EXECUTE FUNCTION only_comes_into_force();
CREATE TRIGGER adjustment_is_history BEFORE DELETE ON adjustment FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER adjustment_is_history_whole BEFORE TRUNCATE ON adjustment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
GRANT SELECT, INSERT, UPDATE (load_id) ON adjustment TO yixian_app;
ALTER TABLE adjustment ENABLE ROW LEVEL SECURITY;
CREATE POLICY adjustment_of_the_system ON adjustment TO yixian_app
    USING (acting_scope() = 'system')
    WITH CHECK (acting_scope() = 'system');

-- A unit that moves, or is taken over, takes the orders that it has in hand with it.
GRANT UPDATE (unit_path) ON unit_order TO yixian_app;

-- "Who works there, in which role?"
CREATE INDEX staff_by_unit ON staff (unit, login);

-- The audit administrator's questions: what was done to this, from where, and everything newest first.
CREATE INDEX audit_by_subject ON audit (subject, at) WHERE subject <> '';
CREATE INDEX audit_by_address ON audit (address, at) WHERE address <> '';
