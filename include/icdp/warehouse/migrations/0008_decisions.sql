-- What persons decided about scores that waited for publication; nothing is deleted.
CREATE TABLE decisions (
    year INTEGER NOT NULL, content_sha256 VARCHAR NOT NULL, decision VARCHAR NOT NULL, decided_by VARCHAR NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL, reason VARCHAR NOT NULL,
    PRIMARY KEY (year, content_sha256, decided_at));
