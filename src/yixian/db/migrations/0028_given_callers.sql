-- Who brought a ticket is never changed; but what may be an emergency is registered before anybody is asked who they are.

CREATE FUNCTION give_caller(given uuid, who uuid) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public
    AS $$
BEGIN
    IF (acting_scope() IN ('system', 'hotline')) IS NOT TRUE THEN
        RAISE insufficient_privilege USING MESSAGE = format('Nobody says as %s who brought a ticket.', acting_scope());
    END IF;
    UPDATE ticket
       SET caller = who
     WHERE id = given
       AND caller IS NULL;
END
$$;
COMMENT ON FUNCTION give_caller IS 'Says who brought a ticket of which nobody knew it; whoever is known to have brought one stays.';
REVOKE EXECUTE ON FUNCTION give_caller FROM PUBLIC;
GRANT EXECUTE ON FUNCTION give_caller TO yixian_app;
