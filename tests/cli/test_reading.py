"""What the command prints is what is published; what it refuses, it refuses in one line."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import duckdb
import pytest
from tests.cli.conftest import Run

from icdp.settings import Settings


def rows(answer: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout))


def test_rank_is_the_published_ranking_in_every_format(icdp: Run, published: duckdb.DuckDBPyConnection) -> None:
    expected = published.execute(
        "SELECT rank, province, score FROM scores WHERE year = 2024 AND node = 'composite' ORDER BY rank, adcode"
    ).fetchall()
    assert [(r["rank"], r["province"], r["score"]) for r in rows(icdp("rank", "2024", "--format", "json"))] == expected
    table = list(csv.DictReader(io.StringIO(icdp("rank", "2024-r1", "--format", "csv").stdout)))
    assert [(int(r["rank"]), r["province"], float(r["score"])) for r in table] == expected
    people = icdp("rank", "2024").stdout
    positions = [people.index(f" {province} ") for _, province, _ in expected]
    assert positions == sorted(positions)
    assert "2024-r1 · 定稿 final · 指标 18/24" in people
    assert "替代 proxy 11" in people


def test_rank_on_a_dimension_may_be_named_in_either_language(icdp: Run) -> None:
    answers = [
        icdp("rank", "2024", "--node", name, "--format", "csv").stdout
        for name in ("infrastructure", "基础设施", "Infrastructure")
    ]
    assert answers[0].count("\n") == 32
    assert len(set(answers)) == 1


@pytest.mark.parametrize("name", ["四川", "四川省", "Sichuan", "sichuan", "510000"])
def test_a_province_may_be_named_in_every_way(icdp: Run, name: str) -> None:
    profile = rows(icdp("profile", name, "2024", "--format", "json"))
    assert len(profile) == 1 + 3 + 8 + 24
    assert [r["node"] for r in profile][:3] == ["composite", "environment", "policy"]


def test_a_profile_shows_values_and_says_what_is_missing_and_why(
    icdp: Run, published: duckdb.DuckDBPyConnection
) -> None:
    people = icdp("profile", "西藏", "2024").stdout
    assert "本省缺值 no figure for this province" in people
    assert "digital_city_share：2023-2024 年 0 省" in people
    profile = {r["node"]: r for r in rows(icdp("profile", "西藏", "2024", "--format", "json"))}
    value = published.execute(
        "SELECT value FROM indicator_values WHERE adcode = '540000' AND indicator = 'green_power' AND year = 2024"
    )
    assert profile["green_power"]["value"] == value.fetchall()[0][0]
    assert profile["ai_industry_scale"]["value"] is None
    points = sum(float(str(r["points"])) for r in profile.values() if r["points"] is not None)
    assert points == pytest.approx(profile["composite"]["score"], abs=1e-9)


def test_compare_shows_places_gained_and_what_scores_of_two_years_do_not_say(icdp: Run) -> None:
    changes = rows(icdp("compare", "2023", "2024", "--format", "json"))
    assert len(changes) == 31
    assert [r["rank_after"] for r in changes] == sorted(int(str(r["rank_after"])) for r in changes)
    assert all(r["places_gained"] == int(str(r["rank_before"])) - int(str(r["rank_after"])) for r in changes)
    assert "不表示进步" in icdp("compare", "2023", "2024").stdout
    same = rows(icdp("compare", "2024", "2024-r1", "--format", "json"))
    assert {r["score_change"] for r in same} == {0}


def test_coverage_tells_of_each_indicator_what_is_used_or_why_it_is_missing(icdp: Run) -> None:
    told = rows(icdp("coverage", "2023", "--format", "json"))
    assert len(told) == 24
    assert sum(bool(r["in_use"]) for r in told) == 17
    assert all(r["note_zh"] and r["note_en"] for r in told)
    assert all(r["expression"] and r["fidelity"] and r["value_year_min"] for r in told if r["in_use"])
    people = icdp("coverage", "2024").stdout
    assert "用电成本（工业）" in people
    assert "2017–2020" in people
    assert "…" not in people


def test_trace_leads_from_the_composite_to_the_bytes_and_the_citation(icdp: Run, made: Settings) -> None:
    people = icdp("trace", "四川", "green_power", "2024").stdout
    for word in (
        "智算发展潜力综合指数",
        "外部环境",
        "能源配套",
        "太阳能、风能等绿电供应量",
        "power_generation 2024",
        "thermal_generation 2024",
    ):
        assert word in people
    figures = rows(icdp("trace", "Sichuan", "Green power supply", "2024", "--format", "json"))
    assert {r["figure_series"] for r in figures} == {"power_generation", "thermal_generation"}
    generation, thermal = (
        next(float(str(r["figure_value"])) for r in figures if r["figure_series"] == s)
        for s in ("power_generation", "thermal_generation")
    )
    assert figures[0]["value"] == pytest.approx(generation - thermal, abs=1e-9)
    for row in figures:
        digest = str(row["figure_payload_sha256"])
        path = made.archive / "payloads" / digest[:2] / digest
        assert str(path) in people.replace("\n", "")
        line = path.read_text(encoding="utf-8").splitlines()[int(str(row["figure_row"])) - 1]
        assert str(row["figure_value_text"]) in line.split(",")


def test_trace_prints_every_step_from_the_composite_to_the_citation_in_order(icdp: Run, made: Settings) -> None:
    people = icdp("trace", "四川", "green_power", "2024", COLUMNS="400").stdout
    figures = rows(
        icdp(
            "query",
            "FROM lineage WHERE adcode = '510000' AND indicator = 'green_power' AND year = 2024",
            "--format",
            "json",
        )
    )
    one = figures[0]
    steps = [
        f"Composite index: {one['composite']:.4f}",
        f"贡献 contribution: {one['points']:.4f} 分 points，本省权重 own weight {one['own_weight']:.4f}",
        f"标准化 normalised: {one['normalized']:.6f}",
        f"数值 value: {one['indicator_value']:.2f} {one['indicator_unit']}",
        f"绑定 binding: {one['expression']}",
        f"观测 observation: {one['series']} {one['value_year']}: {one['value_text']} {one['unit']}",
        str(one["title"]),
        f"原始文件 payload {one['payload_sha256']}",
        f"收据 receipt {one['receipt']}",
    ]  # fmt: skip
    places = [people.index(step) for step in steps]
    assert places == sorted(places)


def test_the_table_lineage_tells_the_whole_way_in_sql(published: duckdb.DuckDBPyConnection) -> None:
    way = published.execute(
        """SELECT year, adcode, indicator, any_value(composite), any_value(points), any_value(own_weight),
               any_value(normalized), any_value(indicator_value), count(DISTINCT (composite, points, own_weight,
               normalized, indicator_value, indicator_unit, fill, expression))
           FROM lineage GROUP BY ALL"""
    ).fetchall()
    assert {row[-1] for row in way} == {1}
    for _, _, _, _, points, weight, normalized, _, _ in way:
        assert points == pytest.approx(100 * weight * normalized, abs=1e-9)
    totals: dict[tuple[int, str], list[float]] = {}
    for year, adcode, _, composite, points, weight, _, _, _ in way:
        total = totals.setdefault((year, adcode), [composite, 0.0, 0.0])
        total[1] += points
        total[2] += weight
    assert len(totals) == 62
    for composite, points, weights in totals.values():
        assert (points, weights) == (pytest.approx(composite, abs=1e-9), pytest.approx(1.0, abs=1e-12))
    other = published.execute(
        """SELECT count(*) FROM lineage l JOIN indicator_values v USING (edition, adcode, indicator)
           WHERE l.indicator_value <> v.value OR l.normalized <> v.normalized OR l.expression <> v.expression"""
    )
    assert other.fetchone() == (0,)


def test_trace_reverse_names_everything_that_rests_on_a_payload(icdp: Run) -> None:
    (told,) = rows(
        icdp(
            "query",
            "SELECT payload_sha256 AS d FROM inputs WHERE item = 'thermal_generation' AND year = 2024",
            "--format",
            "json",
        )
    )
    digest = str(told["d"])
    touched = rows(icdp("trace", "--reverse", digest[:12], "--format", "json"))
    expected = rows(
        icdp(
            "query",
            f"SELECT year, indicator, adcode, value_text FROM lineage WHERE payload_sha256 = '{digest}'",
            "--format",
            "json",
        )
    )
    keys = ("year", "indicator", "adcode", "value_text")
    assert sorted(str([r[k] for k in keys]) for r in touched) == sorted(str([r[k] for k in keys]) for r in expected)
    assert {r["indicator"] for r in touched} == {"green_power"}
    assert {(r["edition"], len([x for x in touched if x["edition"] == r["edition"]])) for r in touched} == {
        ("2023-r1", 31), ("2024-r1", 31),
    }  # fmt: skip
    people = icdp("trace", "--reverse", digest.upper()).stdout
    assert f"原始文件 payload {digest}" in people
    assert "facts/thermal_generation" in people


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--reverse", "abc"), 1, "'abc' is no SHA-256 of a payload; give at least its first 8 characters"),
        (("--reverse", "00000000"), 1, "no single payload of any edition"),
        (("四川",), 2, "give PROVINCE INDICATOR YEAR"),
        (("四川", "green_power", "2024", "--reverse", "0" * 64), 2, "or --reverse PAYLOAD"),
    ],
)
def test_a_trace_of_nothing_is_refused(icdp: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    answer = icdp("trace", *arguments, COLUMNS="200")
    assert (answer.returncode, message in answer.stderr) == (code, True), answer.stderr


def test_a_payload_that_was_accepted_and_not_used_says_so(icdp: Run) -> None:
    unused = rows(
        icdp(
            "query",
            "SELECT payload_sha256 AS d FROM inputs WHERE year = 2024 AND payload_sha256 NOT IN (SELECT payload_sha256 FROM lineage) LIMIT 1",
            "--format",
            "json",
        )
    )
    assert "no value in the latest editions rests on it" in icdp("trace", "--reverse", str(unused[0]["d"])).stdout


def test_trace_of_a_missing_value_says_why(icdp: Run) -> None:
    missing = icdp("trace", "四川", "total_compute", "2024")
    assert missing.returncode == 0
    assert "缺 missing: total_compute" in missing.stdout
    assert "(at least 25 are needed)" in missing.stdout.replace("\n", " ")


def test_trace_says_when_the_archive_lacks_or_altered_the_bytes(icdp: Run, own: Settings) -> None:
    figure = rows(icdp("trace", "四川", "gdp_per_capita", "2024", "--format", "json"))[0]
    digest = str(figure["figure_payload_sha256"])
    path = own.archive / "payloads" / digest[:2] / digest
    path.chmod(0o644)
    path.write_bytes(b"altered")
    assert "ALTERED in the archive" in icdp("trace", "四川", "gdp_per_capita", "2024", home=own.home).stdout
    path.unlink()
    assert "not in this archive" in icdp("trace", "四川", "gdp_per_capita", "2024", home=own.home).stdout


def test_query_answers_and_cannot_write_or_leave_the_file(icdp: Run, tmp_path: Path) -> None:
    answer = rows(icdp("query", "SELECT count(*) AS n FROM scores WHERE node = 'composite'", "--format", "json"))
    assert answer == [{"n": 62}]
    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n", encoding="utf-8")
    for sql in (
        f"FROM read_csv('{outside}')",
        f"COPY scores TO '{tmp_path}/stolen.csv'",
        f"ATTACH '{tmp_path}/other.duckdb'",
        "CREATE TABLE mine (a INTEGER)",
        "DELETE FROM history.scores",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "SELEKT",
    ):
        refused = icdp("query", sql)
        assert refused.returncode == 1, sql
        assert refused.stderr.startswith("refused: query: ")
        assert refused.stderr.count("\n") == 1
        assert refused.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["outside.csv"]


def test_sources_and_editions_are_listed(icdp: Run, tmp_path: Path) -> None:
    listed = rows(icdp("sources", "--format", "json"))
    held = [(r["year"], r["payloads"]) for r in listed if r["source"] == "facts" and r["figures_used"]]
    assert held == [(2024, 69), (2023, 69)]
    assert [r["edition"] for r in rows(icdp("edition", "list", "--format", "json"))] == ["2023-r1", "2024-r1"]
    # Without any edition the sources are still known.
    assert "facts" in icdp("sources", home=tmp_path).stdout


def test_an_altered_missing_or_foreign_file_of_an_edition_is_named(icdp: Run, own: Settings) -> None:
    assert icdp("edition", "verify", home=own.home).returncode == 0
    folder = own.published / "editions" / "2024-r1"
    altered = folder / "csv" / "scores.csv"
    altered.chmod(0o644)
    altered.write_text(altered.read_text(encoding="utf-8").replace("广东", "广西"), encoding="utf-8")
    (folder / "csv" / "weights.csv").unlink()
    (folder / "note.txt").write_text("synthetic", encoding="utf-8")
    verified = icdp("edition", "verify", "2024", "--format", "json", home=own.home)
    assert verified.returncode == 1
    problems = json.loads(verified.stdout)[0]["problems"]
    assert problems == "csv/weights.csv is missing; note.txt is not listed; csv/scores.csv was altered"
    assert verified.stderr == "refused: 2024-r1: not as published; restore these editions from a backup\n"
    assert icdp("edition", "verify", "2023", home=own.home).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rank", "2019"], "2019: no such edition; published are 2023-r1, 2024-r1"),
        (["rank", "2024-r9"], "2024-r9: no such edition"),
        (["rank", "1999"], "'1999' is neither a year nor an edition"),
        (["rank", "2024'; DROP TABLE scores"], "is neither a year nor an edition"),
        (
            ["rank", "2024", "--node", "nowhere"],
            "'nowhere' is no composite, dimension or sub-dimension; use one of composite",
        ),
        (["profile", "台湾", "2024"], "'台湾' is none of the 31 provinces"),
        (["trace", "四川", "composite", "2024"], "'composite' is no indicator; use one of ai_policies"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_1(icdp: Run, arguments: list[str], message: str) -> None:
    refused = icdp(*arguments)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("refused: ")
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_wrong_usage_is_exit_code_2(icdp: Run) -> None:
    for arguments in (["rank"], ["rank", "2024", "--format", "xml"], ["no-such-command"]):
        assert icdp(*arguments).returncode == 2


def test_before_the_first_edition_the_command_says_how_to_make_one(icdp: Run, tmp_path: Path) -> None:
    refused = icdp("rank", "2024", home=tmp_path)
    assert refused.returncode == 1
    assert "nothing is published yet; run `make run YEAR=2024` first" in refused.stderr


def test_the_ranking_tells_how_sure_it_is_and_what_moved(icdp: Run, published: duckdb.DuckDBPyConnection) -> None:
    ranking = rows(icdp("rank", "2024", "--format", "json"))
    expected = published.execute(
        """SELECT s.adcode, i.rank_p05, i.rank_median, i.rank_p95, b.rank - s.rank
           FROM scores s JOIN rank_intervals i USING (edition, adcode, node)
           JOIN history.scores b ON b.edition = '2023-r1' AND b.adcode = s.adcode AND b.node = s.node
           WHERE s.year = 2024 AND s.level = 0 ORDER BY s.rank, s.adcode"""
    ).fetchall()
    told = [(r["adcode"], r["rank_p05"], r["rank_median"], r["rank_p95"], r["places"]) for r in ranking]
    assert told == expected
    assert {0} < {abs(places) for *_, places in expected}
    screen = icdp("rank", "2024").stdout
    assert "较 against 2023-r1" in screen
    assert "`icdp compare 2023-r1 2024-r1`" in screen
    names = {str(row["adcode"]): row["name_en"] for row in ranking}
    for adcode, first, _, last, places in expected:
        arrow = "=" if places == 0 else f"{'▲' if places > 0 else '▼'} {abs(places)}"
        (line,) = [line for line in screen.splitlines() if f" {names[adcode]} " in line]
        assert f" {arrow} " in line
        assert f" {first:g}–{last:g} " in line


def test_a_first_year_has_nothing_to_be_held_against(icdp: Run) -> None:
    screen = icdp("rank", "2023").stdout
    assert "较 against" not in screen
    assert "位次区间" in screen
    assert "位次区间" not in icdp("rank", "2023", "--scale", "panel").stdout
