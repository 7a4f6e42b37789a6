-- Special campaigns (专项): tickets of some matters, places, units or words under limits of their own, on a board of their own.

CREATE TABLE campaign (
    id          uuid PRIMARY KEY,
    name        text NOT NULL CHECK (name <> ''),
    purpose     text NOT NULL CHECK (purpose <> ''),
    basis       text NOT NULL CHECK (basis <> ''),
    first_day   date NOT NULL,
    last_day    date NOT NULL,
    begins_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    matters     text[] NOT NULL DEFAULT '{}',
    regions     text[] NOT NULL DEFAULT '{}',
    units       text[] NOT NULL DEFAULT '{}',
    words       text[] NOT NULL DEFAULT '{}',
    sign        text NOT NULL DEFAULT '',
    contact     text NOT NULL DEFAULT '',
    answer      text NOT NULL DEFAULT '',
    longer      text NOT NULL DEFAULT '',
    lead        text NOT NULL REFERENCES unit (code),
    members     text[] NOT NULL DEFAULT '{}',
    columns     jsonb NOT NULL,
    state       text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'approved', 'ended', 'discarded')),
    drafted_at  timestamptz NOT NULL,
    drafted_by  text NOT NULL,
    approved_at timestamptz,
    approved_by text NOT NULL DEFAULT '',
    ended_at    timestamptz,
    report      text NOT NULL DEFAULT '',
    figures     jsonb,
    version     integer NOT NULL DEFAULT 1,
    CHECK (first_day <= last_day AND begins_at < ends_at),
    -- Which tickets must be said: a campaign of everything is not one.
    CHECK (cardinality(matters) + cardinality(regions) + cardinality(units) + cardinality(words) > 0),
    -- Nobody approves what they drafted.
    CHECK (approved_by <> drafted_by),
    CHECK (state NOT IN ('approved', 'ended') OR approved_at IS NOT NULL),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL)),
    CHECK (state <> 'ended' OR (report <> '' AND figures IS NOT NULL))
);
COMMENT ON TABLE campaign IS 'A special campaign: drafted, approved by somebody else, run, ended with a report.';
COMMENT ON COLUMN campaign.begins_at IS 'The first moment of `first_day` in the city''s zone, UTC; `ends_at` the first after `last_day`.';
COMMENT ON COLUMN campaign.matters IS 'Codes of matters, leaves or branches; empty: any. Matters, regions, units and words must all fit.';
COMMENT ON COLUMN campaign.sign IS 'Its own limit as in the city pack (2h, 4wh, 1wd); empty: the ordinary one.';
COMMENT ON COLUMN campaign.longer IS 'Why its limits may be longer than the ordinary ones; empty: they are not.';
COMMENT ON COLUMN campaign.lead IS 'The unit that leads the task force.';
COMMENT ON COLUMN campaign.figures IS 'How it stood when it was ended; never counted again.';
CREATE INDEX campaign_by_time ON campaign (begins_at DESC, id DESC);
CREATE INDEX campaign_approved ON campaign (id) WHERE state = 'approved';

CREATE TABLE campaign_step (
    id       uuid PRIMARY KEY,
    campaign uuid NOT NULL REFERENCES campaign (id),
    at       timestamptz NOT NULL,
    actor    text NOT NULL,
    role     text NOT NULL,
    action   text NOT NULL,
    note     text NOT NULL DEFAULT '',
    detail   jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE campaign_step IS 'Who did what with a campaign, and why; never changed.';
CREATE INDEX campaign_step_by_campaign ON campaign_step (campaign, at, id);
CREATE TRIGGER campaign_step_is_history BEFORE UPDATE OR DELETE ON campaign_step FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER campaign_step_is_history_whole BEFORE TRUNCATE ON campaign_step FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One column: a ticket cannot be in two campaigns.
ALTER TABLE ticket
    ADD COLUMN campaign uuid REFERENCES campaign (id),
    ADD COLUMN special  jsonb,
    ADD CONSTRAINT ticket_special_in_campaign CHECK ((campaign IS NULL) = (special IS NULL));
COMMENT ON COLUMN ticket.campaign IS 'The special campaign that it belongs to.';
COMMENT ON COLUMN ticket.special IS 'Name of the campaign, since when, and the limits it gives: sign, contact, answer, whether they may be longer.';
GRANT UPDATE (campaign, special) ON ticket TO yixian_app;
CREATE INDEX ticket_by_campaign ON ticket (campaign, id) WHERE campaign IS NOT NULL;

-- A unit sees a campaign that runs or ran: of whose task force it is, stands above or below, or in which it has a ticket.
CREATE FUNCTION sees_campaign(campaign uuid, state text, task_force text[]) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public PARALLEL SAFE
    AS $$
SELECT CASE acting_scope()
       WHEN 'system' THEN true
       WHEN 'hotline' THEN true
       WHEN 'unit' THEN state IN ('approved', 'ended')
                    AND (EXISTS (SELECT
                                   FROM unit u
                                  WHERE u.code = ANY (task_force)
                                    AND (starts_with(u.path, acting_path()) OR starts_with(acting_path(), u.path)))
                      OR EXISTS (SELECT
                                   FROM ticket t
                                   JOIN unit_order o ON o.ticket = t.id
                                  WHERE t.campaign = $1
                                    AND (o.ended_at IS NULL OR o.ended_how IN ('closed', 'merge', 'withdraw', 'terminate'))
                                    AND starts_with(o.unit_path, acting_path())))
       ELSE false END
$$;

ALTER TABLE campaign ENABLE ROW LEVEL SECURITY;
CREATE POLICY campaign_seen ON campaign FOR SELECT TO yixian_app USING (sees_campaign(id, state, members || lead));
CREATE POLICY campaign_drafted ON campaign FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
CREATE POLICY campaign_moved ON campaign FOR UPDATE TO yixian_app USING (acting_scope() IN ('system', 'hotline'));
GRANT SELECT, INSERT, UPDATE ON campaign TO yixian_app;

ALTER TABLE campaign_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY campaign_step_seen ON campaign_step FOR SELECT TO yixian_app
    USING (EXISTS (SELECT FROM campaign c WHERE c.id = campaign_step.campaign));
CREATE POLICY campaign_step_written ON campaign_step FOR INSERT TO yixian_app WITH CHECK (acting_scope() IN ('system', 'hotline'));
GRANT SELECT, INSERT ON campaign_step TO yixian_app;
