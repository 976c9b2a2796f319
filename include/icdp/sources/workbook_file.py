"""Workbooks that people fill in: opened without trust, read cell by cell, every problem named by its cell."""

from __future__ import annotations

import io
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.workbook.workbook import Workbook

from icdp.errors import DataError, IcdpError
from icdp.sources.text import media_type, zip_members


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell, and what to do."""

    file: str
    cell: str
    told: str

    def __str__(self) -> str:
        return f"{self.file} {self.cell}: {self.told}"


def open_workbook(content: bytes, file: str, max_megabytes: float, unpacked_megabytes: float, fresh: str) -> Workbook:
    """Open a workbook somebody handed in; formulas stay formulas, links lead nowhere.

    Args:
        content: the file.
        file: its name for messages.
        max_megabytes: largest size of the file.
        unpacked_megabytes: largest size of what it unpacks to.
        fresh: the command that makes an empty one, for messages.

    Raises:
        DataError: too large, no .xlsx, password, macros, or XML that cannot be read.
        LayoutChanged: it unpacks to more than allowed.
    """
    if len(content) > max_megabytes * 1_000_000:
        raise DataError(
            f"{file}: is larger than {max_megabytes:g} MB; make a fresh workbook ({fresh}) and copy the entries"
        )
    if media_type(content) != "application/zip":
        raise DataError(f"{file}: is no .xlsx workbook (or has a password); save it as .xlsx without one")
    try:
        names = [name for name, _ in zip_members(content, file, unpacked_megabytes)]
        if any("vbaproject" in name.lower() for name in names):
            raise DataError(f"{file}: carries macros; save it as .xlsx without them")
        return openpyxl.load_workbook(io.BytesIO(content), data_only=False, keep_links=False)
    except IcdpError:
        raise
    except Exception as exc:  # the library raises whatever the file's XML provokes
        raise DataError(f"{file}: cannot be read as a workbook ({exc}); make a fresh one ({fresh})") from exc


def cell_text(cell: Any) -> str:
    """Return a cell as typed: numbers without a trailing .0, never a date or an exponent."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return format(Decimal(repr(value)).normalize(), "f")
    return str(value).strip()
