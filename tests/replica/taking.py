"""Taking from a replica through the same functions as the road."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from icdp.archive import Archive
from icdp.catalog import load_catalog
from icdp.settings import Settings
from icdp.sources import adapter
from icdp.sources.acquire import Taken, payload_of, take
from icdp.sources.client import Clock


def settings_for(home: Path, source: str, url: str) -> Settings:
    return Settings(home=home, channel="live", base_urls={source: url})


def taken_from(settings: Settings, source: str, year: int, clock: Clock, *, fresh: bool = False) -> Taken:
    catalog = load_catalog(settings.catalog)
    return take(settings, catalog, catalog.sources[source], year, fresh=fresh, clock=clock)


def observed(settings: Settings, taken: Taken) -> pd.DataFrame:
    """Parse every accepted payload out of the archive."""
    catalog = load_catalog(settings.catalog)
    archive = Archive(settings.archive)
    tables = [adapter(r.source, catalog).parse(payload_of(archive, r), catalog) for r in taken.receipts]
    return pd.concat(tables, ignore_index=True)


def payloads(settings: Settings) -> set[str]:
    """Return the digests of everything the archive keeps."""
    root = Path(str(settings.archive)) / "payloads"
    return {path.name for path in root.rglob("*") if path.is_file()}
