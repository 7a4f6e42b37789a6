-- Roles, the outbox, jobs, numbers, partitions, and what every later table builds on.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'yixian_app') THEN
        CREATE ROLE yixian_app NOLOGIN;
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO yixian_app;
GRANT SELECT ON schema_migration TO yixian_app;
-- A migrating role that is no superuser must itself be able to become the application's role.
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT yixian_app TO %I', current_user);
    END IF;
END $$;

-- Who acts, as said at the start of the transaction. Unset reads as nobody, who sees nothing.
CREATE FUNCTION acting_scope() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('yixian.scope', true), ''), 'nobody') $$;
CREATE FUNCTION acting_path() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('yixian.unit_path', true), '') $$;
CREATE FUNCTION acting_ticket() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('yixian.ticket', true), '') $$;

-- History is history: not even the owner changes it by accident.
CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never changed or removed.', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

-- What happened, for whoever must act on it: written with the change itself, handed on afterwards.
CREATE TABLE event (
    seq     bigint GENERATED ALWAYS AS IDENTITY,
    at      timestamptz NOT NULL,
    kind    text NOT NULL,
    subject uuid NOT NULL,
    body    jsonb NOT NULL,
    done_at timestamptz,
    PRIMARY KEY (at, seq)
) PARTITION BY RANGE (at);
CREATE INDEX event_waiting ON event (seq) WHERE done_at IS NULL;
COMMENT ON COLUMN event.done_at IS 'When the worker handed it to every consumer, in the same transaction as their effects.';
GRANT SELECT, INSERT ON event TO yixian_app;
GRANT UPDATE (done_at) ON event TO yixian_app;
-- Whoever changes something says so; only the worker and the hotline read what was said.
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
CREATE POLICY event_written ON event FOR INSERT TO yixian_app WITH CHECK (true);
CREATE POLICY event_read ON event FOR SELECT TO yixian_app USING (acting_scope() IN ('system', 'hotline'));
CREATE POLICY event_handed_on ON event FOR UPDATE TO yixian_app USING (acting_scope() = 'system');

-- Work to be done later or again and again.
CREATE TABLE job (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL,
    body       jsonb NOT NULL DEFAULT '{}',
    due_at     timestamptz NOT NULL,
    lease_till timestamptz,
    tries      integer NOT NULL DEFAULT 0,
    last_error text,
    key        text UNIQUE,
    done_at    timestamptz
);
CREATE INDEX job_due ON job (due_at) WHERE done_at IS NULL;
COMMENT ON COLUMN job.key IS 'A second job with the same key is not made: periodic work exists once.';
GRANT SELECT, INSERT, UPDATE, DELETE ON job TO yixian_app;

CREATE TABLE day_number (
    day  date PRIMARY KEY,
    last integer NOT NULL CHECK (last > 0)
);
COMMENT ON TABLE day_number IS 'How far the ticket numbers of a day have been handed out, in blocks.';
GRANT SELECT, INSERT, UPDATE ON day_number TO yixian_app;

-- Partitions by month, made ahead. Owned by the owner: the application may only call this.
CREATE TABLE partitioned (
    name text PRIMARY KEY
);
INSERT INTO partitioned VALUES ('event');

CREATE FUNCTION make_partitions(from_day date, months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    AS $$
DECLARE
    parent text;
    month  date;
    child  text;
    made   integer := 0;
BEGIN
    FOR parent IN SELECT name FROM partitioned ORDER BY name LOOP
        FOR i IN 0..months LOOP
            month := (date_trunc('month', from_day) + make_interval(months => i))::date;
            child := format('%s_%s', parent, to_char(month, 'YYYYMM'));
            IF to_regclass(child) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    child, parent,
                    to_char(month, 'YYYY-MM-DD') || ' 00:00+00',
                    to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00+00'
                );
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
REVOKE EXECUTE ON FUNCTION make_partitions(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_partitions(date, integer) TO yixian_app;
