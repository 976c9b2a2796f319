"""sources counted: the titles a count was made of, so that a person can check it."""

from __future__ import annotations

from icdp.archive import Archive
from icdp.catalog import load_catalog
from icdp.cli.output import Format, rows_of, show
from icdp.errors import CatalogError, NotFoundError
from icdp.partition import parse_year
from icdp.settings import Settings
from icdp.sources import adapter
from icdp.sources.acquire import payload_of

HEADINGS = {
    "province": "省份 Province", "series": "序列 Series", "title": "标题 Title", "issuer": "发文机关 Issuer", "written": "成文 Written",
    "published": "发布 Published", "reason": "不计的原因 Why not", "url": "地址 Address",
}  # fmt: skip
OUTCOMES = {
    "unfinished": "尚不完整 not complete yet",
    "kept": "沿用上次 earlier answers",
    "failed": "失败 failed",
    "not_covered": "未覆盖 not covered",
}


def counted(
    settings: Settings,
    name: str,
    year_text: str,
    province: str | None,
    series: str | None,
    form: Format,
    *,
    everything: bool,
) -> None:
    """Print what the archived payload of a source and year counts, title by title.

    Args:
        settings: where the archive lies.
        name: a source that counts titles.
        year_text: the statistical year.
        province: one province, by any of its names.
        series: one series.
        form: how to print.
        everything: also the titles that were found and not counted, with their reasons.

    Raises:
        CatalogError: the source counts no titles, or gives no such series.
        NotFoundError: no such province, or nothing of the year was taken.
    """
    catalog, year = load_catalog(settings.catalog), parse_year(year_text)
    module = adapter(name, catalog)
    if not hasattr(module, "counted") or not hasattr(module, "coverage"):
        raise CatalogError(f"{name} counts no titles; its figures stand in its payloads (`icdp trace`)")
    given = [e.series for e in catalog.sources[name].expects]
    if series not in (None, *given):
        raise CatalogError(f"{name} gives no series {series!r}; name one of {', '.join(given)}")
    adcode = catalog.province(province).adcode if province else None
    archive = Archive(settings.archive)
    listed = archive.accepted(name, year)
    if listed is None or not listed.receipts:
        raise NotFoundError(f"nothing of {name} was taken for {year}; run `icdp sources --source {name}` to see why")
    payloads = [payload_of(archive, receipt) for receipt in listed.receipts]
    rows: list[dict[str, object]] = []
    notes: list[str] = []
    for payload in payloads:
        table = module.counted(payload, catalog)
        if not everything:
            table = table[table["counted"]]
        for row in rows_of(table):
            if (series is None or row["series"] == series) and (adcode is None or row["adcode"] == adcode):
                rows.append({"province": catalog.provinces[str(row["adcode"])].short_zh, **row})
        for told in module.coverage(payload, catalog).itertuples():
            if told.outcome in OUTCOMES and adcode in (None, told.adcode):
                short = catalog.provinces[told.adcode].short_zh
                notes.append(f"{short}：{OUTCOMES[told.outcome]}，{told.reason}")
    rows.sort(key=lambda row: (str(row["adcode"]), str(row["series"]), not row["counted"], str(row["published"])))
    kept = sum(bool(row["counted"]) for row in rows)
    notes.insert(0, f"计 {kept} 个 counted: {kept}" + (f"，不计 not counted: {len(rows) - kept}" if everything else ""))
    headings = HEADINGS if everything else {key: told for key, told in HEADINGS.items() if key != "reason"}
    show(rows, form, headings, notes=notes)
