-- Limits and the calendar may change for tickets that run already, when an administrator says so: in batches, each going on where the last ended.

ALTER TABLE adjustment
    ADD COLUMN earlier boolean NOT NULL DEFAULT false,
    ADD CHECK (recounts OR NOT earlier);
COMMENT ON COLUMN adjustment.earlier IS 'Whether limits that run already may come to end earlier than was said; only with `recounts`.';

CREATE TABLE recount (
    adjustment uuid PRIMARY KEY REFERENCES adjustment (id),
    began_at   timestamptz NOT NULL,
    reached    uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    looked     integer NOT NULL DEFAULT 0,
    moved      integer NOT NULL DEFAULT 0,
    late       integer NOT NULL DEFAULT 0,
    own        integer NOT NULL DEFAULT 0,
    done_at    timestamptz
);
COMMENT ON TABLE recount IS 'How far the running tickets are counted again after a change of limits or calendar.';
COMMENT ON COLUMN recount.reached IS 'The last ticket looked at; the next batch begins after it.';
COMMENT ON COLUMN recount.looked IS 'Running tickets looked at.';
COMMENT ON COLUMN recount.moved IS 'Tickets that got other limits.';
COMMENT ON COLUMN recount.late IS 'Of those, tickets that were in time and are late by the new limits.';
COMMENT ON COLUMN recount.own IS 'Tickets left alone: their limits are their own.';
GRANT SELECT, INSERT, UPDATE ON recount TO yixian_app;
ALTER TABLE recount ENABLE ROW LEVEL SECURITY;
CREATE POLICY recount_of_the_system ON recount TO yixian_app
    USING (acting_scope() = 'system')
    WITH CHECK (acting_scope() = 'system');

-- "Was it ever in a campaign?": asked of every running ticket at once; few ever were.
CREATE INDEX history_joined ON history (ticket) WHERE action = 'join';

-- What others are asked for beside the unit that leads is owed when the answer is.
GRANT UPDATE (due) ON unit_order TO yixian_app;
