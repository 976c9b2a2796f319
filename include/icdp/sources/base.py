"""What an adapter is: it fetches payloads and it parses them, nothing else."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

import pandas as pd

from icdp.catalog import Catalog
from icdp.errors import CatalogError
from icdp.settings import Settings


@dataclass(frozen=True, slots=True)
class Fetched:
    """One payload as a source gave it, with what its receipt will say."""

    item: str
    content: bytes
    media_type: str
    request: str
    retrieved_at: str
    publisher: str


class Adapter(Protocol):
    """The two functions a source module provides."""

    def fetch(self, settings: Settings, catalog: Catalog, year: int) -> Iterator[Fetched]:
        """Yield the payloads that hold figures needed for statistical year ``year``."""

    def parse(self, content: bytes, item: str, catalog: Catalog) -> pd.DataFrame:
        """Turn a payload into observations (see ``icdp.sources.observations``)."""


def adapter(source: str, catalog: Catalog) -> Adapter:
    """Return the adapter module of a source of the catalogue.

    Raises:
        CatalogError: the catalogue has no such source, or the source has no module.
    """
    if source not in catalog.sources:
        known = ", ".join(sorted(catalog.sources))
        raise CatalogError(f"{catalog.directory / 'sources'}: no source {source!r}; use one of {known}")
    try:
        return cast(Adapter, importlib.import_module(f"icdp.sources.{source}"))
    except ModuleNotFoundError as exc:
        if exc.name != f"icdp.sources.{source}":
            raise
        raise CatalogError(
            f"{catalog.directory / 'sources' / f'{source}.yaml'}: no module icdp/sources/{source}.py reads it; "
            "write one or remove the file"
        ) from exc
