"""docs/faults.md says how each fault ends; the tests it names must be there, and every fault of all sources in it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from tests.replica.sites import PLACES
from tests.replica.test_faults import HEALS, STAYS

from icdp.catalog import load_catalog
from icdp.settings import CATALOG, REPOSITORY

ROWS = re.findall(
    r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", (REPOSITORY / "docs" / "faults.md").read_text("utf-8"), re.MULTILINE
)


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """Ids of all tests the table may name: those of this folder without it, the others with theirs."""
    folders = [f"tests/{name}" for name in ("replica", "restoring", "road", "distributed")]
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *folders],
        cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    lines = [line.partition("tests/")[2] for line in told.stdout.splitlines() if "::" in line]
    return {line.removeprefix("replica/") for line in lines}


def test_at_least_thirty_faults_are_numbered_one_by_one() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 30


def test_each_fault_has_its_tests_at_each_source_it_speaks_of(collected: set[str]) -> None:
    for number, fault, _, tests in ROWS:
        named = re.findall(r"`([^`]+)`", tests)
        assert named, f"{number} {fault}"
        for name in named:
            wanted = [name.replace("*", source) for source in PLACES] if "*" in name else [name]
            assert set(wanted) <= collected, f"{number} {fault}"


def test_every_fault_that_meets_all_sources_stands_in_the_table() -> None:
    told = " ".join(tests for *_, tests in ROWS)
    for test, faults in (("test_what_heals", HEALS), ("test_what_stays", STAYS)):
        for fault in faults:
            assert re.search(rf"{test}\w+\[\*-{re.escape(fault)}\]", told), fault


def test_every_live_source_has_its_replica() -> None:
    assert set(PLACES) == {s.source for s in load_catalog(CATALOG).sources.values() if s.layer == "live"}
