"""workbook export, import, list, withdraw: figures that people enter by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from icdp.catalog import Catalog, load_catalog
from icdp.cli.output import Format, console, show
from icdp.errors import DataError, NotFoundError
from icdp.files import replacing
from icdp.partition import parse_year
from icdp.publishing.reader import open_published
from icdp.settings import Settings
from icdp.sources.workbook import entry_series, read
from icdp.sources.workbook_desk import import_workbook, withdraw_workbook, workbooks
from icdp.sources.workbook_form import empty_workbook, series_of

PROBLEMS = {"cell": "单元格 Cell", "told": "问题 Problem"}


def export(
    settings: Settings,
    year_text: str,
    out: Path | None,
    name: str,
    wanted: list[str],
    entered_by: str,
    *,
    everything: bool,
) -> None:
    """Write the workbook of a year: its open indicators, or those named.

    Raises:
        DataError: the year or the name is none, or the file exists.
        NotFoundError: something named is neither an indicator nor a series.
    """
    catalog, year = load_catalog(settings.catalog), parse_year(year_text)
    used, coverage = _published(settings, year)
    sheets = wanted or [
        indicator
        for indicator in entry_series(catalog)
        if everything or coverage.get(indicator, ("", 0)) != ("as_defined", len(catalog.provinces))
    ]
    known = {sheet: _known(catalog, used, sheet) for sheet in sheets}
    content = empty_workbook(catalog, year, name, sheets, known, entered_by)
    target = out or Path(f"icdp-{year}-{name}.xlsx")
    if target.exists():
        raise DataError(f"{target}: exists, and may hold entries; name another file with --out")
    with replacing(target) as temporary:
        temporary.write_bytes(content)
    console().print(f"{target}：{len(sheets)} 张表 sheets ({', '.join(sheets)})", soft_wrap=True)


def _published(settings: Settings, year: int) -> tuple[pd.DataFrame, dict[str, tuple[str, int]]]:
    """Return the values used in the year's edition, and indicator -> (fidelity, provinces with a figure of the year)."""
    try:
        with open_published(settings.published) as db:
            used = db.frame(
                """SELECT v.indicator, l.series, v.adcode, v.value, v.unit, v.value_year, v.source,
                       l.value AS printed, l.unit AS printed_unit, l.value_year AS printed_year, l.source AS printed_source
                   FROM indicator_values v JOIN lineage l USING (year, adcode, indicator) WHERE year = $year""",
                year=year,
            )
            rows = db.frame("FROM indicator_coverage WHERE year = $year AND in_use", year=year)
    except NotFoundError:
        return pd.DataFrame(columns=["indicator", "series", "adcode"]), {}
    return used, {str(r.indicator): (str(r.fidelity), int(str(r.provinces_current))) for r in rows.itertuples()}


def _known(catalog: Catalog, used: pd.DataFrame, sheet: str) -> pd.DataFrame:
    columns = ["adcode", "value", "unit", "value_year", "source"]
    if sheet in catalog.indicators:
        return used[used["indicator"] == sheet].drop_duplicates("adcode").reindex(columns=columns)
    rows = used[used["series"] == series_of(catalog, sheet)].drop_duplicates("adcode")
    printed = ["adcode", "printed", "printed_unit", "printed_year", "printed_source"]
    return rows.reindex(columns=printed).set_axis(columns, axis=1)


def import_(settings: Settings, files: list[Path], form: Format, *, dry_run: bool) -> None:
    """Take workbooks in, or print every problem with its cell.

    Raises:
        DataError: anything is wrong with any of the files; nothing is taken then.
    """
    catalog = load_catalog(settings.catalog)
    contents = [(path.name, _content(path)) for path in files]
    entered = [read(content, name, catalog) for name, content in contents]
    if problems := [problem for each in entered for problem in each.problems]:
        show(
            [{"file": p.file, "cell": p.cell, "told": p.told} for p in problems], form, {"file": "文件 File"} | PROBLEMS
        )
        raise DataError(f"{len(problems)} problems, nothing was taken; correct the cells shown and import again")
    named = [f"{each.year}/{each.name}" for each in entered]
    if len(set(named)) < len(named):
        raise DataError(f"two of the files are the same workbook ({', '.join(named)}); import one of them")
    rows: list[dict[str, object]] = []
    for (name, content), each in zip(contents, entered, strict=True):
        row: dict[str, object] = {"workbook": f"{each.year}/{each.name}", "file": name, "entries": len(each.rows)}
        if dry_run:
            rows.append(row | {"outcome": "可导入 can be taken", "payload_sha256": ""})
            continue
        done = import_workbook(settings, catalog, content, name, datetime.now(UTC))
        outcome = "无变化 unchanged" if done.unchanged else "已取代前次 replaced" if done.replaced else "已导入 taken"
        rows.append(row | {"outcome": outcome, "payload_sha256": done.receipt.payload_sha256})
    years = sorted({int(row["year"]) for each in entered for row in each.rows} | {each.year for each in entered})
    headings = {
        "workbook": "工作簿 Workbook", "file": "文件 File", "entries": "录入 Entries", "outcome": "结果 Outcome",
        "payload_sha256": "原始文件 Payload",
    }  # fmt: skip
    made = "；".join(f"make run YEAR={year}" for year in years)
    show(
        rows,
        form,
        headings,
        notes=[] if dry_run else [f"录入在下次制作时采用 Entries are used when the year is made: {made}"],
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise DataError(f"{path}: cannot be read ({exc.strerror}); name a workbook") from exc


def list_all(settings: Settings, form: Format) -> None:
    """Print the workbooks in use and their entries."""
    catalog = load_catalog(settings.catalog)
    rows: list[dict[str, object]] = [
        {
            "workbook": receipt.item, "series": series, "entries": len(entries),
            "provinces": " ".join(catalog.provinces[code].short_zh for code in sorted(set(entries["adcode"]))),
            "years": " ".join(str(year) for year in sorted(set(entries["year"]))),
            "imported": receipt.retrieved_at, "payload_sha256": receipt.payload_sha256,
        }
        for receipt, table in workbooks(settings, catalog)
        for series, entries in table.groupby("series")
    ]  # fmt: skip
    headings = {
        "workbook": "工作簿 Workbook", "series": "序列 Series", "entries": "录入 Entries", "provinces": "省份 Provinces",
        "years": "年份 Years", "imported": "导入 Imported", "payload_sha256": "原始文件 Payload",
    }  # fmt: skip
    show(rows, form, headings)


def withdraw(settings: Settings, year_text: str, name: str) -> None:
    """Take a workbook's entries out of use.

    Raises:
        NotFoundError: no such workbook was imported.
    """
    year = parse_year(year_text)
    receipt = withdraw_workbook(settings, load_catalog(settings.catalog), year, name, datetime.now(UTC))
    console().print(
        f"{receipt.item} 已停用，原始文件仍在存档 withdrawn, its bytes stay in the archive ({receipt.payload_sha256}). "
        f"make run YEAR={year}",
        soft_wrap=True,
    )
