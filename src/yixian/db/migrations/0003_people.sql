-- Staff and their sessions; callers and what is known of them, encrypted; who revealed what; the audit.

CREATE TABLE staff (
    id                 uuid PRIMARY KEY,
    login              text NOT NULL UNIQUE CHECK (login = lower(login) AND login <> ''),
    name               text NOT NULL,
    roles              text[] NOT NULL CHECK (cardinality(roles) > 0),
    unit               text NOT NULL REFERENCES unit (code),
    password_hash      text NOT NULL,
    password_set_at    timestamptz NOT NULL,
    must_change        boolean NOT NULL DEFAULT false,
    second_factor      bytea,
    second_factor_step bigint NOT NULL DEFAULT 0,
    failures           integer NOT NULL DEFAULT 0,
    locked_till        timestamptz,
    disabled_at        timestamptz,
    created_at         timestamptz NOT NULL,
    -- Three administrators who cannot do each other's work (GB/T 22239, level 3).
    CONSTRAINT one_kind_of_administrator CHECK (
        ('system_admin' = ANY (roles))::integer + ('security_admin' = ANY (roles))::integer + ('audit_admin' = ANY (roles))::integer <= 1)
);
COMMENT ON COLUMN staff.second_factor IS 'The shared secret of the one-time passwords, encrypted; NULL until enrolled.';
COMMENT ON COLUMN staff.second_factor_step IS 'The last time step whose one-time password was used: each works once.';
GRANT SELECT, INSERT, UPDATE ON staff TO yixian_app;

CREATE TABLE session (
    token_hash bytea PRIMARY KEY,
    staff      uuid NOT NULL REFERENCES staff (id),
    csrf       text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    address    text NOT NULL DEFAULT '',
    full_login boolean NOT NULL DEFAULT true
);
COMMENT ON COLUMN session.token_hash IS 'SHA-256 of the cookie: a copy of this table signs nobody in.';
COMMENT ON COLUMN session.full_login IS 'False between the password and the second factor.';
CREATE INDEX session_by_staff ON session (staff);
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO yixian_app;

-- Residents and firms. Names, telephone and identity numbers are encrypted; they are found by keyed hash.
CREATE TABLE caller (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('person', 'firm')),
    name          bytea,
    phone         bytea,
    phone_hash    bytea UNIQUE,
    phone_tail    text NOT NULL DEFAULT '',
    identity      bytea,
    identity_hash bytea,
    language      text NOT NULL DEFAULT '',
    needs         text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL
);
CREATE INDEX caller_by_identity ON caller (identity_hash) WHERE identity_hash IS NOT NULL;
COMMENT ON COLUMN caller.phone_tail IS 'The last four digits, for the masked number on screen.';
GRANT SELECT, INSERT, UPDATE ON caller TO yixian_app;
ALTER TABLE caller ENABLE ROW LEVEL SECURITY;
-- The unit's own rule follows with the tickets.
CREATE POLICY caller_of_the_hotline ON caller TO yixian_app
    USING (acting_scope() IN ('system', 'hotline'))
    WITH CHECK (acting_scope() IN ('system', 'hotline'));

CREATE TABLE reveal (
    at     timestamptz NOT NULL,
    staff  uuid NOT NULL REFERENCES staff (id),
    caller uuid NOT NULL REFERENCES caller (id),
    field  text NOT NULL,
    ticket uuid,
    reason text NOT NULL CHECK (reason <> '')
);
COMMENT ON TABLE reveal IS 'Each time somebody looked at a name or number in clear.';
CREATE INDEX reveal_by_caller ON reveal (caller, at);
GRANT SELECT, INSERT ON reveal TO yixian_app;
CREATE TRIGGER reveal_is_history BEFORE UPDATE OR DELETE ON reveal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER reveal_is_history_whole BEFORE TRUNCATE ON reveal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE audit (
    seq     bigint GENERATED ALWAYS AS IDENTITY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL DEFAULT '',
    result  text NOT NULL DEFAULT 'done',
    body    jsonb NOT NULL DEFAULT '{}',
    address text NOT NULL DEFAULT '',
    PRIMARY KEY (at, seq)
) PARTITION BY RANGE (at);
CREATE INDEX audit_by_actor ON audit (actor, at);
INSERT INTO partitioned VALUES ('audit');
GRANT SELECT, INSERT ON audit TO yixian_app;
CREATE TRIGGER audit_is_history BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_is_history_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
