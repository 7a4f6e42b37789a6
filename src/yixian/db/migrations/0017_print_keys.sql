-- Forgetting passes over a table of eight days once a day: a summary of its pages does, where sixteen entries of an index a ticket cost more
-- than all look-ups together.
DROP INDEX print_key_by_time;
CREATE INDEX print_key_by_time ON ticket_print_key USING brin (at) WITH (pages_per_range = 32, autosummarize = on);
