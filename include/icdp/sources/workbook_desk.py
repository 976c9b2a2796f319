"""Workbooks handed in and withdrawn: the file becomes a payload, its entries observations of the layer ``workbook``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from icdp.archive import Archive, Receipt
from icdp.catalog import Catalog
from icdp.catalog.model import Source
from icdp.errors import DataError, NotFoundError
from icdp.files import alone
from icdp.settings import Settings
from icdp.sources.acquire import payload_of
from icdp.sources.base import Payload
from icdp.sources.text import media_type
from icdp.sources.workbook import parse, read

LAYER = "workbook"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        receipt: of the workbook.
        entries: its observations.
        replaced: the workbook of the same year and name that it takes the place of.
        unchanged: whether that one has the same bytes.
        years: the statistical years whose index may use an entry.
    """

    receipt: Receipt
    entries: pd.DataFrame
    replaced: Receipt | None
    unchanged: bool
    years: range


def import_workbook(settings: Settings, catalog: Catalog, content: bytes, file: str, moment: datetime) -> Imported:
    """Take a workbook into the archive, all of it or nothing.

    A workbook of the same year and name takes the place of the former one; its bytes stay in the archive.

    Args:
        settings: where the archive lies.
        catalog: what the entries are held against.
        content: the file.
        file: its name, for messages and for the receipt.
        moment: when it was handed in.

    Raises:
        DataError: anything is wrong with any cell; says everything at once.
    """
    source = _source(catalog)
    entered = read(content, file, catalog)
    if entered.problems:
        raise DataError("; ".join(map(str, entered.problems)))
    item = f"{entered.year}/{entered.name}"
    entries = parse(Payload(source.source, item, content, file, bytes.fromhex), catalog)
    archive = Archive(settings.archive)
    with alone(settings.home / ".workbooks.lock"):
        there = {r.item: r for r in listed(archive, source, entered.year)}
        receipt = Receipt(
            source=source.source,
            item=item,
            payload_sha256=archive.put(content),
            bytes=len(content),
            media_type=media_type(content),
            request=file,
            retrieved_at=moment.isoformat(timespec="seconds"),
            publisher=source.publisher,
            terms=source.terms,
        )
        replaced = there.get(item)
        unchanged = replaced is not None and replaced.payload_sha256 == receipt.payload_sha256
        if not unchanged:
            archive.add_receipt(receipt)
            _list(archive, source, entered.year, there | {item: receipt}, moment)
    years = range(int(entries["year"].min()), int(entries["year"].max()) + catalog.lookback + 1)
    return Imported(receipt, entries, replaced, unchanged, years)


def withdraw_workbook(settings: Settings, catalog: Catalog, year: int, name: str, moment: datetime) -> Receipt:
    """Take a workbook's entries out of use; its bytes and receipt stay in the archive.

    Raises:
        NotFoundError: no such workbook was imported.
    """
    source = _source(catalog)
    archive = Archive(settings.archive)
    with alone(settings.home / ".workbooks.lock"):
        there = {r.item: r for r in listed(archive, source, year)}
        if (item := f"{year}/{name}") not in there:
            known = ", ".join(there) or "none"
            raise NotFoundError(f"no workbook {item} was imported; of {year} there are: {known}")
        withdrawn = there.pop(item)
        _list(archive, source, year, there, moment)
    return withdrawn


def workbooks(settings: Settings, catalog: Catalog) -> list[tuple[Receipt, pd.DataFrame]]:
    """Return every workbook in use with its entries."""
    source = _source(catalog)
    archive = Archive(settings.archive)
    return [
        (receipt, parse(payload_of(archive, receipt), catalog))
        for year in archive.accepted_years(source.source)
        for receipt in listed(archive, source, year)
    ]


def listed(archive: Archive, source: Source, year: int) -> list[Receipt]:
    """Return the receipts of the workbooks in use that are called after ``year``."""
    accepted = archive.accepted(source.source, year)
    return accepted.receipts if accepted else []


def _list(archive: Archive, source: Source, year: int, there: dict[str, Receipt], moment: datetime) -> None:
    receipts = [there[item] for item in sorted(there)]
    day = moment.astimezone(UTC).date()
    archive.list_accepted(source.source, year, receipts, complete=True, day=day)


def _source(catalog: Catalog) -> Source:
    for source in catalog.sources.values():
        if source.layer == LAYER:
            return source
    raise NotFoundError(f"{catalog.directory / 'sources'}: no source of layer {LAYER}; add one to take entries")
