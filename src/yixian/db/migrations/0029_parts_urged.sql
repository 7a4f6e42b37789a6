-- Who leads urges the co-handlers that owe it their part; who owes one sees it, and is not urged every minute.

ALTER TABLE unit_order
    ADD COLUMN urged_at timestamptz;
COMMENT ON COLUMN unit_order.urged_at IS 'When the lead urged this co-unit''s part last.';
GRANT UPDATE (urged_at) ON unit_order TO yixian_app;
