-- What intake writes, in one round trip. An ordinary contact is stored by one statement: five calls of a driver cost a web process a third
-- of what it spends on storing, and the server as much as a table's row.

CREATE FUNCTION keep_caller(new_caller jsonb) RETURNS uuid
    LANGUAGE plpgsql SET search_path = public
    AS $$
DECLARE
    kept uuid;
BEGIN
    INSERT INTO caller AS known
    SELECT *
      FROM jsonb_populate_record(NULL::caller, new_caller)
        ON CONFLICT (phone_hash) DO UPDATE
       SET name          = coalesce(known.name, excluded.name),
           identity      = coalesce(known.identity, excluded.identity),
           identity_hash = coalesce(known.identity_hash, excluded.identity_hash),
           name_hash     = coalesce(known.name_hash, excluded.name_hash),
           kind          = CASE WHEN excluded.name_hash IS NULL AND excluded.identity_hash IS NULL THEN known.kind ELSE excluded.kind END,
           language      = coalesce(nullif(excluded.language, ''), known.language),
           needs         = coalesce(nullif(excluded.needs, ''), known.needs)
    RETURNING id INTO kept;
    RETURN kept;
END
$$;
COMMENT ON FUNCTION keep_caller IS
    'Keeps a caller; the id is that of the row with this telephone number, if there is one. A known name or identity stays: anybody may type anybody''s number.';

CREATE FUNCTION keep_contact(new_contact jsonb, new_caller jsonb, new_key text, new_digest bytea, at timestamptz,
                             OUT fresh boolean, OUT caller uuid)
    LANGUAGE plpgsql SET search_path = public
    AS $$
BEGIN
    IF new_key IS NOT NULL THEN
        INSERT INTO idempotency (key, digest, contact, at)
        VALUES (new_key, new_digest, (new_contact ->> 'id')::uuid, keep_contact.at)
            ON CONFLICT (key) DO NOTHING;
        fresh := FOUND;
        IF NOT fresh THEN
            RETURN;
        END IF;
    END IF;
    IF new_caller IS NOT NULL THEN
        caller := keep_caller(new_caller);
    END IF;
    INSERT INTO contact
    SELECT c.*
      FROM jsonb_populate_record(NULL::contact, new_contact || jsonb_build_object('caller', keep_contact.caller)) c;
    fresh := true;
END
$$;
COMMENT ON FUNCTION keep_contact IS 'Stores a contact, its caller (known by telephone number, or new) and its key; not fresh: the key was known, and nothing was stored.';

CREATE FUNCTION open_tickets(new_tickets jsonb, new_orders jsonb, new_rows jsonb, new_events jsonb) RETURNS void
    LANGUAGE plpgsql SET search_path = public
    AS $$
BEGIN
    INSERT INTO ticket
    SELECT *
      FROM jsonb_populate_recordset(NULL::ticket, new_tickets);
    INSERT INTO unit_order
    SELECT *
      FROM jsonb_populate_recordset(NULL::unit_order, new_orders);
    INSERT INTO event (at, kind, subject, body)
    SELECT at, kind, subject, body
      FROM jsonb_to_recordset(new_events) AS e (at timestamptz, kind text, subject uuid, body jsonb);
    INSERT INTO history
    SELECT *
      FROM jsonb_populate_recordset(NULL::history, new_rows);
END
$$;
COMMENT ON FUNCTION open_tickets IS 'Writes new tickets with their orders, their first rows of history and their events.';

-- Whoever acts is said here, as `SET LOCAL` says it in a transaction of several statements.
CREATE FUNCTION take_contact(acting_as text, acting_actor text, new_contact jsonb, new_caller jsonb, new_key text, new_digest bytea,
                             at timestamptz, matters text[], since timestamptz,
                             new_tickets jsonb, new_orders jsonb, new_rows jsonb, new_events jsonb,
                             OUT taken boolean, OUT caller uuid)
    LANGUAGE plpgsql SET search_path = public
    AS $$
BEGIN
    PERFORM set_config('yixian.scope', acting_as, true), set_config('yixian.actor', acting_actor, true);
    IF matters <> '{}' THEN
        SELECT id INTO caller FROM caller c WHERE c.phone_hash = (new_caller ->> 'phone_hash')::bytea;
        IF caller IS NOT NULL AND EXISTS (
            SELECT
              FROM (SELECT matter, closed_at, created_at
                      FROM ticket
                     WHERE ticket.caller = take_contact.caller
                    OFFSET 0) t  -- by the caller's index: of one matter there may be thousands
             WHERE t.matter = ANY (matters)
               AND t.closed_at IS NULL
               AND t.created_at > since)
        THEN
            taken := false;
            RETURN;
        END IF;
    END IF;
    SELECT k.fresh, k.caller
      INTO taken, caller
      FROM keep_contact(new_contact, new_caller, new_key, new_digest, take_contact.at) k;
    IF NOT taken THEN
        RETURN;
    END IF;
    IF caller IS DISTINCT FROM (new_caller ->> 'id')::uuid THEN
        new_tickets := (SELECT jsonb_agg(t || jsonb_build_object('caller', take_contact.caller)) FROM jsonb_array_elements(new_tickets) t);
    END IF;
    PERFORM open_tickets(new_tickets, new_orders, new_rows, new_events);
END
$$;
COMMENT ON FUNCTION take_contact IS
    'A contact with its tickets, in one statement; not taken, and nothing stored: the caller has open tickets of these matters, or the key was known.';
