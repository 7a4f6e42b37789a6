-- Two people on one ticket, and the dispatcher's desk: who has what open, what waits on purpose, and how much each unit has.

CREATE FUNCTION acting_actor() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('yixian.actor', true), '') $$;

-- Not logged: after a crash everybody's next beat, seconds later, brings it back.
CREATE UNLOGGED TABLE presence (
    ticket    uuid NOT NULL,
    staff     text NOT NULL,
    name      text NOT NULL,
    unit      text NOT NULL,
    unit_path text NOT NULL,
    scope     text NOT NULL CHECK (scope IN ('hotline', 'unit')),
    role      text NOT NULL,
    doing     text NOT NULL CHECK (doing IN ('reading', 'typing')),
    action    text NOT NULL DEFAULT '',
    since     timestamptz NOT NULL,
    seen_at   timestamptz NOT NULL,
    PRIMARY KEY (ticket, staff)
);
COMMENT ON TABLE presence IS 'Who has a ticket open now. Whoever was not seen for a while has gone, whatever stands here.';
COMMENT ON COLUMN presence.action IS 'Into which step''s form they are typing.';
CREATE INDEX presence_by_time ON presence (seen_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON presence TO yixian_app;
ALTER TABLE presence ENABLE ROW LEVEL SECURITY;
-- Everybody writes and reads their own row, of a ticket that they see; others' are read through `present_at`.
CREATE POLICY presence_of_oneself ON presence TO yixian_app
    USING (staff = (SELECT acting_actor()))
    WITH CHECK (staff = (SELECT acting_actor())
                AND scope = (SELECT acting_scope())
                AND CASE (SELECT acting_scope())
                    WHEN 'hotline' THEN true
                    WHEN 'unit' THEN unit_path = (SELECT acting_path()) AND unit_sees(ticket)
                    ELSE false END);
CREATE POLICY presence_forgotten ON presence TO yixian_app
    USING ((SELECT acting_scope()) = 'system');

CREATE FUNCTION present_at(tickets uuid[], seen_after timestamptz)
    RETURNS TABLE (ticket uuid, name text, unit text, role text, doing text, action text, since timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    AS $$
SELECT p.ticket,
       CASE WHEN named THEN p.name ELSE '' END,
       p.unit,
       CASE WHEN named THEN p.role ELSE '' END,
       p.doing,
       CASE WHEN named THEN p.action ELSE '' END,
       p.since
  FROM presence p, LATERAL (SELECT acting_scope() = 'hotline' OR p.unit_path = acting_path() AS named) n
 WHERE p.ticket = ANY ($1)
   AND p.seen_at > $2
   AND p.staff <> acting_actor()
   AND CASE acting_scope()
       WHEN 'hotline' THEN true
       WHEN 'unit' THEN (p.scope = 'hotline' OR p.unit_path = acting_path()) AND unit_sees(p.ticket)
       ELSE false END
 ORDER BY p.since, p.staff
$$;
COMMENT ON FUNCTION present_at IS 'Who else has these tickets open. A unit is told of its own people by name, of the hotline''s without, and never of another unit''s.';

-- One after the other: whoever comes second sees what the first was offered, and is offered the next.
CREATE FUNCTION offer_ticket(tickets uuid[], who presence, gone timestamptz) RETURNS jsonb
    LANGUAGE plpgsql SET search_path = public
    AS $$
DECLARE
    others jsonb;
    chosen uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('offering tickets'));
    SELECT coalesce(jsonb_agg(to_jsonb(p)), '[]') INTO others FROM present_at(tickets, gone) p;
    SELECT t.id INTO chosen
      FROM unnest(tickets) WITH ORDINALITY AS t (id, place)
     ORDER BY EXISTS (SELECT FROM jsonb_array_elements(others) o WHERE o ->> 'ticket' = t.id::text), t.place
     LIMIT 1;
    who.ticket := chosen;
    INSERT INTO presence AS p
    SELECT (who).*
        ON CONFLICT (ticket, staff) DO UPDATE
       SET doing = excluded.doing, action = excluded.action, role = excluded.role, seen_at = excluded.seen_at,
           since = CASE WHEN p.seen_at > gone THEN p.since ELSE excluded.since END;
    RETURN jsonb_build_object('chosen', chosen, 'others', others);
END $$;
COMMENT ON FUNCTION offer_ticket IS 'The first of these tickets that nobody else has open, the first of all when every one is taken: now open before `who`.';

CREATE TABLE parking (
    ticket   uuid NOT NULL REFERENCES ticket (id),
    at       timestamptz NOT NULL,
    until    timestamptz NOT NULL,
    reason   text NOT NULL CHECK (reason <> ''),
    staff    text NOT NULL,
    version  integer NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (ticket, at),
    CHECK (until > at)
);
COMMENT ON TABLE parking IS 'Tickets that a dispatcher put aside until a time, and why. The clock runs on.';
COMMENT ON COLUMN parking.version IS 'Where the ticket stood: any step taken after it brings the ticket back to the queue.';
COMMENT ON COLUMN parking.ended_at IS 'When somebody took it up again before its time.';
GRANT SELECT, INSERT, UPDATE (ended_at) ON parking TO yixian_app;
ALTER TABLE parking ENABLE ROW LEVEL SECURITY;
CREATE POLICY parking_of_the_hotline ON parking TO yixian_app
    USING ((SELECT acting_scope()) IN ('system', 'hotline'))
    WITH CHECK ((SELECT acting_scope()) IN ('system', 'hotline'));

-- "How much has each unit in hand?": read from the index alone, whatever else there is.
CREATE INDEX ticket_with_unit ON ticket (lead, next_due, amber_at)
    WHERE closed_at IS NULL AND state IN ('dispatched', 'handling', 'joint_review', 'unit_review');
-- "Who was given something today?" and "who gave something back this month?"
CREATE INDEX lead_order_by_time ON unit_order (since, unit) WHERE role = 'lead';
CREATE INDEX return_by_time ON unit_order (ended_at, unit) WHERE ended_how = 'return' AND role = 'lead';
-- "Where did the last ones about this matter go, and what else was said of it today?" Ids are ordered by time.
CREATE INDEX ticket_by_matter ON ticket (matter, id DESC);

CREATE FUNCTION unit_load(units text[], now timestamptz, today timestamptz, month timestamptz)
    RETURNS TABLE (unit text, open bigint, red bigint, amber bigint, fresh bigint, returned bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    AS $$
WITH hand AS (
    SELECT t.lead AS unit, count(*) AS open,
           count(*) FILTER (WHERE t.next_due < $2) AS red,
           count(*) FILTER (WHERE t.next_due >= $2 AND t.amber_at <= $2) AS amber
      FROM ticket t
     WHERE t.closed_at IS NULL
       AND t.state IN ('dispatched', 'handling', 'joint_review', 'unit_review')
       AND ($1 IS NULL OR t.lead = ANY ($1))
     GROUP BY 1
), fresh AS (
    SELECT o.unit, count(*) AS fresh
      FROM unit_order o
     WHERE o.role = 'lead'
       AND o.since >= $3
       AND ($1 IS NULL OR o.unit = ANY ($1))
     GROUP BY 1
), back AS (
    SELECT o.unit, count(*) AS returned
      FROM unit_order o
     WHERE o.role = 'lead'
       AND o.ended_how = 'return'
       AND o.ended_at >= $4
       AND ($1 IS NULL OR o.unit = ANY ($1))
     GROUP BY 1
)
SELECT unit, coalesce(h.open, 0), coalesce(h.red, 0), coalesce(h.amber, 0), coalesce(f.fresh, 0), coalesce(b.returned, 0)
  FROM hand h
  FULL JOIN fresh f USING (unit)
  FULL JOIN back b USING (unit)
 WHERE acting_scope() IN ('system', 'hotline')
   AND unit IS NOT NULL
$$;
COMMENT ON FUNCTION unit_load IS 'What each unit leads, or these units do: open, overdue, nearly so, given since `today`, given back since `month`.';
