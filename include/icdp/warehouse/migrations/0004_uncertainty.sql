-- How sure the ranks of a year are, on what that depends, and how well the index holds together.
CREATE TABLE rank_intervals (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, node VARCHAR NOT NULL, rank INTEGER NOT NULL,
    rank_p05 DOUBLE, rank_median DOUBLE, rank_p95 DOUBLE, rank_mean DOUBLE, p_scored DOUBLE NOT NULL,
    next_adcode VARCHAR, p_ahead_of_next DOUBLE, p_tier1 DOUBLE, p_tier2 DOUBLE, p_tier3 DOUBLE,
    PRIMARY KEY (year, adcode, node));
CREATE TABLE rank_sensitivity (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, factor VARCHAR NOT NULL,
    first_order DOUBLE, first_order_low DOUBLE, first_order_high DOUBLE,
    total DOUBLE, total_low DOUBLE, total_high DOUBLE, PRIMARY KEY (year, adcode, factor));
CREATE TABLE rank_one_at_a_time (
    year INTEGER NOT NULL, adcode VARCHAR NOT NULL, factor VARCHAR NOT NULL, rank INTEGER,
    rank_p05 DOUBLE, rank_median DOUBLE, rank_p95 DOUBLE, mean_shift DOUBLE, PRIMARY KEY (year, adcode, factor));
CREATE TABLE rank_leave_one_out (
    year INTEGER NOT NULL, left_out VARCHAR NOT NULL, adcode VARCHAR NOT NULL, score DOUBLE NOT NULL,
    rank INTEGER NOT NULL, places_gained INTEGER NOT NULL, PRIMARY KEY (year, left_out, adcode));
CREATE TABLE uncertainty_assumptions (
    year INTEGER NOT NULL, factor VARCHAR NOT NULL, setting VARCHAR NOT NULL, value DOUBLE NOT NULL,
    in_use BOOLEAN NOT NULL, reason_zh VARCHAR NOT NULL, reason_en VARCHAR NOT NULL,
    PRIMARY KEY (year, factor, setting));

CREATE TABLE audit_nodes (
    year INTEGER NOT NULL, node VARCHAR NOT NULL, children INTEGER NOT NULL, units INTEGER NOT NULL,
    mean_correlation DOUBLE, cronbach_alpha DOUBLE, eigenvalue DOUBLE, explained DOUBLE, components INTEGER NOT NULL,
    flag VARCHAR NOT NULL, PRIMARY KEY (year, node));
CREATE TABLE audit_pairs (
    year INTEGER NOT NULL, parent VARCHAR NOT NULL, node VARCHAR NOT NULL, other VARCHAR NOT NULL,
    units INTEGER NOT NULL, correlation DOUBLE, flag VARCHAR NOT NULL, PRIMARY KEY (year, node, other));
CREATE TABLE audit_importance (
    year INTEGER NOT NULL, node VARCHAR NOT NULL, parent VARCHAR NOT NULL, level INTEGER NOT NULL,
    local_weight DOUBLE NOT NULL, nominal DOUBLE NOT NULL, effective DOUBLE, r_parent DOUBLE, r_root DOUBLE,
    loading DOUBLE, flag VARCHAR NOT NULL, PRIMARY KEY (year, node));
