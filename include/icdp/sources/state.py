"""What is there of every source and year: taken when, changed since when, expected when, failed why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from icdp.archive import Archive, Listed, Receipt
from icdp.catalog import Catalog
from icdp.catalog.model import Source
from icdp.settings import Settings
from icdp.sources.acquire import quarantined, read_problems


@dataclass(frozen=True, slots=True)
class SourceYear:
    """One source and statistical year.

    Attributes:
        source: its id.
        year: the statistical year.
        state: ``accepted``, ``incomplete`` (something of it is missing), ``absent`` (it has nothing for the year),
            ``failed`` (nothing usable came), ``waiting`` (its window is not open yet) or ``not asked``.
        payloads: how many payloads are accepted.
        taken: moment of the newest accepted receipt; empty when there is none.
        changed: items whose bytes differ from those of their former taking, with the day of the newest one.
        expected: when the publisher publishes, or when its window is open.
        reasons: what failed or lies in quarantine, and why.
    """

    source: str
    year: int
    state: str
    payloads: int
    taken: str
    changed: str
    expected: str
    reasons: tuple[str, ...]


def states(
    settings: Settings, catalog: Catalog, years: Iterable[int], day: date, only: str | None = None
) -> Iterator[SourceYear]:
    """Yield the state of each source and year, the newest year first.

    Args:
        settings: where archive and staging lie.
        catalog: the sources.
        years: the statistical years wished for; those of which something was taken are added.
        day: today, for windows of registers.
        only: one source.
    """
    archive = Archive(settings.archive)
    for source in catalog.sources.values():
        if only not in (None, source.source):
            continue
        before = _takings(archive, source)
        refused = [(int(q["year"]), q) for q in quarantined(archive, source.source)]
        told = set(years) | set(archive.accepted_years(source.source)) if source.layer == "live" else set(years)
        for year in sorted(told, reverse=True):
            lying = [f"{q['item']}: {q['reason']}" for named, q in refused if named == year]
            yield _state(settings, archive, source, year, day, before, lying)


def _state(
    settings: Settings,
    archive: Archive,
    source: Source,
    year: int,
    day: date,
    before: Mapping[str, list[Receipt]],
    lying: list[str],
) -> SourceYear:
    staging = settings.staging / str(year)
    problems = [f"{p['item']}: {p['reason']}".removeprefix(": ") for p in read_problems(staging, source.source)]
    listed = archive.accepted(source.source, year)
    receipts = listed.receipts if listed else []
    changed = {r.item: r.retrieved_at[:10] for r in receipts if _differs(r, before.get(r.item, []))}
    newest = max(changed.values(), default="")
    return SourceYear(
        source=source.source,
        year=year,
        state=_word(source, year, day, listed, bool(problems)),
        payloads=len(receipts),
        taken=max((r.retrieved_at for r in receipts), default=""),
        changed=f"{', '.join(sorted(changed))} ({newest})" if changed else "",
        expected=_expected(source, year),
        reasons=tuple(dict.fromkeys([*problems, *([listed.absent] if listed and listed.absent else []), *lying])),
    )


def _word(source: Source, year: int, day: date, listed: Listed | None, troubled: bool) -> str:
    if listed is None or not (listed.receipts or listed.absent):
        if source.window and day < source.window.span(year)[0]:
            return "waiting"
        return "failed" if listed or troubled else "not asked"
    if listed.absent:
        return "absent"
    return "accepted" if listed.complete else "incomplete"


def _takings(archive: Archive, source: Source) -> dict[str, list[Receipt]]:
    found: dict[str, list[Receipt]] = {}
    if source.layer == "live":
        for receipt in archive.receipts(source.source):
            found.setdefault(receipt.item, []).append(receipt)
    return found


def _differs(receipt: Receipt, takings: list[Receipt]) -> bool:
    former = [r for r in takings if r.retrieved_at < receipt.retrieved_at]
    return bool(former) and former[-1].payload_sha256 != receipt.payload_sha256


def _expected(source: Source, year: int) -> str:
    if source.window:
        first, last = source.window.span(year)
        return f"{first} – {last}"
    return " ".join(text for text in (source.calendar_zh, source.calendar_en) if text)
