"""docs/queries.md and docs/icdp.ipynb answer what they ask, on really made editions, and agree with each other."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import nbclient
import nbformat
import numpy as np
import pandas as pd
import pytest
from tests.conftest import make
from tests.publishing.test_published_numbers import recomputed
from tests.publishing.test_rank_changes import add_to_gdp

from icdp.comparing.changes import PARTS, changes
from icdp.comparing.state import State
from icdp.publishing.against import read_edition
from icdp.publishing.database import rebuild
from icdp.publishing.editions import list_editions
from icdp.publishing.reader import open_published
from icdp.settings import REPOSITORY, Settings

DOCUMENT = (REPOSITORY / "docs" / "queries.md").read_text(encoding="utf-8")
NOTEBOOK = REPOSITORY / "docs" / "icdp.ipynb"
SQL = re.compile(r"```sql\n(.*?)```\n", re.DOTALL)
PROVINCE, ADCODE, ADDED = "四川", "510000", 3500.0


@dataclass(frozen=True)
class Question:
    """One of the twenty: its heading, its statement, the columns it promises."""

    title: str
    sql: str
    columns: list[str]


def questions() -> dict[int, Question]:
    """Read them; each has one statement, followed by its columns."""
    found = {}
    for part in re.split(r"^## ", DOCUMENT, flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        (sql,) = SQL.findall(rest)
        told = rest[SQL.search(rest).end() :].strip()
        assert told.startswith("列 Columns: "), title
        found[int(title.partition(".")[0])] = Question(title, sql, re.findall(r"`(\w+)`", told))
    return found


QUESTIONS = questions()


@pytest.fixture(scope="module")
def revised(made: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """2023-r1, 2024-r1 and a 2024-r2, for which one figure was changed (synthetic)."""
    home = tmp_path_factory.mktemp("revised")
    settings = replace(made, home=home / "home", facts=home / "facts")
    shutil.copytree(made.home, settings.home)
    shutil.copytree(made.facts, settings.facts)
    add_to_gdp(settings, 2024, ADDED)
    assert make(settings, 2024) == "2024-r2 published"
    return settings


@pytest.fixture(scope="module")
def db(revised: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    # A copy: a process may hold one file open under one configuration only, and the command has its own.
    copy = shutil.copy(revised.published / "icdp.duckdb", tmp_path_factory.mktemp("asked"))
    with duckdb.connect(str(copy), read_only=True) as connection:
        yield connection


@pytest.fixture
def ask(db: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """The answers, asked where a file may be written."""
    monkeypatch.chdir(tmp_path)
    return Answers(db)


class Answers(dict[int, pd.DataFrame]):
    """Number -> answer, asked when it is looked up."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__()
        self._connection = connection

    def __missing__(self, number: int) -> pd.DataFrame:
        return self._connection.execute(QUESTIONS[number].sql).df()


def frame(connection: duckdb.DuckDBPyConnection, sql: str) -> pd.DataFrame:
    return connection.execute(sql).df()


def test_there_are_twenty_and_the_way_to_ask_them_comes_first() -> None:
    assert list(QUESTIONS) == list(range(1, 21))
    assert DOCUMENT.split("```")[1] == "sh\nduckdb -readonly var/published/icdp.duckdb\n"
    for question in QUESTIONS.values():
        assert re.fullmatch(r"\d+\. [^A-Za-z]*[一-鿿][^？]*？ [A-Z][^一-鿿]*\?", question.title), question.title


def test_the_document_prints_no_answers() -> None:
    """A printed result would grow old: no block of output, no province in the text, no decimals but the reader's own."""
    assert set(re.findall(r"```([^\n]+)\n", DOCUMENT)) == {"sh", "sql"}
    words = re.sub(r"```.*?```|`[^`]*`", "", DOCUMENT, flags=re.DOTALL)
    assert set(re.findall(r"\d+\.\d+|\d{3,}", words)) == {"0.9", "1.2"}
    assert PROVINCE not in words


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_question_is_answered_in_the_columns_it_names(ask: Answers, number: int) -> None:
    answer = ask[number]
    assert list(answer.columns) == QUESTIONS[number].columns
    assert len(answer) > 0
    assert not answer.duplicated().any()


