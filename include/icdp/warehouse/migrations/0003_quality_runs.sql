-- Waivers are published with the result they excuse.
ALTER TABLE quality_results ADD COLUMN waived BOOLEAN DEFAULT false;
ALTER TABLE quality_results ADD COLUMN waiver VARCHAR DEFAULT '';

-- Every run of the checks: what it looked at, in which order runs came (no clock), and what it found. Nothing is deleted.
CREATE TABLE quality_runs (
    run VARCHAR PRIMARY KEY, year INTEGER NOT NULL, position INTEGER NOT NULL, inputs_sha256 VARCHAR NOT NULL,
    catalog_sha256 VARCHAR NOT NULL, code_version VARCHAR NOT NULL, results INTEGER NOT NULL, errors INTEGER NOT NULL,
    warnings INTEGER NOT NULL, waived INTEGER NOT NULL);
CREATE TABLE quality_history (
    run VARCHAR NOT NULL, year INTEGER NOT NULL, check_id VARCHAR NOT NULL, severity VARCHAR NOT NULL,
    subject VARCHAR NOT NULL, passed BOOLEAN NOT NULL, observed VARCHAR NOT NULL, expected VARCHAR NOT NULL,
    message VARCHAR NOT NULL, waived BOOLEAN NOT NULL, waiver VARCHAR NOT NULL, PRIMARY KEY (run, check_id, subject));
