"""Sources: one module each, found by the id of its file in ``include/catalog/sources``."""

from icdp.sources.base import Fetched, adapter

__all__ = ["Fetched", "adapter"]
