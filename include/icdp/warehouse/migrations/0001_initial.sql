-- Payloads and receipts: what was taken, when and from whom. Bytes lie in the archive.
CREATE TABLE payloads (payload_sha256 VARCHAR PRIMARY KEY, bytes BIGINT NOT NULL, media_type VARCHAR NOT NULL);
CREATE TABLE receipts (
    receipt VARCHAR PRIMARY KEY, source VARCHAR NOT NULL, item VARCHAR NOT NULL,
    payload_sha256 VARCHAR NOT NULL, request VARCHAR NOT NULL, retrieved_at TIMESTAMPTZ NOT NULL,
    publisher VARCHAR NOT NULL, terms VARCHAR NOT NULL, code_version VARCHAR NOT NULL);

-- Observations: series x year x province from one payload (its vintage). Never deleted by a newer vintage.
CREATE TABLE observations (
    series VARCHAR NOT NULL, year INTEGER NOT NULL, adcode VARCHAR NOT NULL, payload_sha256 VARCHAR NOT NULL,
    value DOUBLE NOT NULL, value_text VARCHAR NOT NULL, unit VARCHAR NOT NULL, basis VARCHAR NOT NULL,
    publisher VARCHAR NOT NULL, title VARCHAR NOT NULL, address VARCHAR NOT NULL,
    locator VARCHAR NOT NULL, note VARCHAR NOT NULL, row INTEGER NOT NULL,
    PRIMARY KEY (series, year, adcode, payload_sha256));

-- The slice of a year: which payloads were accepted for it. `year` is the statistical year of the index.
CREATE TABLE year_inputs (
    year INTEGER NOT NULL, source VARCHAR NOT NULL, item VARCHAR NOT NULL, layer VARCHAR NOT NULL,
    payload_sha256 VARCHAR NOT NULL, receipt VARCHAR NOT NULL, PRIMARY KEY (year, source, item));

CREATE TABLE indicator_values (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, indicator VARCHAR NOT NULL,
    value DOUBLE NOT NULL, unit VARCHAR NOT NULL, status VARCHAR NOT NULL, value_year INTEGER NOT NULL,
    fidelity VARCHAR NOT NULL, basis VARCHAR NOT NULL, expression VARCHAR NOT NULL, series VARCHAR NOT NULL,
    source VARCHAR NOT NULL, layer VARCHAR NOT NULL, source_url VARCHAR NOT NULL, payload_sha256 VARCHAR NOT NULL,
    retrieved_at TIMESTAMPTZ NOT NULL, PRIMARY KEY (year, adcode, indicator));
CREATE TABLE lineage (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, indicator VARCHAR NOT NULL, series VARCHAR NOT NULL,
    value_year INTEGER NOT NULL, value DOUBLE, value_text VARCHAR, unit VARCHAR NOT NULL, basis VARCHAR NOT NULL,
    source VARCHAR NOT NULL, layer VARCHAR NOT NULL, publisher VARCHAR NOT NULL, title VARCHAR NOT NULL, source_url VARCHAR NOT NULL,
    locator VARCHAR NOT NULL, note VARCHAR NOT NULL, row INTEGER, payload_sha256 VARCHAR NOT NULL,
    receipt VARCHAR NOT NULL, retrieved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (year, adcode, indicator, series));
CREATE TABLE indicator_coverage (
    year INTEGER NOT NULL, indicator VARCHAR NOT NULL, in_use BOOLEAN NOT NULL, expression VARCHAR,
    fidelity VARCHAR, unit VARCHAR, provinces INTEGER NOT NULL, provinces_current INTEGER NOT NULL,
    value_year_min INTEGER, value_year_max INTEGER, note_zh VARCHAR NOT NULL, note_en VARCHAR NOT NULL,
    missing VARCHAR NOT NULL, PRIMARY KEY (year, indicator));

CREATE TABLE normalized (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, indicator VARCHAR NOT NULL, normalized DOUBLE NOT NULL,
    PRIMARY KEY (year, adcode, indicator));
CREATE TABLE scores (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, node VARCHAR NOT NULL, level INTEGER NOT NULL,
    score DOUBLE, rank INTEGER, tier INTEGER, coverage DOUBLE NOT NULL, PRIMARY KEY (year, adcode, node));
CREATE TABLE weights (
    year INTEGER NOT NULL, node VARCHAR NOT NULL, parent VARCHAR NOT NULL, level INTEGER NOT NULL,
    method VARCHAR NOT NULL, local_weight DOUBLE NOT NULL, effective_weight DOUBLE NOT NULL,
    PRIMARY KEY (year, node));
CREATE TABLE contributions (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, indicator VARCHAR NOT NULL, points DOUBLE NOT NULL,
    PRIMARY KEY (year, adcode, indicator));
CREATE TABLE judgements (
    year INTEGER NOT NULL, parent VARCHAR NOT NULL, expert VARCHAR NOT NULL, row_item VARCHAR NOT NULL,
    col_item VARCHAR NOT NULL, value DOUBLE NOT NULL, PRIMARY KEY (year, parent, expert, row_item, col_item));
CREATE TABLE consistency (
    year INTEGER NOT NULL, parent VARCHAR NOT NULL, expert VARCHAR NOT NULL, n INTEGER NOT NULL,
    lambda_max DOUBLE NOT NULL, ci DOUBLE NOT NULL, cr DOUBLE NOT NULL, ri_table VARCHAR NOT NULL,
    threshold DOUBLE NOT NULL, accepted BOOLEAN NOT NULL, PRIMARY KEY (year, parent, expert));
CREATE TABLE run_notes (
    year INTEGER NOT NULL, position INTEGER NOT NULL, kind VARCHAR NOT NULL, node VARCHAR NOT NULL,
    adcode VARCHAR NOT NULL, detail VARCHAR NOT NULL, PRIMARY KEY (year, position));

CREATE TABLE quality_results (
    year INTEGER NOT NULL, check_id VARCHAR NOT NULL, severity VARCHAR NOT NULL, subject VARCHAR NOT NULL,
    passed BOOLEAN NOT NULL, observed VARCHAR NOT NULL, expected VARCHAR NOT NULL, message VARCHAR NOT NULL,
    PRIMARY KEY (year, check_id, subject));

-- What a year's scores were made from, and what was published of them.
CREATE TABLE score_runs (
    year INTEGER PRIMARY KEY, inputs_sha256 VARCHAR NOT NULL, catalog_sha256 VARCHAR NOT NULL,
    panel VARCHAR NOT NULL, panel_sha256 VARCHAR NOT NULL, code_version VARCHAR NOT NULL);
CREATE TABLE editions (
    edition VARCHAR PRIMARY KEY, year INTEGER NOT NULL, revision INTEGER NOT NULL, content_sha256 VARCHAR NOT NULL,
    published_at TIMESTAMPTZ NOT NULL);
