"""What the API answers is what is published."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pytest
from fastapi.testclient import TestClient
from tests.page.conftest import Ask

from icdp.page.app import create_app
from icdp.settings import Settings

Published = duckdb.DuckDBPyConnection


def test_editions_are_told_newest_first(ask: Ask, published: Published) -> None:
    told = ask("editions")["items"]
    assert [(row["edition"], row["latest"]) for row in told] == [("2024-r1", True), ("2023-r1", True)]
    kept = published.execute(
        "SELECT edition, status, content_sha256, coverage FROM editions ORDER BY year DESC"
    ).fetchall()
    assert [(r["edition"], r["status"], r["content_sha256"], r["coverage"]) for r in told] == kept


@pytest.mark.parametrize("edition", ["2023-r1", "2024", "latest"])
def test_a_ranking_is_the_published_one(ask: Ask, published: Published, edition: str) -> None:
    nodes = published.execute("SELECT DISTINCT node FROM history.scores").fetchall()
    name = "2023-r1" if edition == "2023-r1" else "2024-r1"
    for (node,) in nodes:
        told = ask("scores", edition=edition, node=node)
        assert told["edition"] == name
        kept = published.execute(
            """SELECT s.adcode, s.score, s.rank, s.tier, i.rank_p05, i.rank_p95 FROM history.scores s
               LEFT JOIN history.rank_intervals i USING (edition, node, adcode)
               WHERE s.edition = ? AND s.node = ? ORDER BY s.rank, s.adcode""",
            [name, node],
        ).fetchall()
        columns = ("adcode", "score", "rank", "tier", "rank_p05", "rank_p95")
        assert [tuple(row[c] for c in columns) for row in told["items"]] == kept


def test_places_are_gained_against_the_year_before(ask: Ask, published: Published) -> None:
    told = ask("scores", edition="2024")
    assert told["before"] == "2023-r1"
    sql = "SELECT adcode, rank FROM scores WHERE node = 'composite' AND year = 2023"
    before = dict(published.execute(sql).fetchall())
    assert all(row["places"] == before[row["adcode"]] - row["rank"] for row in told["items"])
    first = ask("scores", edition="2023")
    assert first["before"] is None
    assert {row["places"] for row in first["items"]} == {None}


@pytest.mark.parametrize("key", ["rank", "score", "places", "name", "width"])
def test_sorting_either_way_is_by_the_column_asked_for(ask: Ask, key: str) -> None:
    def value(row: dict[str, float]) -> object:
        return row["rank_p95"] - row["rank_p05"] if key == "width" else row["name_en" if key == "name" else key]

    for sort, backwards in ((key, False), (f"-{key}", True)):
        values = [value(row) for row in ask("scores", edition="2024", sort=sort)["items"]]
        assert values == sorted(values, reverse=backwards)


@pytest.mark.parametrize(
    ("words", "found"), [("广东", {"440000"}), ("shan", {"140000", "370000", "310000"}), ("4401", set())]
)
def test_a_search_finds_by_either_name(ask: Ask, words: str, found: set[str]) -> None:
    told = ask("scores", search=words)
    matching = {row["adcode"] for row in told["items"]}
    assert found <= matching if found else not matching
    assert told["total"] == len(matching)


def test_tiers_choose_rows(ask: Ask, published: Published) -> None:
    kept = published.execute(
        "SELECT adcode FROM scores WHERE node = 'composite' AND year = 2024 AND tier = 2"
    ).fetchall()
    assert sorted(row["adcode"] for row in ask("scores", edition="2024", tier=2)["items"]) == sorted(a for (a,) in kept)


def test_pages_follow_each_other_without_gap_or_double(client: TestClient) -> None:
    address, seen = "/api/scores?limit=10", []
    while address:
        told = client.get(address).json()
        assert told["total"] == 31
        seen += [row["adcode"] for row in told["items"]]
        address = told["next"]
    assert len(seen) == len(set(seen)) == 31


def test_a_province_is_told_whole(ask: Ask, published: Published) -> None:
    told = ask("provinces/110000", edition="2024")
    values = {row["node"]: row for row in told["nodes"] if row["indicator"]}
    sql = "SELECT indicator, value, unit, fidelity, value_year FROM indicator_values WHERE year = 2024 AND adcode = '110000'"
    kept = published.execute(sql).fetchall()
    assert {
        n: (r["value"], r["unit"], r["fidelity"], r["value_year"]) for n, r in values.items() if r["value"] is not None
    } == {indicator: tuple(rest) for indicator, *rest in kept}
    assert all(row["publisher"] and row["source_url"] for row in values.values() if row["value"] is not None)
    overall = told["nodes"][0]
    assert sum(row["points"] or 0 for row in values.values()) == pytest.approx(overall["score"], abs=1e-9)
    near = [one["rank"] for one in told["neighbours"] if one["near"]]
    assert near == [r for r in range(overall["rank"] - 2, overall["rank"] + 3) if r > 0 and r != overall["rank"]]


def test_the_rank_on_an_indicator_follows_its_normalised_value(ask: Ask, published: Published) -> None:
    kept = published.execute(
        """SELECT indicator, 1 + count(*) FILTER (o.normalized > v.normalized) FROM indicator_values v
           JOIN indicator_values o USING (year, indicator) WHERE year = 2024 AND v.adcode = '420000' GROUP BY ALL"""
    ).fetchall()
    told = {row["node"]: row["rank"] for row in ask("provinces/420000", edition="2024")["nodes"] if row["rank"]}
    assert {indicator: told[indicator] for indicator, _ in kept} == dict(kept)


def test_a_value_leads_to_its_figures_and_their_citation(ask: Ask, published: Published) -> None:
    told = ask("provinces/150000/indicators/green_power", edition="2024")
    sql = """SELECT series, value_text, publisher, title, payload_sha256 FROM lineage
             WHERE year = 2024 AND adcode = '150000' AND indicator = 'green_power' ORDER BY series, value_year, of_adcode"""
    columns = ("series", "value_text", "publisher", "title", "payload_sha256")
    assert [tuple(row[c] for c in columns) for row in told["figures"]] == published.execute(sql).fetchall()
    assert told["standing"]["node"] == "green_power"


def test_provinces_stand_side_by_side_in_the_order_asked_for(ask: Ask) -> None:
    told = ask("compare", adcode=["310000", "110000"], edition="2024")
    assert [p["adcode"] for p in told["provinces"]] == ["310000", "110000"]
    own = {a: ask(f"provinces/{a}", edition="2024")["nodes"] for a in ("310000", "110000")}
    assert told["nodes"] == [list(pair) for pair in zip(own["310000"], own["110000"], strict=True)]


def test_the_parts_of_a_change_add_up_to_it(ask: Ask, own_changes: Ask) -> None:
    told = own_changes("changes", edition="2024")
    assert told["against"] == "2023-r1"
    assert len(told["items"]) == 31
    for row in told["items"]:
        total = sum(part["score_points"] for part in row["parts"])
        assert total == pytest.approx(row["score_after"] - row["score_before"], abs=1e-9)
    assert ask("changes", edition="2024")["against"] is None  # 2024 was published first here


def test_history_has_every_year_on_both_scales(ask: Ask, published: Published) -> None:
    told = ask("history", node="infrastructure")["items"]
    kept = published.execute(
        "SELECT adcode, year, rank, score FROM scores WHERE node = 'infrastructure' ORDER BY ALL"
    ).fetchall()
    rows = [(p["adcode"], y["year"], y["rank"], y["score"]) for p in told for y in p["years"]]
    assert sorted(rows) == kept
    panel = published.execute("SELECT adcode, year, score FROM scores_panel WHERE node = 'infrastructure'").fetchall()
    assert sorted((p["adcode"], y["year"], y["panel_score"]) for p in told for y in p["years"]) == sorted(panel)


def test_coverage_and_weights_are_the_published_ones(ask: Ask, published: Published) -> None:
    told = ask("indicators", edition="2024")["items"]
    sql = "SELECT indicator, in_use, fidelity, provinces, note_zh FROM indicator_coverage WHERE year = 2024"
    columns = ("indicator", "in_use", "fidelity", "provinces", "note_zh")
    assert sorted(tuple(row[c] for c in columns) for row in told) == sorted(published.execute(sql).fetchall())
    tree = {row["node"]: row for row in ask("weights", edition="2024")["items"]}
    kept = published.execute("SELECT node, local_weight, effective_weight FROM weights WHERE year = 2024").fetchall()
    assert {node: (local, effective) for node, local, effective in kept} == {
        n: (r["local_weight"], r["effective_weight"]) for n, r in tree.items() if r["local_weight"] is not None
    }
    assert list(tree)[:3] == ["composite", "environment", "policy"]  # depth first


def test_failed_checks_come_first_and_the_counts_are_over_all(ask: Ask, published: Published) -> None:
    told = ask("quality", edition="2024", limit=50)
    kept = published.execute(
        "SELECT count(*), count(*) FILTER (NOT passed) FROM quality_results WHERE year = 2024"
    ).fetchone()
    assert kept == (told["total"], sum(told["failed"].values()))
    assert [row["passed"] for row in told["items"]] == sorted(row["passed"] for row in told["items"])
    only = ask("quality", edition="2024", severity="note", passed=False)
    assert {row["severity"] for row in only["items"]} <= {"note"}
    assert only["total"] == told["failed"].get("note", 0)


def test_sources_tell_what_they_gave(ask: Ask, published: Published) -> None:
    told = ask("sources", edition="2024", limit=500)
    kept = published.execute("SELECT source, item, outcome FROM source_results WHERE year = 2024").fetchall()
    assert sorted((r["source"], r["item"], r["outcome"]) for r in told["items"]) == sorted(kept)
    assert sum(n for counts in told["outcomes"].values() for n in counts.values()) == told["total"]


def test_who_decided_what_is_told_in_order(ask: Ask, tampered: Callable[[str], Settings]) -> None:
    assert ask("approvals", edition="2024")["items"] == []
    settings = tampered("""INSERT INTO history.approvals BY NAME
        SELECT edition, year, content_sha256, decision, 'synthetic' AS decided_by, moment::TIMESTAMPTZ AS decided_at, reason
        FROM editions, (VALUES ('approved', '2026-09-02T00:00:00Z', ''), ('rejected', '2026-09-01T00:00:00Z', '<b>synthetic</b>'))
            AS told (decision, moment, reason) WHERE year = 2024""")
    with TestClient(create_app(settings)) as client:
        found = client.get("/api/approvals", params={"edition": "2024"}).json()["items"]
        assert client.get("/api/approvals", params={"edition": "2023"}).json()["items"] == []
    assert [(row["decision"], row["reason"], row["decided_at"]) for row in found] == [
        ("rejected", "<b>synthetic</b>", "2026-09-01T00:00:00Z"),
        ("approved", "", "2026-09-02T00:00:00Z"),
    ]
