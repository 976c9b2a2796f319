"""Take a source's payloads of a year into the archive, accept or quarantine them, and list what was accepted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from icdp.archive import Archive, Listed, Receipt
from icdp.catalog import Catalog
from icdp.catalog.model import Source, Window
from icdp.errors import DataError, FetchFailed, FetchRefused, IcdpError, LayoutChanged, NothingForYear
from icdp.files import AnyPath, write_whole
from icdp.settings import Settings
from icdp.sources.acceptance import accept
from icdp.sources.base import Errand, Fetched, Payload, adapter, by_hand
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
    if source.layer == "workbook":
        return _entered(archive, catalog, source, year, lambda named: archive.accepted(source.source, named))
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
    errand = Errand(settings, catalog, source.of_year(year), year, client)
    before = {r.item: r for r in listed.receipts}
    receipts: dict[str, Receipt] = {}
    problems: list[tuple[str, str]] = []
    sizes = {item: receipt.bytes for item, receipt in before.items()}
    try:
        for fetched in adapter(source.source, catalog).fetch(errand):
            _receive(errand, archive, fetched, sizes, receipts, problems)
    except NothingForYear as exc:
        if not before:
            archive.list_accepted(source.source, year, [], complete=True, absent=str(exc), day=clock.now().date())
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


def _receive(
    errand: Errand,
    archive: Archive,
    fetched: Fetched,
    sizes: Mapping[str, int],
    receipts: dict[str, Receipt],
    problems: list[tuple[str, str]],
) -> None:
    """Keep what was fetched; add its receipt to those accepted, or quarantine it and add the reason."""
    receipt = _keep(archive, errand.source, fetched)
    if fetched.part:
        return
    if errand.source.layer == "live":
        payload = Payload(receipt.source, fetched.item, fetched.content, fetched.request, archive.get)
        try:
            accept(payload, errand.catalog, errand.settings, errand.year, sizes.get(fetched.item))
        except IcdpError as exc:
            archive.quarantine(receipt, errand.year, str(exc))
            problems.append((fetched.item, str(exc)))
            return
    receipts[fetched.item] = receipt


def known_on(settings: Settings, catalog: Catalog, source: Source, year: int, day: date) -> Taken:
    """Return what was known of a source for ``year`` on ``day``, out of the archive alone."""
    archive = Archive(settings.archive)
    if source.layer == "workbook":
        return _entered(archive, catalog, source, year, lambda named: archive.known(source.source, named, day))
    listed = archive.known(source.source, year, day)
    absent = listed.absent or f"{source.source}: nothing of {year} was known on {day}"
    return Taken(tuple(listed.receipts), (), from_archive=True, absent="" if listed.receipts else absent)


def _entered(
    archive: Archive, catalog: Catalog, source: Source, year: int, listed: Callable[[int], Listed | None]
) -> Taken:
    """Return the imported workbooks that hold a figure an index of ``year`` may use, whatever year they are called after."""
    parse = adapter(source.source, catalog).parse
    kept = [
        receipt
        for named in archive.accepted_years(source.source)
        for receipt in (listed(named) or Listed([], False)).receipts
        if parse(payload_of(archive, receipt), catalog)["year"]
        .between(year - catalog.lookback, year + catalog.lookahead)
        .any()
    ]
    absent = "" if kept else f"{source.source}: no entry for {year}"
    return Taken(tuple(kept), (), from_archive=True, absent=absent)


def take_by_hand(
    settings: Settings, catalog: Catalog, source: Source, year: int, files: Sequence[Fetched], *, item: str = ""
) -> Taken:
    """Take files that a person saved because the site refuses machines; the same parser and validation.

    All or nothing: one file that is not accepted lists none of them. The size of the last payload is not held
    against them, since a person has looked.

    Args:
        settings: where the archive lies.
        catalog: the index as data.
        source: a live source.
        year: the statistical year.
        files: what was saved; ``item`` is the file's name, ``request`` the address it was saved from.
        item: what of the source it is, where the adapter cannot tell by itself.

    Raises:
        DataError: the source is not a live one.
        LayoutChanged: no part of the source is recognised in the files, or one of them was quarantined.
    """
    if source.site is None:
        raise DataError(f"{source.source} takes no saved pages; use one of the live sources, or `icdp workbook import`")
    archive = Archive(settings.archive)
    errand = Errand(settings, catalog, source.of_year(year), year)
    receipts: dict[str, Receipt] = {}
    problems: list[tuple[str, str]] = []
    for fetched in by_hand(source.source, catalog)(errand, files, item):
        _receive(errand, archive, fetched, {}, receipts, problems)
    if problems:
        raise LayoutChanged("; ".join(reason for _, reason in problems))
    listed = archive.accepted(source.source, year) or Listed([], False)
    whole = {r.item: r for r in listed.receipts} | receipts
    given = {
        str(series)
        for receipt in whole.values()
        for series in adapter(source.source, catalog).parse(payload_of(archive, receipt), catalog)["series"].unique()
    }
    complete = {e.series for e in source.expects if e.until is None or year <= e.until} <= given
    _list(archive, source, year, whole, complete=complete, live=True)
    return Taken(tuple(receipts[name] for name in sorted(receipts)), ())


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


def _list(
    archive: Archive, source: Source, year: int, receipts: dict[str, Receipt], *, complete: bool, live: bool
) -> None:
    ordered = [receipts[item] for item in sorted(receipts)]
    if live:
        archive.list_accepted(source.source, year, ordered, complete=complete)
    elif complete:  # a taking of the facts that broke off is none: its files are taken together
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
    told = [
        {"item": item, "outcome": "quarantined" if item else "failed", "reason": reason} for item, reason in problems
    ]
    if absent:
        told.append({"item": "", "outcome": "absent", "reason": absent})
    write_whole(path, json.dumps(told, ensure_ascii=False, indent=1).encode())


def read_problems(staging: AnyPath, source: str) -> list[dict[str, str]]:
    """Return what ``write_problems`` wrote into the folder of a year: item, outcome, reason."""
    path = staging / f"{source}.problems.json"
    found: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return found


def nothing_for_year(staging: AnyPath, source: str) -> bool:
    """Return whether the source said that it has nothing for the year of this folder."""
    return any(told["outcome"] == "absent" for told in read_problems(staging, source))
