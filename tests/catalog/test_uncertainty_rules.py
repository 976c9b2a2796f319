"""Mistakes in uncertainty.yaml are refused with file and key; a catalogue without it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from icdp.catalog import load_catalog
from icdp.errors import CatalogError
from icdp.settings import CATALOG

MISTAKES = {
    "an unknown factor": ("  leave_out:\n", "  moon_phase: {}\n  leave_out:\n", r"'factors.moon_phase'"),
    "no reason": (
        "    probability: 0.5\n    reason_zh",
        "    probability: 0.5\n    grund_zh",
        r"factors.leave_out.reason_zh",
    ),
    "a probability above 1": ("probability: 0.5", "probability: 1.5", r"factors.leave_out.probability"),
    "an unknown method": ("zscore: 1", "zzscore: 1", r"normalisation 'zzscore' cannot be drawn; choose among own"),
    "a method with parameters": ("geometric: 1", "power: 1", r"aggregation 'power' cannot be drawn"),
    "not its own method": ("{own: 2, zscore: 1, percentile: 1}", "{zscore: 1}", r"give `own` one above 0"),
    "a fidelity left out": ("{as_defined: 1.0, partial: 0.97, ", "{partial: 0.97, ", r"correlation lacks as_defined"),
    "a correlation above 1": ("carried_per_year: 0.995", "carried_per_year: 9.95", r"factors.values.carried_per_year"),
    "too few draws": ("draws: 10000 ", "draws: 10 ", r"'draws'"),
    "no seed": ("seed: 20241224", "sead: 20241224", r"'seed'|'sead'"),
    "a list": ("seed: 20241224", "- seed", r"cannot be read as UTF-8 YAML"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CATALOG, tmp_path / "catalog"))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_with_file_and_key(folder: Path, mistake: str) -> None:
    old, new, message = MISTAKES[mistake]
    path = folder / "uncertainty.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogError, match=message) as caught:
        load_catalog(folder)
    assert "uncertainty.yaml" in str(caught.value)


def test_a_catalogue_without_the_file_has_no_uncertainty(folder: Path) -> None:
    (folder / "uncertainty.yaml").unlink()
    assert load_catalog(folder).uncertainty is None
