-- Whoever sends a key may have sent files with it, and hardly anybody has: whether files wait is asked in the same round trip, so that a
-- contact with a key is one round trip too.

DROP FUNCTION take_contact(text, text, jsonb, jsonb, text, bytea, timestamptz, text[], timestamptz, jsonb, jsonb, jsonb, jsonb);

-- Whoever acts is said here, as `SET LOCAL` says it in a transaction of several statements.
CREATE FUNCTION take_contact(acting_as text, acting_actor text, new_contact jsonb, new_caller jsonb, new_key text, new_digest bytea, new_draft bytea,
                             at timestamptz, matters text[], since timestamptz,
                             new_tickets jsonb, new_orders jsonb, new_rows jsonb, new_events jsonb,
                             OUT taken boolean, OUT caller uuid)
    LANGUAGE plpgsql SET search_path = public
    AS $$
BEGIN
    PERFORM set_config('yixian.scope', acting_as, true), set_config('yixian.actor', acting_actor, true);
    IF new_draft IS NOT NULL AND EXISTS (SELECT FROM attachment a WHERE a.draft = new_draft) THEN
        taken := false;
        RETURN;
    END IF;
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
    'A contact with its tickets, in one statement; not taken, and nothing stored: files wait for it, the caller has open tickets of these matters, or the key was known.';
