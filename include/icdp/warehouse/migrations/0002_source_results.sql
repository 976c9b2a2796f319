-- What each source asked for a year gave, and why something of it could not be used.
CREATE TABLE source_results (
    year INTEGER NOT NULL, source VARCHAR NOT NULL, item VARCHAR NOT NULL, outcome VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, receipt VARCHAR, PRIMARY KEY (year, source, item, outcome));
