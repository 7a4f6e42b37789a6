-- Who may take their own life is looked after by a person, whatever becomes of the matter.

ALTER TABLE ticket
    ADD COLUMN care text NOT NULL DEFAULT '' CHECK (care IN ('', 'needed', 'taken'));
COMMENT ON COLUMN ticket.care IS 'needed: who brought it may take their own life, and nobody looks after them yet; taken: somebody does, the history says who; empty: nothing spoke for it.';
GRANT UPDATE (care) ON ticket TO yixian_app;
-- A handful of millions: every board asks for them all the time.
CREATE INDEX ticket_in_need ON ticket (id) WHERE care = 'needed';
