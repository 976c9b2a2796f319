"""One look for everything: enough contrast, every code of the published tables with its two names."""

from __future__ import annotations

import pytest

from icdp.catalog import Catalog
from icdp.comparing.changes import PARTS
from icdp.look import look, word
from icdp.publishing.reader import open_published
from icdp.settings import Settings


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_of_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # the well-known just too light grey


@pytest.mark.parametrize("paper", ["paper", "panel"])
def test_text_can_be_read_on_both_grounds(paper: str) -> None:
    ground = look().colours[paper]
    texts = {name: look().colours[name] for name in ("ink", "muted", "accent", "good", "bad")}
    texts |= {f"dimension {n}": colour for n, colour in enumerate(look().dimensions)}
    assert {name: round(contrast(c, ground), 2) for name, c in texts.items() if contrast(c, ground) < 4.5} == {}


def test_the_sequence_darkens_from_low_to_high() -> None:
    assert [luminance(c) for c in look().sequential] == sorted(map(luminance, look().sequential), reverse=True)
    assert [luminance(c) for c in look().tiers] == sorted(map(luminance, look().tiers))


def test_the_style_sheet_names_every_colour() -> None:
    css = look().css()
    assert "--ink:#1b2530" in css
    assert "--tier-3:" in css
    assert "--as-defined:" in css
    assert '--text:"Noto Sans SC"' in css


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        ("editions", "status", "status"), ("scores", "tier", "tier"), ("indicator_values", "fidelity", "fidelity"),
        ("indicator_values", "fill", "fill"), ("indicator_values", "status", "observation_status"),
        ("indicator_values", "basis", "basis"), ("indicator_values", "layer", "layer"), ("weights", "method", "method"),
        ("quality_results", "severity", "severity"),
    ],
)  # fmt: skip
def test_every_code_of_the_published_tables_has_a_name_in_both_languages(
    made: Settings, table: str, column: str, kind: str
) -> None:
    with open_published(made.published) as db:
        found = db.frame(f"SELECT DISTINCT {column} AS code FROM history.{table} WHERE {column} IS NOT NULL")["code"]
    assert not found.empty
    for code in found:
        for language in ("zh", "en"):
            assert word(kind, code, language) != str(code) or language == "en", (kind, code)


def test_every_part_of_a_change_has_a_name() -> None:
    for part in PARTS:
        assert word("part", part, "zh") != part


def test_every_province_has_a_tile_of_its_own(catalog: Catalog) -> None:
    tiles = {(p.tile_column, p.tile_row) for p in catalog.provinces.values()}
    assert len(tiles) == 31
    assert (None, None) not in tiles
