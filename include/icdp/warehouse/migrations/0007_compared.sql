-- What comparing editions needs of each scored year, and its scores on the scale common to all years.
CREATE TABLE judged_weights (
    year INTEGER NOT NULL, parent VARCHAR NOT NULL, node VARCHAR NOT NULL, weight DOUBLE NOT NULL,
    PRIMARY KEY (year, node));
CREATE TABLE scores_panel (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, node VARCHAR NOT NULL, level INTEGER NOT NULL,
    score DOUBLE, rank INTEGER, coverage DOUBLE NOT NULL, scale_version VARCHAR NOT NULL,
    span_first INTEGER NOT NULL, span_last INTEGER NOT NULL, PRIMARY KEY (year, adcode, node));
