-- Files that residents, units and the hotline put with a ticket; the codes by which a resident proves a telephone number.

CREATE TABLE attachment (
    id         uuid PRIMARY KEY,
    draft      bytea,
    at         timestamptz NOT NULL,
    side       text NOT NULL CHECK (side IN ('resident', 'unit', 'hotline')),
    actor      text NOT NULL,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    kind       text NOT NULL CHECK (kind IN ('photo', 'voice', 'document')),
    media_type text NOT NULL,
    width      integer,
    height     integer,
    size       integer NOT NULL CHECK (size = length(body)),
    digest     bytea NOT NULL,
    body       bytea NOT NULL,
    thumbnail  bytea,
    CHECK ((kind = 'photo') = (thumbnail IS NOT NULL))
);
COMMENT ON TABLE attachment IS 'A file, once, as it is kept: photographs are made anew on arrival, so that nothing is in them but the picture.';
COMMENT ON COLUMN attachment.draft IS 'Before there is a ticket: keyed hash of the form it was put with. NULL once it is with its tickets.';
COMMENT ON COLUMN attachment.digest IS 'SHA-256 of `body`.';
-- Photographs and recordings do not get smaller a second time.
ALTER TABLE attachment ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN thumbnail SET STORAGE EXTERNAL;
CREATE INDEX attachment_draft ON attachment (draft, at) WHERE draft IS NOT NULL;
CREATE INDEX attachment_old_draft ON attachment (at) WHERE draft IS NOT NULL;

CREATE TABLE ticket_attachment (
    ticket     uuid NOT NULL REFERENCES ticket (id),
    attachment uuid NOT NULL REFERENCES attachment (id),
    at         timestamptz NOT NULL,
    side       text NOT NULL CHECK (side IN ('resident', 'unit', 'hotline')),
    public     boolean NOT NULL,
    PRIMARY KEY (ticket, attachment)
);
COMMENT ON TABLE ticket_attachment IS 'Which tickets a file belongs to: a contact of two matters makes two tickets with the same photographs.';
COMMENT ON COLUMN ticket_attachment.public IS 'Whether the citizen sees it: their own at once, others'' with the answer.';
CREATE INDEX ticket_attachment_of ON ticket_attachment (attachment);

CREATE INDEX ticket_split ON ticket (split_from) WHERE split_from IS NOT NULL;

-- Whose ticket's files one sees. They run as the owner, as `unit_sees` does.
CREATE FUNCTION sees_files_of(ticket uuid, side text, public boolean) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT CASE acting_scope()
       WHEN 'system' THEN true
       WHEN 'hotline' THEN true
       -- Who has a part of a ticket in hand needs the photographs of the whole.
       WHEN 'unit' THEN unit_sees($1) OR EXISTS (SELECT FROM ticket t WHERE t.split_from = $1 AND unit_sees(t.id))
       WHEN 'citizen' THEN $3 AND EXISTS (
            SELECT
              FROM ticket t
             WHERE t.id = $1
               AND t.number = acting_ticket()
               -- What a unit adds is part of its answer: a draft until the hotline has passed it.
               AND ($2 <> 'unit' OR t.state IN ('awaiting_call_back', 'closed')))
       ELSE false END
$$;
CREATE FUNCTION sees_file(attachment uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT EXISTS (SELECT FROM ticket_attachment a WHERE a.attachment = $1 AND sees_files_of(a.ticket, a.side, a.public))
$$;
CREATE FUNCTION has_in_hand(ticket uuid) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT CASE acting_scope()
       WHEN 'system' THEN true
       WHEN 'hotline' THEN true
       WHEN 'unit' THEN unit_sees($1)
       WHEN 'citizen' THEN EXISTS (SELECT FROM ticket t WHERE t.id = $1 AND t.number = acting_ticket())
       ELSE false END
$$;

ALTER TABLE ticket_attachment ENABLE ROW LEVEL SECURITY;
CREATE POLICY file_listed ON ticket_attachment FOR SELECT TO yixian_app
    USING (sees_files_of(ticket, side, public));
CREATE POLICY file_bound ON ticket_attachment FOR INSERT TO yixian_app
    WITH CHECK (has_in_hand(ticket) AND (acting_scope() <> 'citizen' OR side = 'resident') AND (acting_scope() <> 'unit' OR side = 'unit'));
GRANT SELECT, INSERT ON ticket_attachment TO yixian_app;

ALTER TABLE attachment ENABLE ROW LEVEL SECURITY;
CREATE POLICY file_seen ON attachment FOR SELECT TO yixian_app
    USING (acting_scope() IN ('system', 'hotline') OR (draft IS NULL AND sees_file(id)));
CREATE POLICY file_added ON attachment FOR INSERT TO yixian_app
    WITH CHECK (acting_scope() IN ('system', 'hotline', 'unit', 'citizen'));
-- Only what has no ticket yet is ever taken away; what a ticket has, it keeps.
CREATE POLICY draft_bound ON attachment FOR UPDATE TO yixian_app
    USING (acting_scope() IN ('system', 'hotline') AND draft IS NOT NULL)
    WITH CHECK (acting_scope() IN ('system', 'hotline') AND draft IS NULL);
CREATE POLICY draft_forgotten ON attachment FOR DELETE TO yixian_app USING (acting_scope() = 'system' AND draft IS NOT NULL);
GRANT SELECT, INSERT, DELETE, UPDATE (draft) ON attachment TO yixian_app;

-- A resident proves a telephone number by a code, and then sees the tickets of that number.
CREATE TABLE phone_code (
    phone_hash bytea PRIMARY KEY,
    code_hash  bytea NOT NULL,
    made_at    timestamptz NOT NULL,
    tries      integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE phone_code IS 'The latest code of a telephone number, hashed; ten minutes, five tries.';
GRANT SELECT, INSERT, UPDATE, DELETE ON phone_code TO yixian_app;

CREATE TABLE phone_code_asked (
    at   timestamptz NOT NULL,
    what bytea NOT NULL
);
COMMENT ON TABLE phone_code_asked IS 'Codes asked for, by number and by address (keyed hashes): the limits are counted here, over all processes.';
CREATE INDEX phone_code_asked_by ON phone_code_asked (what, at);
GRANT SELECT, INSERT, DELETE ON phone_code_asked TO yixian_app;

CREATE TABLE resident_session (
    token_hash bytea PRIMARY KEY,
    phone_hash bytea NOT NULL,
    phone_tail text NOT NULL,
    csrf       text NOT NULL,
    made_at    timestamptz NOT NULL
);
COMMENT ON TABLE resident_session IS 'A browser that proved a telephone number; thirty minutes.';
GRANT SELECT, INSERT, DELETE ON resident_session TO yixian_app;
