"""compare, trend and the panel scale at the terminal: what is printed is what is published, in words."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import duckdb
import pytest
from tests.cli.conftest import Run

from icdp.comparing.changes import PARTS


def rows(answer: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout))


def number(value: object) -> float:
    return float(str(value))


def test_compare_gives_programs_every_part_of_every_change(icdp: Run) -> None:
    changes = rows(icdp("compare", "2023", "2024", "--format", "json"))
    assert len(changes) == 31
    for row in changes:
        for unit, whole in (("points", "score_change"), ("places", "places_gained")):
            assert sum(number(row[f"{p}_{unit}"]) for p in PARTS) == pytest.approx(number(row[whole]), abs=1e-9)
    table = list(csv.DictReader(io.StringIO(icdp("compare", "2023", "2024", "--format", "csv").stdout)))
    assert [r["coverage_points"] for r in table] == [str(r["coverage_points"]) for r in changes]


def test_compare_tells_people_the_reason_in_words(icdp: Run) -> None:
    people = icdp("compare", "2023", "2024").stdout
    lines = {line.split()[0]: line for line in people.splitlines() if "→" in line}
    changes = {str(r["province"]): r for r in rows(icdp("compare", "2023", "2024", "--format", "json"))}
    assert set(changes) <= set(lines)
    hebei = changes["河北"]
    assert f"{hebei['rank_before']}→{hebei['rank_after']}" in lines["河北"]
    assert f"采用变化 coverage or binding +{number(hebei['coverage_points']):.2f}" in lines["河北"]
    assert "新采用 now in use: IDC机架规模 idc_racks" in people
    assert "为零 Zero: 数据修订、专家判断、方法 (data revision, judgements, method)" in people
    assert "各部分之和等于变化" in people
    assert "无变化 no change" in icdp("compare", "2024", "2024-r1").stdout


def test_compare_shows_one_province_on_every_node_and_explains(icdp: Run) -> None:
    found = rows(icdp("compare", "2023", "2024", "--province", "四川", "--format", "json"))
    assert {r["province"] for r in found} == {"四川"}
    assert [r["node"] for r in found][:3] == ["composite", "environment", "policy"]
    assert len(found) == 12
    people = icdp("compare", "2023", "2024", "--province", "Sichuan", "--explain").stdout
    composite = found[0]
    assert (
        f"四川 · 智算发展潜力综合指数：第 {composite['rank_before']} → 第 {composite['rank_after']}（−1），" in people
    )
    assert "仅 2024-r1 有得分 scored in 2024-r1 only" in people
    assert any(line.startswith("IDC机架规模") and "采用变化" in line for line in people.splitlines())
    alone = rows(icdp("compare", "2023", "2024", "--province", "四川", "--node", "能源配套", "--format", "json"))
    assert [r["node"] for r in alone] == ["energy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compare", "2023", "2024", "--node", "nowhere"], "'nowhere' is no composite, dimension or sub-dimension"),
        (["compare", "2023", "2023", "--node", "compute"], "compute: has no scores in 2023-r1 nor in 2023-r1"),
        (["compare", "2019", "2024"], "2019: no such edition"),
        (["compare", "2023", "2024", "--province", "台湾"], "'台湾' is none of the 31 provinces"),
        (["trend", "四川", "--node", "compute"], "compute: 四川 has no score on it on a panel scale"),
        (
            ["panel", "freeze", "--from", "2019", "--to", "2024", "--out", "x.yaml"],
            "2019, 2020, 2021, 2022: not published",
        ),
        (["panel", "freeze", "--from", "2024", "--to", "2023", "--out", "x.yaml"], "ends before it begins"),
    ],
)
def test_a_refusal_is_one_line(icdp: Run, arguments: list[str], message: str) -> None:
    refused = icdp(*arguments)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert message in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_rank_on_the_panel_scale_is_that_table_and_says_which_scale(
    icdp: Run, published: duckdb.DuckDBPyConnection
) -> None:
    sql = "SELECT rank, province, score FROM {} WHERE year = 2024 AND node = 'composite' ORDER BY rank, adcode"
    told = [
        (r["rank"], r["province"], r["score"])
        for r in rows(icdp("rank", "2024", "--scale", "panel", "--format", "json"))
    ]
    assert told == published.execute(sql.format("scores_panel")).fetchall()
    assert told != published.execute(sql.format("scores")).fetchall()
    people = icdp("rank", "2024", "--scale", "panel").stdout
    assert "标尺 scale 2019-2024-1" in people
    assert "梯队" not in people
    assert icdp("rank", "2024", "--scale", "other").returncode == 2


def test_trend_and_profile_show_the_years_on_the_panel_scale(icdp: Run, published: duckdb.DuckDBPyConnection) -> None:
    series = rows(icdp("trend", "四川", "--format", "json"))
    scores = published.execute(
        "SELECT year, score FROM scores_panel WHERE adcode = '510000' AND node = 'composite' ORDER BY year"
    ).fetchall()
    assert [(r["year"], r["score"]) for r in series] == scores
    assert series[0]["change"] is None
    assert number(series[1]["change"]) == pytest.approx(scores[1][1] - scores[0][1])
    assert f"+{number(series[1]['change']):.2f}" in icdp("trend", "Sichuan").stdout
    told = f"共同标尺 panel scale 2019-2024-1: 2023 {scores[0][1]:.2f} → 2024 {scores[1][1]:.2f}"
    assert told in icdp("profile", "四川", "2024").stdout


def test_freezing_two_years_writes_a_scale_that_loads(icdp: Run, tmp_path: Path) -> None:
    out = tmp_path / "panel_scale.yaml"
    answer = icdp("panel", "freeze", "--from", "2023", "--to", "2024", "--version", "test", "--out", str(out))
    assert answer.returncode == 0, answer.stderr
    assert "not in use in 2023" in answer.stdout
    text = out.read_text(encoding="utf-8")
    assert "version: test\nfirst: 2023\nlast: 2024\n" in text
    # What came into use in 2023 is on this shorter scale.
    assert "indicator: llm_filings" in text
