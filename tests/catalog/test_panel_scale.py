"""A panel scale that contradicts itself or the tree is refused, with what is wrong and where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from icdp.catalog import load_catalog
from icdp.errors import CatalogError
from icdp.settings import CATALOG


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CATALOG, tmp_path / "catalog"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("min: 0.25, max: 0.453", "min: 0.453, max: 0.453", "min 0.453 is not below max 0.453"),
        ("first: 2019", "first: 2025", "the span 2025-2024 ends before it begins"),
        ("indicator: ai_parks", "indicator: parks", "goalposts: 'parks' is no indicator of tree.yaml; remove the file"),
        ("  energy: ", "  powers: ", "weights: 'powers' is no node below the composite"),
        ("  energy: 0.39", "  energy: 0.49", "the weights below environment sum to 1.1, not 1"),
        ("  network: 1.0\n", "", "weights: network has none"),
        ("  aidc_compute: in", "  ai_parks: in", "ai_parks stands twice in goalposts and left_out"),
    ],
)
def test_a_wrong_scale_is_refused(directory: Path, old: str, new: str, message: str) -> None:
    path = directory / "panel_scale.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogError) as refused:
        load_catalog(directory)
    assert message in str(refused.value)
    assert "panel_scale.yaml" in str(refused.value)


def test_a_catalogue_needs_no_scale(directory: Path) -> None:
    (directory / "panel_scale.yaml").unlink()
    assert load_catalog(directory).panel_scale is None
