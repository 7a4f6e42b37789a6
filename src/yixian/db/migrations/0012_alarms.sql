-- What may be an emergency carries its alarm, so that standing it down gives the ticket back what it would have been without.

ALTER TABLE ticket
    ADD COLUMN alarm text NOT NULL DEFAULT '' CHECK (alarm IN ('', 'raised', 'confirmed', 'stood_down')),
    ADD COLUMN calm  text CHECK (calm IN ('normal', 'urgent', 'critical'));
COMMENT ON COLUMN ticket.alarm IS 'raised: it may be an emergency; confirmed or stood_down: somebody said so, see the history; empty: nothing spoke for one.';
COMMENT ON COLUMN ticket.calm IS 'How urgent it is without the alarm; there when there was one.';
GRANT UPDATE (alarm, calm) ON ticket TO yixian_app;
