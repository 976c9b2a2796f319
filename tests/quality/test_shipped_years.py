"""The shipped years raise no false alarm, and the documents say what the catalogue says."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pandas as pd
import pytest
from tests.quality.figures import DAY, checked, clean, figures_of

from icdp import road
from icdp.catalog import Catalog
from icdp.quality import read_national_totals, run_checks, stopping
from icdp.quality.baseline import baseline
from icdp.quality.document import rewritten
from icdp.quality.earlier import earlier_coverage
from icdp.settings import CATALOG, REPOSITORY, Settings
from icdp.warehouse.connection import read

DOCS = REPOSITORY / "docs" / "quality.md"
YEARS = range(2018, 2026)


@pytest.mark.parametrize("year", YEARS)
def test_a_shipped_year_raises_no_error_and_few_warnings(catalog: Catalog, year: int) -> None:
    results = checked(catalog, year, figures_of(catalog, year))
    assert stopping(results).empty
    assert not results.duplicated(["check_id", "subject"]).any()
    assert set(results.loc[results["passed"], "message"]) == {""}
    assert set(results["year"]) == {year}
    assert year == 2025 or len(clean(catalog, year)) <= 8


def test_every_warning_of_a_shipped_year_is_explained_in_the_docs(catalog: Catalog) -> None:
    section = DOCS.read_text(encoding="utf-8").split("<!-- warnings -->")[1].split("\n## ")[0]
    told = re.findall(r"^\| (\d{4}) \| `(\w+)` \| `(.+?)` \| (?=\S)", section, re.MULTILINE)
    found = [(str(year), check, subject) for year in YEARS for check, subject, _ in clean(catalog, year)]
    assert sorted(told) == sorted(found)


def test_the_table_of_checks_in_the_docs_is_current(catalog: Catalog) -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert text == rewritten(text, catalog), "run: python -m icdp.quality.document docs/quality.md"
    assert all(f"| `{check}` |" in text for check in catalog.checks)


def test_the_runbook_has_a_remedy_for_every_check(catalog: Catalog) -> None:
    section = (REPOSITORY / "docs" / "runbook.md").read_text(encoding="utf-8").split("## 4. ")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \| ((?:error|warn|note).*?) \| \S.*? \| \S", section, re.MULTILINE)
    remedies = [(pattern, severities) for names, severities in rows for pattern in re.findall(r"`(.+?)`", names)]
    for check in catalog.checks.values():
        named = [severities for pattern, severities in remedies if fnmatch(check.check, pattern)]
        assert len(named) == 1, check.check
        assert check.severity in named[0], check.check
    assert all(any(fnmatch(check, pattern) for check in catalog.checks) for pattern, _ in remedies)


def test_the_baseline_is_current(catalog: Catalog) -> None:
    committed = (CATALOG / "quality" / "baseline.csv").read_text(encoding="utf-8")
    assert committed == baseline(catalog), "run: python -m icdp.quality.baseline > include/catalog/quality/baseline.csv"


def test_the_fast_way_finds_what_the_whole_road_finds(loaded: Settings, catalog: Catalog) -> None:
    """So that the mutation exercise, which takes the fast way, speaks of the road."""
    totals = read_national_totals(loaded.facts / "national_totals.csv", catalog)
    with read(loaded.warehouse) as connection:
        data = road.year_data(connection, catalog, 2024, totals)
        data.earlier.update(earlier_coverage(data, Path("nowhere"), ""))
        results = run_checks(data, DAY)
    fast = checked(catalog, 2024, figures_of(catalog, 2024))
    pd.testing.assert_frame_equal(results, fast)
