-- How a value without a figure of the year came about.
ALTER TABLE indicator_values ADD COLUMN fill VARCHAR DEFAULT 'none';
ALTER TABLE indicator_coverage ADD COLUMN when_missing VARCHAR;
ALTER TABLE indicator_coverage ADD COLUMN carried INTEGER;
ALTER TABLE indicator_coverage ADD COLUMN imputed INTEGER;

-- A filled value may rest on figures of two years, or of other provinces (`of_adcode`).
CREATE TABLE lineage_of_figures (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, indicator VARCHAR NOT NULL, series VARCHAR NOT NULL,
    value_year INTEGER NOT NULL, of_adcode VARCHAR NOT NULL, value DOUBLE, value_text VARCHAR, unit VARCHAR NOT NULL,
    basis VARCHAR NOT NULL, source VARCHAR NOT NULL, layer VARCHAR NOT NULL, publisher VARCHAR NOT NULL,
    title VARCHAR NOT NULL, source_url VARCHAR NOT NULL, locator VARCHAR NOT NULL, note VARCHAR NOT NULL, row INTEGER,
    payload_sha256 VARCHAR NOT NULL, receipt VARCHAR NOT NULL, retrieved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (year, adcode, indicator, series, value_year, of_adcode));
INSERT INTO lineage_of_figures BY NAME SELECT *, adcode AS of_adcode FROM lineage;
DROP TABLE lineage;
ALTER TABLE lineage_of_figures RENAME TO lineage;

-- The files that decided a year besides its payloads (catalogue, judgements, national totals); bytes lie in the archive.
CREATE TABLE used_files (
    year INTEGER NOT NULL, step VARCHAR NOT NULL, path VARCHAR NOT NULL, payload_sha256 VARCHAR NOT NULL,
    PRIMARY KEY (year, step, path));
CREATE TABLE checked_on (year INTEGER PRIMARY KEY, day DATE NOT NULL);

-- Every payload that was ever accepted for a year, in the order of acceptance: its vintages. Nothing is deleted.
CREATE TABLE year_vintages (
    year INTEGER NOT NULL, source VARCHAR NOT NULL, item VARCHAR NOT NULL, position INTEGER NOT NULL,
    layer VARCHAR NOT NULL, payload_sha256 VARCHAR NOT NULL, receipt VARCHAR NOT NULL,
    PRIMARY KEY (year, source, item, position));
INSERT INTO year_vintages BY NAME SELECT *, 1 AS position FROM year_inputs;

-- A province's own weight of an indicator, after redistribution; and the share of indicators it has figures of its own for.
ALTER TABLE contributions ADD COLUMN weight DOUBLE;
ALTER TABLE scores ADD COLUMN known DOUBLE;
