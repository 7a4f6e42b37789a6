-- The city as data. `body` is the truth, as the pack said it; the columns beside it are read out of it by the database itself,
-- where a key, a join or an index needs them, so the two can never disagree.
-- What disappears from the pack is retired, never deleted: tickets still point to it.

CREATE TABLE queue (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    name       text NOT NULL GENERATED ALWAYS AS (body ->> 'name') STORED
);

CREATE TABLE region (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    parent     text GENERATED ALWAYS AS (body ->> 'parent') STORED REFERENCES region (code),
    level      text NOT NULL GENERATED ALWAYS AS (body ->> 'level') STORED
               CHECK (level IN ('city', 'district', 'street', 'community')),
    name       text NOT NULL GENERATED ALWAYS AS (body ->> 'name') STORED
);
CREATE INDEX region_parent ON region (parent);

CREATE TABLE unit (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    parent     text GENERATED ALWAYS AS (body ->> 'parent') STORED REFERENCES unit (code),
    region     text NOT NULL GENERATED ALWAYS AS (body ->> 'region') STORED REFERENCES region (code),
    level      text NOT NULL GENERATED ALWAYS AS (body ->> 'level') STORED
               CHECK (level IN ('province', 'city', 'district', 'street', 'community')),
    path       text NOT NULL GENERATED ALWAYS AS (body ->> 'path') STORED
               CHECK (right(path, length(code) + 1) = code || '/'),
    name       text NOT NULL GENERATED ALWAYS AS (body ->> 'name') STORED
);
CREATE INDEX unit_parent ON unit (parent);
CREATE INDEX unit_path ON unit (path text_pattern_ops);
COMMENT ON COLUMN unit.path IS 'Codes from the top unit down to this one, each followed by a slash: a unit is below another when its path starts with the other''s.';
COMMENT ON COLUMN unit.retired_at IS 'When the pack no longer named it. A retired unit gets no new ticket and keeps those it had.';

CREATE TABLE line (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    queue      text NOT NULL GENERATED ALWAYS AS (body ->> 'queue') STORED REFERENCES queue (code),
    unit       text NOT NULL GENERATED ALWAYS AS (body ->> 'unit') STORED REFERENCES unit (code)
);
COMMENT ON COLUMN line.code IS 'The number that is rung.';

CREATE TABLE matter (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    parent     text GENERATED ALWAYS AS (body ->> 'parent') STORED REFERENCES matter (code),
    queue      text NOT NULL GENERATED ALWAYS AS (body ->> 'queue') STORED REFERENCES queue (code),
    name       text NOT NULL GENERATED ALWAYS AS (body ->> 'name') STORED
);
CREATE INDEX matter_parent ON matter (parent);

CREATE TABLE example (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    matter     text NOT NULL GENERATED ALWAYS AS (body ->> 'matter') STORED REFERENCES matter (code)
);
CREATE INDEX example_matter ON example (matter);
COMMENT ON COLUMN example.code IS 'The matter and a digest of the words: an example has no other identity.';

CREATE TABLE place (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    name       text NOT NULL GENERATED ALWAYS AS (body ->> 'name') STORED
);
CREATE INDEX place_name ON place (name);
COMMENT ON COLUMN place.code IS 'Kind, name and regions: the same name may stand for several places.';

CREATE TABLE responsibility (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    matter     text NOT NULL GENERATED ALWAYS AS (body ->> 'matter') STORED REFERENCES matter (code),
    lead       text NOT NULL GENERATED ALWAYS AS (body ->> 'lead') STORED
);
CREATE INDEX responsibility_matter ON responsibility (matter);
COMMENT ON COLUMN responsibility.lead IS 'A unit''s code, or @district.<function>, @district, @street, @community.';

CREATE TABLE guide (
    code       text PRIMARY KEY,
    body       jsonb NOT NULL,
    retired_at timestamptz,
    matter     text NOT NULL GENERATED ALWAYS AS (body ->> 'matter') STORED REFERENCES matter (code),
    unit       text NOT NULL GENERATED ALWAYS AS (body ->> 'unit') STORED REFERENCES unit (code)
);

CREATE TABLE pack_document (
    code       text PRIMARY KEY CHECK (code IN ('city', 'calendar', 'gate', 'limits', 'triage', 'queues')),
    body       jsonb NOT NULL,
    retired_at timestamptz
);
COMMENT ON TABLE pack_document IS 'What a pack says once: who the city is, its calendar, gate, time limits, triage words, and the order of its queues.';

CREATE TABLE pack_load (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     timestamptz NOT NULL,
    actor  text NOT NULL,
    counts jsonb NOT NULL
);
COMMENT ON TABLE pack_load IS 'Each loading that changed something. Loading the same pack again leaves no row.';

-- Deferred, because the changes are written before the row that counts them.
CREATE TABLE city_change (
    load_id bigint NOT NULL REFERENCES pack_load (id) DEFERRABLE INITIALLY DEFERRED,
    kind    text NOT NULL,
    code    text NOT NULL,
    before  jsonb,
    after   jsonb,
    PRIMARY KEY (kind, code, load_id),
    CHECK (before IS NOT NULL OR after IS NOT NULL)
);
COMMENT ON TABLE city_change IS 'What each loading did: no before is an addition (or a return), no after a retirement.';

CREATE TRIGGER pack_load_is_history BEFORE UPDATE OR DELETE ON pack_load FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER city_change_is_history BEFORE UPDATE OR DELETE ON city_change FOR EACH ROW EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT, UPDATE
   ON queue, region, unit, line, matter, example, place, responsibility, guide, pack_document
   TO yixian_app;
GRANT SELECT, INSERT ON pack_load, city_change TO yixian_app;
GRANT USAGE ON SEQUENCE pack_load_id_seq TO yixian_app;
