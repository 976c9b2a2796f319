"""A synthetic index of many units: every province copied so many times, with all its figures, under made-up names.

What a copied set of units must give is known. The extremes are the same, hence the normalised values. Of m units with a
value, copied k times, 1 - H becomes (1 - H) · ln m / ln(k · m): entropy weights are the same where m is the same for all
indicators of a group, and every copy has the score of its province.
"""

from __future__ import annotations

import io
import re
import shutil
from pathlib import Path

import pandas as pd

from icdp.settings import CATALOG, FACTS, JUDGEMENTS, Settings

YEARS = range(2022, 2026)
# Laws about figures of China's provinces, row counts of the shipped tables, printed totals: none of them is about copies.
OF_PROVINCES = ("baseline.csv", "identities.yaml", "movement.yaml", "sources.yaml", "totals.yaml", "waivers.yaml")


def copied(adcode: str, copy: int) -> str:
    """Return the code of a copy; the first is the province itself."""
    return f"{adcode[:2]}{copy:04d}"


def installation(root: Path, copies: int, draws: int | None = None) -> Settings:
    """Write catalogue and facts of 31 × ``copies`` units of the years 2022-2025; return the settings that use them.

    Args:
        root: an empty folder.
        copies: how many times every province is there.
        draws: of the uncertainty analysis; by default as many as the shipped catalogue wants.
    """
    shutil.copytree(CATALOG, root / "catalog")
    _units(root / "catalog" / "provinces.csv", copies)
    index = root / "catalog" / "index.yaml"
    text = index.read_text(encoding="utf-8")
    # A series is asked for as many units, as a share: else copies would bring series in that few provinces have.
    for name, number in (("units", 31), ("min_provinces", 25)):
        assert f"{name}: {number}" in text
        text = text.replace(f"{name}: {number}", f"{name}: {number * copies}")
    index.write_text(text, encoding="utf-8")
    if draws is not None:
        rules = root / "catalog" / "uncertainty.yaml"
        told = rules.read_text(encoding="utf-8")
        rules.write_text(re.sub(r"^(draws\w*): \d+", rf"\1: {draws}", told, flags=re.MULTILINE), encoding="utf-8")
    for name in OF_PROVINCES:
        _emptied(root / "catalog" / "quality" / name)
    (root / "facts" / "series").mkdir(parents=True)
    shutil.copy(FACTS / "national_totals.csv", root / "facts")
    for source in sorted((FACTS / "series").glob("*.csv")):
        _figures(source, root / "facts" / "series" / source.name, copies)
    return Settings(home=root / "home", catalog=root / "catalog", facts=root / "facts", judgements=JUDGEMENTS)


def _units(path: Path, copies: int) -> None:
    shipped = pd.read_csv(path, dtype=str, keep_default_na=False)
    tables = [
        shipped.assign(
            adcode=[copied(code, copy) for code in shipped["adcode"]],
            name_zh=shipped["name_zh"] + f"虚构{copy}" if copy else shipped["name_zh"],
            short_zh=shipped["short_zh"] + f"虚构{copy}" if copy else shipped["short_zh"],
            name_en=shipped["name_en"] + f" synthetic {copy}" if copy else shipped["name_en"],
            aliases="" if copy else shipped["aliases"],
            tile_column="" if copy else shipped["tile_column"],
            tile_row="" if copy else shipped["tile_row"],
        )
        for copy in range(copies)
    ]
    every = pd.concat(tables, ignore_index=True)
    every.to_csv(path, index=False)


def _emptied(path: Path) -> None:
    if path.suffix == ".csv":
        path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    else:
        path.write_text("[]\n", encoding="utf-8")


def _figures(source: Path, target: Path, copies: int) -> None:
    _, head, table = source.read_text(encoding="utf-8").split("---\n", 2)
    shipped = pd.read_csv(io.StringIO(table), dtype=str, keep_default_na=False)
    shipped = shipped[shipped["year"].astype(int).isin(YEARS)]
    every = pd.concat(
        [shipped.assign(adcode=[copied(code, copy) for code in shipped["adcode"]]) for copy in range(copies)]
    )
    target.write_text(f"---\n{head}---\n{every.to_csv(index=False, lineterminator=chr(10))}", encoding="utf-8")
