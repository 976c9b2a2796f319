"""The index as data: provinces, tree, series, bindings, checks and sources."""

from icdp.catalog.catalog import Catalog
from icdp.catalog.load import load_catalog

__all__ = ["Catalog", "load_catalog"]
