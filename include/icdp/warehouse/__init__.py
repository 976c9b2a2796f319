"""The DuckDB file of the pipeline: one writer at a time, one transaction a step."""

from icdp.warehouse.connection import replace_year, write

__all__ = ["replace_year", "write"]
