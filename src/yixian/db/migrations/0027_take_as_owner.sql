-- Taking a contact in, as the owner: a row of each of seven tables was held against its policy, all of which ask whether the hotline or
-- the system acts. That is asked once, here. And its statements are planned once a connection, not each time: they look at nothing but
-- what they are given. Together an eighth of what the function costs.

-- Whoever acts is said here, as `SET LOCAL` says it in a transaction of several statements.
CREATE OR REPLACE FUNCTION take_contact(acting_as text, acting_actor text, new_contact jsonb, new_caller jsonb, new_key text, new_digest bytea, new_draft bytea,
                             at timestamptz, matters text[], since timestamptz,
                             new_tickets jsonb, new_orders jsonb, new_rows jsonb, new_events jsonb,
                             OUT taken boolean, OUT caller uuid)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    IF (acting_as IN ('system', 'hotline')) IS NOT TRUE THEN
        RAISE insufficient_privilege USING MESSAGE = format('Nobody takes contacts in as %s.', acting_as);
    END IF;
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
REVOKE EXECUTE ON FUNCTION take_contact FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_contact TO yixian_app;
