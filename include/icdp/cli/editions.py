"""edition list, edition verify."""

from __future__ import annotations

from pathlib import Path

from icdp.cli.output import Format, rows_of, show
from icdp.errors import DataError, IcdpError
from icdp.publishing.reader import open_published
from icdp.publishing.verify import differences, report_is_compared
from icdp.publishing.verify import verify as unaltered
from icdp.replay import rebuilt
from icdp.report import HTML
from icdp.settings import Settings


def list_all(settings: Settings, form: Format) -> None:
    """Print every edition."""
    with open_published(settings.published) as db:
        table = db.frame("FROM history.editions ORDER BY year, revision")
    headings = {
        "edition": "版本 Edition", "year": "年度 Year", "status": "状态 Status", "published_at": "发布 Published",
        "supersedes": "取代 Supersedes", "indicators_used": "指标 Indicators", "coverage": "覆盖 Cov.", "panel": "判断 Panel",
    }  # fmt: skip
    show(rows_of(table), form, headings)


def verify(settings: Settings, which: str | None, form: Format, *, quick: bool = False) -> None:
    """Hold editions against their checksums, make them again from the archive and compare byte for byte.

    Raises:
        DataError: a file is altered, missing or not listed, or an edition made again is another one.
    """
    with open_published(settings.published) as db:
        names = list(db.frame("SELECT edition FROM history.editions ORDER BY year, revision")["edition"])
        names = names if which is None else [db.edition(which)]
    rows = [_verified(settings, name, quick=quick) for name in names]
    headings = {
        "edition": "版本 Edition", "unaltered": "未改动 Unaltered", "reproduced": "可复算 Reproduced",
        "report": "年度报告 Report",
        "problems": "问题 Problems", "folder": "位置 Folder",
    }  # fmt: skip
    show(rows, form, headings)
    if wrong := [str(row["edition"]) for row in rows if not row["unaltered"]]:
        raise DataError(f"{', '.join(wrong)}: not as published; restore these editions from a backup")
    if wrong := [str(row["edition"]) for row in rows if row["reproduced"] is False]:
        raise DataError(f"{', '.join(wrong)}: not reproduced; see the problems above, and docs/runbook.md, section 10")


def _report(stands: Path, again: Path) -> str:
    if not (stands / HTML).exists():
        return "无 none"
    return "已比对 compared" if report_is_compared(stands, again) else "软件不同，未比对 other software, not compared"


def _verified(settings: Settings, name: str, *, quick: bool) -> dict[str, object]:
    folder = settings.published / "editions" / name
    problems, reproduced = unaltered(folder), None
    row: dict[str, object] = {"edition": name, "unaltered": not problems, "report": ""}
    if not quick and not problems:
        try:
            with rebuilt(settings, name) as again:
                problems = differences(folder, again)
                row["report"] = _report(folder, again)
        except IcdpError as exc:
            problems = [str(exc)]
        reproduced = not problems
    return row | {"reproduced": reproduced, "problems": "; ".join(problems), "folder": str(folder)}
