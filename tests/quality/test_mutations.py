"""The mutation exercise: what of a year's inputs may be corrupted without anybody being told."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.quality.corruptions import CORRUPTIONS, DOOR, Corruption
from tests.quality.figures import checked, clean, failures, figures_of, text_of

from icdp import road
from icdp.catalog import Catalog, load_catalog
from icdp.errors import CatalogError, DataError, IcdpError, QualityError
from icdp.settings import CATALOG, REPOSITORY, Settings

NAMED = {c.name: c for c in CORRUPTIONS}
DOCS = REPOSITORY / "docs" / "quality.md"
# These go the whole road as well, through archive, staging and warehouse.
WHOLE_ROAD = [
    "all of software revenue divided by 10", "河北 and 河南 exchanged in broadband users", "broadband users one row down",
    "the last five provinces cut off", "last year's wages again", "a missing figure written as 0", "a row twice",
]  # fmt: skip


def newly_failed(corruption: Corruption, catalog: Catalog, folder: Path) -> set[str]:
    """Ids of the checks that fail on the corrupted year and do not on the clean one."""
    year = corruption.year
    own = catalog
    try:
        if corruption.file:
            shutil.copytree(CATALOG, folder / "catalog")
            path = folder / "catalog" / corruption.file
            path.write_text(corruption.change(path.read_text(encoding="utf-8")), encoding="utf-8")
            own = load_catalog(folder / "catalog")
            figures = figures_of(own, year)
        elif corruption.live is not None:
            shipped = figures_of(catalog, year)
            again = shipped[(shipped["series"] == corruption.series) & (shipped["year"] == year)]
            figures = figures_of(catalog, year, more=corruption.live(again))
        else:
            text = corruption.change(text_of(corruption.series))
            assert text != text_of(corruption.series)
            figures = figures_of(catalog, year, {corruption.series: text})
    except (CatalogError, DataError):
        return {DOOR}
    return {check for check, _, _ in failures(checked(own, year, figures)) - clean(catalog, year)}


@pytest.mark.parametrize("name", NAMED)
def test_a_corruption_is_named_or_known_to_slip_through(name: str, catalog: Catalog, tmp_path: Path) -> None:
    corruption = NAMED[name]
    found = newly_failed(corruption, catalog, tmp_path)
    assert (corruption.caught in found) if corruption.caught else (found == set()), sorted(found)


def test_the_exercise_is_as_large_as_promised() -> None:
    assert len(NAMED) == len(CORRUPTIONS) >= 40
    slipped = [c for c in CORRUPTIONS if c.caught is None]
    assert len(slipped) / len(CORRUPTIONS) <= 2 / 40


def test_what_slips_through_stands_in_the_docs() -> None:
    section = DOCS.read_text(encoding="utf-8").split("<!-- slips -->")[1].split("<!-- /slips -->")[0]
    assert re.findall(r"^\| `(.+?)` \|", section, re.MULTILINE) == [c.name for c in CORRUPTIONS if c.caught is None]
    assert f"{len(CORRUPTIONS)} " in section
    assert f"{sum(c.caught is not None for c in CORRUPTIONS)} " in section


def test_every_check_that_can_fail_on_inputs_has_a_corruption_it_names(catalog: Catalog) -> None:
    named = {c.caught for c in CORRUPTIONS}
    # These guard what the door and the loader refuse already, or speak of waivers; tests/quality/test_rules.py has them.
    apart = {
        "tables_sound", "provinces_known", "keys_unique", "unit_declared", "enough_indicators", "not_stale",
        "text_is_value", "figure_cited", "one_unit", "outliers", "waiver_expired", "waiver_without_use",
    }  # fmt: skip
    assert set(catalog.checks) - apart <= named
    assert not apart & named


@pytest.mark.parametrize("name", WHOLE_ROAD)
def test_a_corruption_is_named_on_the_whole_road(name: str, own_loaded: Settings) -> None:
    corruption = NAMED[name]
    path = own_loaded.facts / "series" / f"{corruption.series}.csv"
    path.write_text(corruption.change(path.read_text(encoding="utf-8")), encoding="utf-8")
    told = ""
    try:
        road.acquire(own_loaded, "facts", corruption.year)
        road.stage(own_loaded, "facts", corruption.year)
        road.load(own_loaded, corruption.year)
        road.check(own_loaded, corruption.year)
    except QualityError as exc:
        told = str(exc)
    except IcdpError:
        told = DOOR
    if corruption.caught != DOOR and corruption.caught not in told:
        with road.warehouse.read(own_loaded.warehouse) as connection:
            rows = connection.execute("SELECT DISTINCT check_id FROM quality_results WHERE NOT passed").fetchall()
        told = " ".join(check for (check,) in rows)
    assert str(corruption.caught) in told
