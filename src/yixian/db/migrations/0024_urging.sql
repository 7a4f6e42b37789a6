-- Who urges is told when the next urging is possible.

ALTER TABLE ticket
    ADD COLUMN urged_at timestamptz;
COMMENT ON COLUMN ticket.urged_at IS 'When it was urged last.';
GRANT UPDATE (urged_at) ON ticket TO yixian_app;
UPDATE ticket t
   SET urged_at = (SELECT max(h.at)
                     FROM history h
                    WHERE h.ticket = t.id
                      AND h.at >= t.created_at
                      AND h.action = 'urge')
 WHERE t.urged > 0;
