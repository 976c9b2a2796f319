"""Indices of hundreds and thousands of (synthetic) units go the whole way, and give what copies of provinces must give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.scaling.synthetic import copied, installation

from icdp.errors import DataError
from icdp.publishing.reader import open_published
from icdp.publishing.verify import differences
from icdp.replay import rebuilt
from icdp.report import write_report
from icdp.settings import Settings

CITIES, COUNTIES = 11, 92
"""Copies that make at least as many units as China has cities (333) and counties (2,844)."""
DRAWS = 100
Run = Callable[..., str]


def asked(settings: Settings, sql: str) -> pd.DataFrame:
    with open_published(settings.published) as db:
        return db.frame(sql)


def weights(settings: Settings) -> pd.DataFrame:
    return asked(settings, "SELECT * FROM weights WHERE year = 2024 ORDER BY node").set_index("node")


def with_value(settings: Settings) -> dict[str, int]:
    found = asked(settings, "SELECT indicator, count(value) AS n FROM indicator_values WHERE year = 2024 GROUP BY ALL")
    return dict(zip(found["indicator"], found["n"], strict=True))


def scores(settings: Settings) -> pd.DataFrame:
    """Units x inner nodes."""
    found = asked(settings, "SELECT adcode, node, score FROM scores WHERE year = 2024")
    return found.pivot(index="adcode", columns="node", values="score")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, run_year: Run) -> Settings:
    settings = installation(tmp_path_factory.mktemp("few"), 1, DRAWS)
    assert run_year(settings, 2024) == "2024-r1 published"
    return settings


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory, run_year: Run) -> Settings:
    settings = installation(tmp_path_factory.mktemp("cities"), CITIES, DRAWS)
    told = "2024-r1 published, without a report: it has room for 100 units, not for 341"
    assert run_year(settings, 2024, report=True) == told
    return settings


def test_copies_weigh_as_the_entropy_of_their_number_says(few: Settings, cities: Settings) -> None:
    before, after, known = weights(few), weights(cities), with_value(few)
    assert with_value(cities) == {name: CITIES * number for name, number in known.items()}
    judged = before.index[before["method"] != "entropy"]
    pd.testing.assert_series_equal(after.loc[judged, "local_weight"], before.loc[judged, "local_weight"])
    shrunk = before[before["method"] == "entropy"].copy()
    number = np.array([known[name] for name in shrunk.index])
    shrunk["local_weight"] *= np.log(number) / np.log(number * CITIES)
    expected = shrunk["local_weight"] / shrunk.groupby("parent")["local_weight"].transform("sum")
    pd.testing.assert_series_equal(after.loc[shrunk.index, "local_weight"], expected, rtol=1e-12)
    # An indicator that one province has no figure of is what makes the two differ at all.
    assert min(number) < max(number)


def test_every_copy_scores_as_its_province(few: Settings, cities: Settings) -> None:
    before, after = scores(few), scores(cities)
    assert len(after) == CITIES * len(before) == 341
    for copy in range(1, CITIES):
        own = after.loc[[copied(str(code), copy) for code in before.index]]
        pd.testing.assert_frame_equal(own.set_axis(before.index), after.loc[before.index])
    children = weights(few).query("level == 3").groupby("parent").groups
    known = with_value(few)
    complete = [str(node) for node, leaves in children.items() if len({known[leaf] for leaf in leaves}) == 1]
    assert len(complete) >= 6
    pd.testing.assert_frame_equal(after.loc[before.index, complete], before[complete], atol=1e-9)


def test_an_edition_of_hundreds_of_units_is_reproduced_from_what_it_keeps(cities: Settings) -> None:
    with rebuilt(cities, "2024-r1") as again:
        assert differences(cities.published / "editions" / "2024-r1", again) == []


def test_a_report_of_hundreds_of_pages_is_refused(cities: Settings, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="2024-r1 has 341 units; a report has a page for each and room for 100"):
        write_report(cities.published / "editions" / "2024-r1", [], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_index_of_as_many_units_as_china_has_counties_goes_the_whole_way(
    tmp_path: Path, few: Settings, run_year: Run
) -> None:
    counties = installation(tmp_path, COUNTIES, DRAWS)
    assert run_year(counties, 2024) == "2024-r1 published"
    found: Any = scores(counties)
    assert found.shape == (2852, scores(few).shape[1])
    assert len(asked(counties, "FROM indicator_values WHERE year = 2024")) == COUNTIES * sum(with_value(few).values())
    ranked = asked(counties, "SELECT rank FROM scores WHERE node = 'composite' ORDER BY rank")["rank"]
    # 92 copies share each of 31 ranks.
    assert list(ranked.unique()) == [1 + COUNTIES * place for place in range(31)]
