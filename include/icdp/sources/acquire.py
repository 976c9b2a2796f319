"""Take a source's payloads of a year into the archive, accept or quarantine them, and list what was accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from icdp.archive import Archive, Listed, Receipt
from icdp.catalog import Catalog
from icdp.catalog.model import Source, Window
from icdp.errors import DataError, FetchFailed, FetchRefused, IcdpError, LayoutChanged, NothingForYear
from icdp.files import AnyPath, replacing
from icdp.settings import Settings
from icdp.sources.acceptance import accept
from icdp.sources.base import Errand, Fetched, Payload, adapter
from icdp.sources.client import Client, Clock
from icdp.sources.text import media_type


@dataclass(frozen=True, slots=True)
class Taken:
    """What one taking brought: accepted receipts, (item, reason) of what was not, why there is nothing where there is."""

    receipts: tuple[Receipt, ...]
    problems: tuple[tuple[str, str], ...]
    from_archive: bool = False
    absent: str = ""


def take(
    settings: Settings, catalog: Catalog, source: Source, year: int, *, fresh: bool = False, clock: Clock | None = None
) -> Taken:
    """Take the payloads of ``year``.

    A live source that was taken whole before is not asked again unless ``fresh``: a run that is
    repeated, or backfilled, reads the archive. What fails is kept in quarantine with its reason, and
    what was accepted before stays listed.

    Raises:
        FetchFailed: the site did not answer; what came before it broke off is kept.
        FetchRefused: the site will not answer.
        LayoutChanged: the way to the figures is no longer the one known.
    """
    archive = Archive(settings.archive)
    live = source.layer == "live"
    listed = (archive.accepted(source.source, year) if live else None) or Listed([], False)
    # What a register showed at the end of a year cannot be asked for again.
    if listed.complete and (not fresh or (source.window and listed.receipts)):
        return Taken(tuple(listed.receipts), (), from_archive=True, absent=listed.absent)
    clock = clock or Clock()
    if source.window and (closed := _closed(source, source.window, year, clock)):
        return Taken((), (), absent=closed)
    client = None
    if source.site is not None:
        client = Client(source.source, source.site, settings.base_urls.get(source.source), clock)
    errand = Errand(settings, catalog, source, year, client)
    before = {r.item: r for r in listed.receipts}
    receipts: dict[str, Receipt] = {}
    problems: list[tuple[str, str]] = []
    try:
        for fetched in adapter(source.source, catalog).fetch(errand):
            receipt = _keep(archive, source, fetched)
            if fetched.part:
                continue
            if live and (
                reason := _refuse(archive, catalog, settings, receipt, fetched, year, before.get(fetched.item))
            ):
                archive.quarantine(receipt, year, reason)
                problems.append((fetched.item, reason))
                continue
            receipts[fetched.item] = receipt
    except NothingForYear as exc:
        if not before:
            archive.list_accepted(source.source, year, [], complete=True, absent=str(exc))
            archive.remember(source.source, year, [], absent=str(exc))
            return Taken((), (), absent=str(exc))
        problems.append(("", f"{exc}; it had something before, which is kept"))
    except (FetchFailed, FetchRefused, LayoutChanged, DataError) as exc:
        problems.append(("", str(exc)))
        _list(archive, source, year, before | receipts, complete=False, live=live)
        raise
    whole = before | receipts if problems else receipts
    _list(archive, source, year, whole, complete=not problems, live=live)
    return Taken(tuple(whole[item] for item in sorted(whole)), tuple(problems))


def _closed(source: Source, window: Window, year: int, clock: Clock) -> str | None:
    """Return why the state of ``year`` cannot be taken today, if it cannot."""
    first, last = window.span(year)
    today = clock.now().date()
    if first <= today <= last:
        return None
    return (
        f"{source.source}: shows today's state only, and {today} is not between {first} and {last}; "
        "the monthly watch takes it then"
    )


def payload_of(archive: Archive, receipt: Receipt) -> Payload:
    """Return the archived payload a receipt speaks of."""
    return Payload(receipt.source, receipt.item, archive.get(receipt.payload_sha256), receipt.request, archive.get)


def _keep(archive: Archive, source: Source, fetched: Fetched) -> Receipt:
    receipt = Receipt(
        source=source.source,
        item=fetched.item,
        payload_sha256=archive.put(fetched.content),
        bytes=len(fetched.content),
        media_type="text/csv" if source.layer == "base" else media_type(fetched.content),
        request=fetched.request,
        retrieved_at=fetched.retrieved_at,
        publisher=source.publisher,
        terms=source.terms,
        headers=dict(fetched.headers),
    )
    archive.add_receipt(receipt)
    return receipt


def _refuse(
    archive: Archive,
    catalog: Catalog,
    settings: Settings,
    receipt: Receipt,
    fetched: Fetched,
    year: int,
    before: Receipt | None,
) -> str | None:
    payload = Payload(receipt.source, fetched.item, fetched.content, fetched.request, archive.get)
    try:
        accept(payload, catalog, settings, year, before.bytes if before else None)
    except IcdpError as exc:
        return str(exc)
    return None


def _list(
    archive: Archive, source: Source, year: int, receipts: dict[str, Receipt], *, complete: bool, live: bool
) -> None:
    ordered = [receipts[item] for item in sorted(receipts)]
    if live:
        archive.list_accepted(source.source, year, ordered, complete=complete)
    # A taking of the facts that broke off is none: its files lie side by side and are taken together.
    if live or complete:
        archive.remember(source.source, year, ordered)


def quarantined(archive: Archive, source: str) -> Iterator[dict[str, str]]:
    """Yield what lies in quarantine of a source: item, year, reason, receipt, oldest first."""
    found: list[AnyPath] = list((archive.root / "quarantine" / source).glob("*.json"))
    for path in sorted(found, key=str):
        yield json.loads(path.read_text(encoding="utf-8"))


def write_problems(
    settings: Settings, source: str, year: int, problems: tuple[tuple[str, str], ...], absent: str = ""
) -> None:
    """Write beside the staged tables what of a source could not be used this time, or why it has nothing."""
    path = settings.staging / str(year) / f"{source}.problems.json"
    with replacing(path) as temporary:
        told = [
            {"item": item, "outcome": "quarantined" if item else "failed", "reason": reason}
            for item, reason in problems
        ]
        if absent:
            told.append({"item": "", "outcome": "absent", "reason": absent})
        temporary.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


def read_problems(staging: Path, source: str) -> list[dict[str, str]]:
    """Return what ``write_problems`` wrote into the folder of a year: item, outcome, reason."""
    path = staging / f"{source}.problems.json"
    found: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return found


def nothing_for_year(staging: Path, source: str) -> bool:
    """Return whether the source said that it has nothing for the year of this folder."""
    return any(told["outcome"] == "absent" for told in read_problems(staging, source))