@pytest.mark.parametrize("number", [n for n in QUESTIONS if n != 20])
def test_the_command_answers_the_same(revised: Settings, ask: Answers, number: int) -> None:
    with open_published(revised.published) as published:
        pd.testing.assert_frame_equal(published.frame(QUESTIONS[number].sql), ask[number])


def test_the_leaders_are_those_the_values_and_judgements_give(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    names = frame(db, "FROM provinces").set_index("adcode")["short_zh"]
    again = recomputed(db, 2024)["composite"].rename(index=names).sort_values(ascending=False)
    answer = ask[1]
    assert answer["province"].tolist() == again.index.tolist()
    assert answer["score"].to_numpy() == pytest.approx(again.to_numpy(), abs=0.005 + 1e-9)
    assert answer["rank"].tolist() == list(range(1, 32))
    assert answer["tier"].tolist() == [1 if s > 50 else 2 if s > 25 else 3 for s in again]
    assert (answer["rank_from"] <= answer["rank"]).mean() > 0.9
    assert (answer["rank_from"] <= answer["rank_to"]).all()


def test_a_provinces_ranks_are_of_the_newest_edition_of_each_year(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    ranks = [int(recomputed(db, year)["composite"].rank(ascending=False)[ADCODE]) for year in (2023, 2024)]
    answer = ask[2]
    assert answer[["year", "edition"]].to_numpy().tolist() == [[2023, "2023-r1"], [2024, "2024-r2"]]
    assert answer["rank"].tolist() == ranks
    assert answer["places_gained"].tolist()[1] == ranks[0] - ranks[1]


def test_the_first_three_of_each_dimension(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    names = frame(db, "FROM provinces").set_index("adcode")["short_zh"]
    again = recomputed(db, 2024)
    dimensions = frame(db, "FROM nodes WHERE parent = 'composite' ORDER BY position")["node"]
    expected = [names[adcode] for node in dimensions for adcode in again[node].nlargest(3).index]
    assert ask[3]["province"].tolist() == expected


def test_why_a_score_changed_is_what_the_comparison_says(revised: Settings, ask: Answers) -> None:
    before, after = (
        State.of(name, read_edition(revised.published / "editions" / name)) for name in ("2023-r1", "2024-r2")
    )
    told = changes(before, after).table.query("node == 'composite'")
    told = told.assign(province=told["adcode"].map(after.provinces)).set_index("province")
    answer = ask[4].set_index("province")
    assert len(answer) == 31
    assert (answer["change"] != 0).any()
    for part in PARTS:
        assert answer[part].to_numpy() == pytest.approx(told[f"{part}_points"][answer.index].to_numpy(), abs=0.0051)
    assert answer[list(PARTS)].sum(axis=1).to_numpy() == pytest.approx(answer["change"].to_numpy(), abs=0.04)


def test_whoever_overtook_was_behind(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    names = frame(db, "FROM provinces").set_index("adcode")["short_zh"]
    was, now = (recomputed(db, year)["composite"].rename(index=names) for year in (2023, 2024))
    expected = {(a, b) for a in names for b in names if was[a] < was[b] and now[a] > now[b]}
    answer = ask[5]
    assert set(answer[["overtook", "overtaken"]].itertuples(index=False, name=None)) == expected
    assert len(answer) == len(expected)


def test_the_gap_to_the_next_tier(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    names = frame(db, "FROM provinces").set_index("adcode")["short_zh"]
    again = recomputed(db, 2024)["composite"].rename(index=names)
    answer = ask[6]
    assert set(answer["province"]) == set(again.index[again <= 50])
    assert answer["threshold"].tolist() == [25.0 if again[p] <= 25 else 50.0 for p in answer["province"]]
    assert answer["gap"].to_numpy() == pytest.approx(
        [t - again[p] for p, t in zip(answer["province"], answer["threshold"], strict=True)], abs=0.0051
    )


def test_how_sure_a_rank_is(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    sure = ask[7]
    assert sure["year"].tolist() == [2023, 2024]
    assert sure["rank"].tolist() == ask[2]["rank"].tolist()
    assert sure[["p_tier1", "p_tier2", "p_tier3"]].sum(axis=1).to_numpy() == pytest.approx(1.0)
    ranking, close = ask[1], ask[8]
    follows = dict(zip(ranking["province"][:-1], ranking["province"][1:], strict=True))
    assert close["next_province"].tolist() == [follows[province] for province in close["province"]]
    below = frame(db, "FROM rank_intervals WHERE year = 2024 AND node = 'composite'")["p_ahead_of_next"] < 0.9
    assert len(close) == below.sum()


def test_the_points_of_a_province_add_up_to_its_score(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    answer = ask[9]
    scores = recomputed(db, 2024)["composite"]
    assert answer["points"].sum() == pytest.approx(scores[ADCODE], abs=0.005 * len(answer))
    assert answer["mean_points"].sum() == pytest.approx(scores.mean(), abs=0.1)
    assert answer["weight"].sum() == pytest.approx(1.0, abs=0.001)


def test_strengths_are_against_the_overall_rank(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    ranks = recomputed(db, 2024).rank(ascending=False, method="min").loc[ADCODE]
    names = frame(db, "FROM nodes").set_index("name_zh")["node"]
    answer = ask[10]
    assert len(answer) == len(ranks) - 1
    for row in answer.itertuples():
        rank = ranks[names[row.part]]
        assert (row.rank, row.better_than_overall) == (rank, ranks["composite"] - rank)


def test_the_weights_add_up(ask: Answers) -> None:
    answer = ask[11]
    assert set(answer["method"]) == {"ahp", "entropy"}
    assert answer.groupby("level")["effective_weight"].sum().to_numpy() == pytest.approx(1.0, abs=0.002)


def test_every_indicator_that_is_not_as_defined_is_named(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    told = ask[12]
    coverage = frame(db, "FROM indicator_coverage WHERE year = 2024 AND in_use")
    assert len(told) == (coverage["fidelity"] != "as_defined").sum()
    assert (told["note_zh"].str.len() > 0).all()
    by_year = ask[13].set_index("edition")
    assert by_year.index.tolist() == ["2023-r1", "2024-r2"]
    values = frame(db, "SELECT year, count(*) AS n FROM indicator_values GROUP BY year ORDER BY year")["n"]
    assert by_year["coverage"].to_numpy() == pytest.approx(values.to_numpy() / (31 * 24), abs=0.00005)
    assert by_year["indicators_used"]["2024-r2"] == len(coverage)
    assert by_year["proxies"]["2024-r2"] == (told["fidelity"] == "proxy").sum()


def test_figures_that_are_not_the_years_own_are_counted(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    answer = ask[14]
    values = frame(db, "FROM indicator_values WHERE year = 2024")
    used = values["indicator"].nunique()
    missing = answer[answer["fill"] == "missing"]
    assert missing["provinces"].sum() == 31 * used - len(values)
    assert answer[answer["fill"] != "missing"]["provinces"].sum() == (values["fill"] != "none").sum()
    assert (answer["provinces"] == answer["which"].str.count("、") + 1).all()


def test_a_number_leads_to_its_publisher_and_its_bytes(revised: Settings, ask: Answers) -> None:
    (row,) = ask[15].to_dict("records")
    assert row["publisher"] == "国家统计局"
    assert row["value_text"] == "80833.0"  # the figure changed by this test
    assert (row["indicator_value"], row["indicator_unit"]) == (80833.0, "元")
    ours = (revised.facts / "series" / "gdp_per_capita.csv").read_text(encoding="utf-8")
    assert f"2024,{ADCODE},{row['value_text']}" in ours
    assert re.fullmatch(r"[0-9a-f]{64}", row["payload_sha256"])


def test_what_the_checks_said(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    answer = ask[16]
    order = ["error", "warn", "note"]
    assert answer["severity"].map(order.index).is_monotonic_increasing
    assert len(answer) == (~frame(db, "FROM quality_results WHERE year = 2024")["passed"]).sum()
    # The figure this test changed does not go with its neighbours any more.
    assert ("gdp_per_capita", "warn") in set(answer[["subject", "severity"]].itertuples(index=False, name=None))


def test_a_revised_figure_is_shown_with_the_one_before(ask: Answers) -> None:
    (row,) = ask[17].to_dict("records")
    assert (row["series"], row["province"], row["value_year"]) == ("gdp_per_capita", PROVINCE, 2024)
    assert (row["value_before"], row["value"]) == (77333.0, 77333.0 + ADDED)


def test_progress_is_on_the_common_scale(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    panel = frame(db, "FROM scores_panel WHERE node = 'composite'").pivot(
        index="province", columns="year", values="score"
    )
    answer = ask[18].set_index("province")
    assert len(answer) == 31
    assert answer["progress"].to_numpy() == pytest.approx((panel[2024] - panel[2023])[answer.index], abs=0.0051)


def test_the_correlation_is_pearsons(db: duckdb.DuckDBPyConnection, ask: Answers) -> None:
    answer = ask[19]
    assert answer["provinces"].unique().tolist() == [31]
    for year, told in answer.groupby("year"):
        gdp = frame(db, f"FROM indicator_values WHERE indicator = 'gdp_per_capita' AND year = {year}")
        gdp = gdp.set_index("adcode")["value"]
        scores = recomputed(db, int(year))
        nodes = frame(db, "FROM nodes WHERE level <= 1 ORDER BY position")["node"]
        expected = [np.corrcoef(scores[node][gdp.index], gdp)[0, 1] for node in nodes]
        assert told["correlation"].to_numpy() == pytest.approx(expected, abs=0.0006)


def test_the_saved_file_is_the_ranking(ask: Answers, tmp_path: Path) -> None:
    assert ask[20]["Count"].tolist() == [31]
    saved = pd.read_csv(tmp_path / "ranking-2024.csv", dtype={"adcode": str})
    assert saved.columns.tolist() == ["rank", "adcode", "province", "score", "tier"]
    assert saved["province"].tolist() == ask[1]["province"].tolist()


def notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_the_notebook_is_kept_without_outputs() -> None:
    nbformat.validate(notebook())
    for cell in notebook()["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), cell["source"]


def run(where: Path, monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    """Run the notebook in a folder, with a last cell that looks at what it found."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(where / "jupyter"))
    ran = notebook()
    ran["cells"].append(nbformat.v4.new_code_cell(last))
    nbclient.NotebookClient(
        ran, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(where)}}
    ).execute()


def test_the_notebook_runs_with_one_year_alone(
    revised: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In ``docs/``, as after a first ``make run``."""
    (tmp_path / "docs").mkdir()
    editions = revised.published / "editions"
    alone = [edition for edition in list_editions(editions) if edition.name == "2024-r1"]
    (tmp_path / "var" / "published").mkdir(parents=True)
    rebuild(tmp_path / "var" / "published" / "icdp.duckdb", editions, alone)
    run(tmp_path / "docs", monkeypatch, "assert len(ranking) == 31 and progress.empty and why.empty")


def test_the_notebook_gives_the_answers_of_the_queries(
    revised: Settings, ask: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "var").symlink_to(revised.home)
    told = {"ranking": 1, "history": 2, "why": 4, "made_of": 9, "progress": 18, "correlation": 19}
    saving = f"Path({str(tmp_path / 'difference')!r}).write_text(str(difference))\n"
    saving += "".join(f"{name}.reset_index().to_csv({str(tmp_path / name)!r}, index=False)\n" for name in told)
    run(tmp_path, monkeypatch, saving)
    assert float((tmp_path / "difference").read_text(encoding="utf-8")) < 1e-9
    got = {name: pd.read_csv(tmp_path / name) for name in told}

    ranking = got["ranking"][ask[1].columns].round({"score": 2})
    pd.testing.assert_frame_equal(ranking, ask[1], check_dtype=False)
    history = got["history"].set_index("province")
    assert [history.loc[PROVINCE, column] for column in history.columns[-2:]] == ask[2]["rank"].tolist()
    why = got["why"].set_index("province")
    expected = ask[4].set_index("province")
    for part in (*PARTS, "change"):
        assert why[part][expected.index].to_numpy() == pytest.approx(expected[part].to_numpy(), abs=0.0051)
    made_of = got["made_of"]
    assert made_of["name"].tolist()[:3] == ask[9]["indicator"].tolist()[:3]
    assert made_of["points"].to_numpy() == pytest.approx(ask[9]["points"].to_numpy(), abs=0.0051)
    progress = got["progress"].set_index("province").iloc[:, -1]
    expected_progress = ask[18].set_index("province")["progress"]
    assert progress[expected_progress.index].to_numpy() == pytest.approx(expected_progress.to_numpy(), abs=0.0051)
    composite = ask[19].drop_duplicates("year").set_index("year")["correlation"]
    assert got["correlation"].set_index("year")["score"].to_numpy() == pytest.approx(composite.to_numpy(), abs=0.0006)
