-- The units' desk: texts that answers begin from, and what a unit gave back.

CREATE TABLE answer_template (
    id         uuid PRIMARY KEY,
    unit       text REFERENCES unit (code),
    unit_path  text NOT NULL DEFAULT '',
    matter     text REFERENCES matter (code),
    title      text NOT NULL CHECK (title <> ''),
    text       text NOT NULL CHECK (text <> ''),
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    retired_at timestamptz,
    version    integer NOT NULL DEFAULT 1,
    CHECK ((unit IS NULL) = (unit_path = ''))
);
COMMENT ON TABLE answer_template IS 'Texts with places to fill, that a handler begins an answer from; a unit''s own, or the whole city''s.';
COMMENT ON COLUMN answer_template.unit IS 'Whose it is: that unit and those below it use it. NULL: every unit does.';
COMMENT ON COLUMN answer_template.matter IS 'For this matter and those below it; NULL: for all.';
CREATE INDEX answer_template_in_use ON answer_template (unit_path text_pattern_ops, matter) WHERE retired_at IS NULL;
GRANT SELECT, INSERT, UPDATE (matter, title, text, changed_at, changed_by, retired_at, version) ON answer_template TO yixian_app;
ALTER TABLE answer_template ENABLE ROW LEVEL SECURITY;
-- A unit uses the city's, its own, and those of the units above it; it writes its own alone.
CREATE POLICY template_used ON answer_template FOR SELECT TO yixian_app
    USING (CASE (SELECT acting_scope())
           WHEN 'system' THEN true
           WHEN 'hotline' THEN unit IS NULL
           WHEN 'editor' THEN unit IS NULL
           WHEN 'unit' THEN unit IS NULL OR starts_with((SELECT acting_path()), unit_path)
           ELSE false END);
CREATE POLICY template_changed ON answer_template FOR UPDATE TO yixian_app
    USING (CASE (SELECT acting_scope())
           WHEN 'system' THEN true
           WHEN 'hotline' THEN unit IS NULL
           WHEN 'editor' THEN unit IS NULL
           WHEN 'unit' THEN unit_path = (SELECT acting_path())
           ELSE false END);
CREATE POLICY template_made ON answer_template FOR INSERT TO yixian_app
    WITH CHECK (CASE (SELECT acting_scope())
                WHEN 'system' THEN true
                WHEN 'hotline' THEN unit IS NULL
                WHEN 'editor' THEN unit IS NULL
                WHEN 'unit' THEN unit_path = (SELECT acting_path())
                ELSE false END);

-- What a unit gave back is out of its sight; that it gave it back, and what it said then, is its own.
CREATE INDEX order_given_back_by_path ON unit_order (unit_path text_pattern_ops, ended_at DESC) WHERE ended_how IN ('return', 'hand_up');
CREATE FUNCTION given_back(before timestamptz, most integer)
    RETURNS TABLE (number text, matter text, region text, unit text, at timestamptz, how text, reason text, basis text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public
    AS $$
SELECT t.number, t.matter, t.region, o.unit, o.ended_at, o.ended_how, coalesce(h.note, ''), coalesce(h.detail ->> 'basis', '')
  FROM unit_order o
  JOIN ticket t ON t.id = o.ticket
  LEFT JOIN history h ON h.ticket = o.ticket AND h.at = o.ended_at AND h.action = o.ended_how
 WHERE acting_scope() = 'unit'
   AND o.unit_path ~>=~ acting_path()
   AND o.unit_path ~<~ (left(acting_path(), -1) || '0')
   AND o.ended_how IN ('return', 'hand_up')
   AND o.ended_at < $1
 ORDER BY o.ended_at DESC
 LIMIT least($2, 500)
$$;
COMMENT ON FUNCTION given_back IS 'What the acting unit, and those below it, returned or handed up: number, matter, and its own words; nothing of what came after.';
