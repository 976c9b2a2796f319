"""sources, sources check, reparse, accept: what was taken of each source, and the doors to it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from icdp import road
from icdp.archive import Archive, Receipt
from icdp.catalog import Catalog, load_catalog
from icdp.catalog.model import Source
from icdp.cli.output import Format, console, show
from icdp.errors import CatalogError, DataError, IcdpError, NotFoundError
from icdp.files import AnyPath
from icdp.partition import parse_year
from icdp.publishing.reader import open_published
from icdp.settings import Settings
from icdp.sources import Fetched, adapter
from icdp.sources.acquire import payload_of, take, take_by_hand
from icdp.sources.state import states
from icdp.warehouse.staging import read_parquet

STATES = {
    "accepted": "已取得 accepted", "incomplete": "不全 incomplete", "absent": "该年没有 absent", "failed": "失败 failed",
    "waiting": "未到时间 waiting", "not asked": "未询问 not asked",
}  # fmt: skip


def overview(settings: Settings, year_text: str | None, only: str | None, form: Format) -> None:
    """Print the state of every source and year.

    Raises:
        CatalogError: no such source.
    """
    catalog = load_catalog(settings.catalog)
    if only is not None:
        _source(catalog, only)
    today = datetime.now(UTC).date()
    used = _published(settings)
    years = [parse_year(year_text)] if year_text else _years(catalog, used, today)
    rows: list[dict[str, object]] = []
    for known in states(settings, catalog, years, today, only):
        if year_text and known.year != years[0]:
            continue
        source = catalog.sources[known.source]
        held = used[(used["source"] == known.source) & (used["year"] == known.year)]
        newer = (
            source.layer == "live" and bool(known.taken) and not held.empty and known.taken > str(held["taken"].max())
        )
        rows.append(
            {
                "source": known.source, "title_zh": source.title_zh, "title_en": source.title_en, "layer": source.layer,
                "required": source.required, "year": known.year,
                "state": "—" if source.layer != "live" else known.state, "payloads": known.payloads or int(held["payloads"].sum()),
                "figures_used": int(held["figures"].sum()), "taken": known.taken or (str(held["taken"].max()) if len(held) else None),
                "changed": known.changed, "newer_than_edition": newer, "expected": known.expected,
                "reasons": " | ".join(known.reasons), "terms": source.terms,
            }
        )  # fmt: skip
    shown = rows
    if form is Format.table:
        shown = [_for_people(row, first=n == 0 or rows[n - 1]["source"] != row["source"]) for n, row in enumerate(rows)]
    headings = {
        "source": "来源 Source", "year": "年度 Year", "layer": "数据层 Layer", "state": "状态 State", "payloads": "文件 Payloads",
        "figures_used": "采用 Used", "taken": "取得 Taken", "changed": "有变化 Changed", "newer_than_edition": "版本未含 Newer than edition",
        "expected": "何时 Expected", "reasons": "原因 Why",
    }  # fmt: skip
    show(shown, form, headings)


def _for_people(row: dict[str, object], *, first: bool) -> dict[str, object]:
    """A calendar is the same for all years of a source: said once. Only what is so is marked."""
    told = {"state": STATES.get(str(row["state"]), row["state"])}
    marked = {"newer_than_edition": "是 yes" if row["newer_than_edition"] else ""}
    repeated = {} if first or str(row["expected"])[:4].isdigit() else {"expected": ""}
    return row | told | marked | repeated


def _years(catalog: Catalog, used: pd.DataFrame, today: date) -> list[int]:
    open_years = range(today.year - catalog.rules.publication.open_years, today.year)
    return sorted({*(int(year) for year in used["year"]), *open_years})


def _published(settings: Settings) -> pd.DataFrame:
    """Return for each source and published year: payloads, newest taking, figures used."""
    try:
        with open_published(settings.published) as db:
            return db.frame(
                """SELECT source, year, count(l.source) AS figures, count(DISTINCT i.payload_sha256) AS payloads,
                       strftime(max(l.retrieved_at), '%Y-%m-%dT%H:%M:%S+00:00') AS taken
                   FROM inputs i LEFT JOIN lineage l USING (year, source, payload_sha256) GROUP BY ALL"""
            )
    except NotFoundError:
        return pd.DataFrame(columns=["source", "year", "figures", "payloads", "taken"])


def _source(catalog: Catalog, name: str) -> Source:
    adapter(name, catalog)  # says which sources there are
    return catalog.sources[name]


def check(settings: Settings, name: str, year_text: str, form: Format) -> None:
    """Ask a live source, validate what it gives, and keep none of it.

    Raises:
        CatalogError: no such source, or none that is asked.
        IcdpError: the source fails, or something it gives is not accepted.
    """
    catalog, year = load_catalog(settings.catalog), parse_year(year_text)
    source = _source(catalog, name)
    if source.site is None:
        raise CatalogError(f"{name} is not fetched from a site; name a live source")
    known = {r.item: r for r in _accepted(settings, name, year)}
    with tempfile.TemporaryDirectory(prefix="icdp-check-") as folder:
        aside = replace(settings, home=Path(folder), archive_url=None, staging_url=None)
        taken = take(aside, catalog, source, year, fresh=True)
        archive = Archive(aside.archive)
        rows = [_checked(catalog, archive, receipt, known.get(receipt.item)) for receipt in taken.receipts]
    rows += [
        {"item": item, "outcome": "拒收 refused", "figures": None, "against_archive": None, "told": reason}
        for item, reason in taken.problems
    ]
    headings = {
        "item": "内容 Item", "outcome": "结果 Outcome", "figures": "数据 Figures", "against_archive": "与存档相比 Against the archive",
        "told": "说明 Note",
    }  # fmt: skip
    show(rows, form, headings, notes=[taken.absent] if taken.absent else [])
    if taken.problems:
        raise DataError(f"{name} {year}: {len(taken.problems)} items are not accepted; nothing was kept")


def _accepted(settings: Settings, name: str, year: int) -> list[Receipt]:
    accepted = Archive(settings.archive).accepted(name, year)
    return accepted.receipts if accepted else []


def _checked(catalog: Catalog, archive: Archive, receipt: Receipt, known: Receipt | None) -> dict[str, object]:
    table = adapter(receipt.source, catalog).parse(payload_of(archive, receipt), catalog)
    same = known is not None and known.payload_sha256 == receipt.payload_sha256
    return {
        "item": receipt.item, "outcome": "可用 accepted", "figures": len(table),
        "against_archive": "相同 same bytes" if same else "有变化 changed" if known else "新 new",
        "told": ", ".join(f"{s} {years.min()}–{years.max()}" for s, years in table.groupby("series")["year"]),
    }  # fmt: skip


def reparse(settings: Settings, year_text: str, only: str | None, form: Format, *, load: bool) -> None:
    """Parse a year's archived payloads with today's parsers; never asks the network.

    Raises:
        NotFoundError: nothing of the year was taken.
        IcdpError: a source's payloads no longer parse; the others are parsed all the same.
    """
    catalog, year = load_catalog(settings.catalog), parse_year(year_text)
    rows: list[dict[str, object]] = []
    failed: list[str] = []
    for name in catalog.sources:
        path = settings.staging / str(year) / f"{name}.parquet"
        if only not in (None, name) or not (settings.staging / str(year) / f"{name}.receipts.json").exists():
            continue
        before = read_parquet(path) if path.exists() else None
        try:
            told = road.stage(settings, name, year)
            rows.append({"source": name, "outcome": told} | _difference(before, path))
        except IcdpError as exc:
            failed.append(name)
            rows.append({"source": name, "outcome": f"失败 failed: {exc}"})
    if not rows:
        raise NotFoundError(f"nothing of {only or 'any source'} was taken for {year}; run `make run YEAR={year}` first")
    headings = {
        "source": "来源 Source", "outcome": "结果 Outcome", "added": "新增 Added", "removed": "去除 Removed", "changed": "改变 Changed",
    }  # fmt: skip
    notes = [road.load(settings, year), road.check(settings, year)] if load and not failed else []
    notes.append(f"计分与发布 To score and publish: make run YEAR={year}")
    show(rows, form, headings, notes=notes)
    if failed:
        raise DataError(
            f"{', '.join(failed)}: archived payloads of {year} do not parse; correct the parser or the layout"
        )


def _difference(before: pd.DataFrame | None, path: AnyPath) -> dict[str, object]:
    if before is None or not path.exists():
        return {"added": None, "removed": None, "changed": None}
    key = ["series", "year", "adcode", "payload_sha256"]
    old, new = before.set_index(key)["value"], read_parquet(path).set_index(key)["value"]
    both = old.index.intersection(new.index)
    return {
        "added": len(new.index.difference(old.index)), "removed": len(old.index.difference(new.index)),
        "changed": int((old.loc[both] != new.loc[both]).sum()),
    }  # fmt: skip


def accept(
    settings: Settings,
    files: list[Path],
    name: str,
    year_text: str,
    address: str,
    entered_by: str,
    item: str,
    form: Format,
) -> None:
    """Take files that a person saved, through the same parser and validation.

    Raises:
        CatalogError: no such source.
        DataError: a file cannot be read, or the address is none of the source's.
        IcdpError: what was saved is not accepted; the reason is kept in quarantine.
    """
    catalog, year = load_catalog(settings.catalog), parse_year(year_text)
    source = _source(catalog, name)
    if not address.startswith(("https://", "http://")):
        raise DataError(f"--address {address!r} is no web address; give the one the file was saved from")
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    saved = []
    for path in files:
        try:
            content = path.read_bytes()
        except OSError as exc:
            raise DataError(f"{path}: cannot be read ({exc.strerror}); name a saved file") from exc
        if source.site is not None and len(content) > source.site.max_megabytes * 1_000_000:
            raise DataError(f"{path}: is larger than the {source.site.max_megabytes:g} MB allowed for {name}")
        saved.append(Fetched(path.name, content, address, moment, {"saved-by": entered_by, "saved-as": path.name}))
    taken = take_by_hand(settings, catalog, source, year, saved, item=item)
    archive = Archive(settings.archive)
    rows = [
        _checked(catalog, archive, receipt, None) | {"payload_sha256": receipt.payload_sha256}
        for receipt in taken.receipts
    ]
    show(
        rows,
        form,
        {"item": "内容 Item", "figures": "数据 Figures", "told": "说明 Note", "payload_sha256": "原始文件 Payload"},
    )
    if form is Format.table:
        console().print(
            f"下次制作时采用 Used when the year is made: ICDP_CHANNEL=live make run YEAR={year}", style="dim"
        )
