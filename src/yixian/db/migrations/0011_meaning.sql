-- What texts of the pack, and of what was learned, mean: made once, since each vector costs tens of milliseconds.

CREATE TABLE meaning (
    digest bytea PRIMARY KEY,
    vector bytea NOT NULL
);
COMMENT ON TABLE meaning IS 'Vectors of texts, 384 half-precision numbers each; made again when they are lost.';
COMMENT ON COLUMN meaning.digest IS 'SHA-256 of the text.';
GRANT SELECT, INSERT ON meaning TO yixian_app;
