-- What is known of the experts' panels: which cells of a matrix nobody judged, and the experts of a parent as a group.
ALTER TABLE judgements ADD COLUMN completed BOOLEAN DEFAULT false;
ALTER TABLE consistency ADD COLUMN ri DOUBLE;
ALTER TABLE consistency ADD COLUMN missing INTEGER DEFAULT 0;
ALTER TABLE consistency ADD COLUMN expert_weight DOUBLE;
CREATE TABLE consensus (
    year INTEGER NOT NULL, parent VARCHAR NOT NULL, experts INTEGER NOT NULL, merge VARCHAR NOT NULL,
    lambda_max DOUBLE NOT NULL, ci DOUBLE NOT NULL, cr DOUBLE NOT NULL, ri_table VARCHAR NOT NULL,
    consensus DOUBLE NOT NULL, consensus_level VARCHAR NOT NULL, d_beta DOUBLE NOT NULL, outlying VARCHAR NOT NULL,
    clusters INTEGER NOT NULL, PRIMARY KEY (year, parent));
