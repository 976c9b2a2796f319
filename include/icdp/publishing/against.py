"""Table ``rank_changes``: a new edition held against those before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from icdp.comparing.changes import PARTS, Changes, changes
from icdp.comparing.state import TABLES, State
from icdp.publishing.schema import tables
from icdp.warehouse.staging import read_parquet

KEYS = ["adcode", "node", "score_before", "score_after", "rank_before", "rank_after"]


def rank_changes(
    folder: Path, content: Mapping[str, pd.DataFrame], edition: str, against: Iterable[str]
) -> pd.DataFrame:
    """Return the rows of ``rank_changes`` without ``edition``.

    An edition that was published before its tables told its own rules cannot be scored again and has no rows here.

    Args:
        folder: the folder of editions.
        content: the tables of the new edition.
        edition: its name.
        against: the editions it is held against.
    """
    after = State.of(edition, content)
    names = content["provinces"].set_index("adcode")["short_zh"]
    rows = [pd.DataFrame(columns=[c for c in tables()["rank_changes"].columns if c != "edition"])]
    for name in against:
        stored = read_edition(folder / name)
        if stored["rules"].empty:
            continue
        told = long(changes(State.of(name, stored), after))
        rows.append(told.assign(against=name, year=after.year, province=told["adcode"].map(names)))
    return pd.concat(rows[1:], ignore_index=True) if len(rows) > 1 else rows[0]


def read_edition(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables a comparison needs out of an edition's folder; one it does not have yet is empty."""
    found = {}
    for name in TABLES:
        path = folder / "parquet" / f"{name}.parquet"
        found[name] = read_parquet(path) if path.exists() else pd.DataFrame(columns=list(tables()[name].columns))
    return found


def long(found: Changes) -> pd.DataFrame:
    """Return one row per province, node and part."""
    pieces = [
        found.table[KEYS].assign(
            part=part, score_points=found.table[f"{part}_points"], rank_places=found.table[f"{part}_places"]
        )
        for part in PARTS
    ]
    return pd.concat(pieces, ignore_index=True)
