"""The index as data: provinces, tree, series, bindings, checks and sources.

The models behind it take a tenth of a second to build, so they come with the first catalogue that is read, not with
every command that may read one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from icdp.catalog.catalog import Catalog

__all__ = ["Catalog", "load_catalog"]


def load_catalog(directory: Path) -> Catalog:
    """Load and validate the catalogue in ``directory``; see :func:`icdp.catalog.load.load_catalog`."""
    from icdp.catalog import load

    return load.load_catalog(directory)


def __getattr__(name: str) -> Any:
    if name != "Catalog":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from icdp.catalog.catalog import Catalog

    return Catalog
