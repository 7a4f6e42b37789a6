-- Where a telephone was when it was said: the words come first, coordinates settle what they leave open.

ALTER TABLE contact
    ADD COLUMN latitude  numeric(8, 6) CHECK (latitude BETWEEN -90 AND 90),
    ADD COLUMN longitude numeric(9, 6) CHECK (longitude BETWEEN -180 AND 180),
    ADD CONSTRAINT contact_point_is_whole CHECK ((latitude IS NULL) = (longitude IS NULL));
COMMENT ON COLUMN contact.latitude IS 'Degrees north, WGS 84, when the sender gave coordinates.';
COMMENT ON COLUMN contact.longitude IS 'Degrees east, WGS 84.';

ALTER TABLE ticket
    ADD COLUMN latitude  numeric(8, 6) CHECK (latitude BETWEEN -90 AND 90),
    ADD COLUMN longitude numeric(9, 6) CHECK (longitude BETWEEN -180 AND 180),
    ADD CONSTRAINT ticket_point_is_whole CHECK ((latitude IS NULL) = (longitude IS NULL));
COMMENT ON COLUMN ticket.latitude IS 'Degrees north, WGS 84: where its contact was sent from. Never changed.';
COMMENT ON COLUMN ticket.longitude IS 'Degrees east, WGS 84.';
