"""The published tables are those that people outside rely on: columns may be added, not renamed."""

from __future__ import annotations

import duckdb
import pytest

from icdp.publishing.schema import dictionary, tables
from icdp.settings import REPOSITORY

PROMISED = {
    "editions": "edition year revision status published_at supersedes coverage indicators_used indicators_total "
    "code_version catalog_sha256 inputs_sha256",
    "provinces": "adcode name_zh short_zh name_en region",
    "nodes": "node parent level name_zh name_en unit direction position",
    "scores": "edition year adcode province node level score rank tier coverage",
    "indicator_values": "edition year adcode province indicator value unit normalized status value_year fidelity series "
    "source source_url payload_sha256 retrieved_at",
    "weights": "edition year node parent level method local_weight effective_weight",
    "contributions": "edition year adcode indicator points",
    "rank_intervals": "edition year adcode node rank_p05 rank_median rank_p95 p_tier1 p_ahead_of_next",
    "judgements": "edition parent expert row_item col_item value",
    "consistency": "edition parent expert n lambda_max ci cr ri_table threshold accepted",
    "judged_weights": "edition year parent node weight",
    "rules": "edition year node rule value",
    "scores_panel": "edition year adcode province node level score rank coverage scale_version span_first span_last",
    "rank_changes": "edition against year adcode province node score_before score_after rank_before rank_after part "
    "score_points rank_places",
    "earlier_values": "edition year adcode indicator value_year value",
    "quality_results": "edition year check_id severity subject passed observed expected message waived waiver",
}


@pytest.mark.parametrize("table", PROMISED)
@pytest.mark.parametrize("schema", ["main", "history"])
def test_promised_columns_are_there(published: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    held = {row[0] for row in published.execute(f"DESCRIBE {schema}.{table}").fetchall()}
    assert set(PROMISED[table].split()) <= held


def test_every_column_tells_its_meaning_in_the_database(published: duckdb.DuckDBPyConnection) -> None:
    silent = published.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'history' AND comment IS NULL"
    ).fetchall()
    assert silent == []


def test_the_tables_hold_a_year_of_the_index(published: duckdb.DuckDBPyConnection) -> None:
    assert published.execute("SELECT count(*), count(DISTINCT region) FROM provinces").fetchone() == (31, 6)
    levels = published.execute("SELECT level, count(*) FROM nodes GROUP BY level ORDER BY level").fetchall()
    assert levels == [(0, 1), (1, 3), (2, 8), (3, 24)]
    adcodes = published.execute("SELECT DISTINCT typeof(adcode), length(adcode) FROM scores").fetchall()
    assert adcodes == [("VARCHAR", 6)]


def test_the_data_dictionary_is_current() -> None:
    path = REPOSITORY / "docs" / "data-dictionary.md"
    assert path.read_text(encoding="utf-8") == dictionary(), (
        "run: python -m icdp.publishing.schema > docs/data-dictionary.md"
    )
    assert set(PROMISED) <= set(tables())
