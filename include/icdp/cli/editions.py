"""edition list, edition verify."""

from __future__ import annotations

from icdp.cli.output import Format, rows_of, show
from icdp.errors import DataError
from icdp.publishing.reader import open_published
from icdp.publishing.verify import verify as verify_folder
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


def verify(settings: Settings, which: str | None, form: Format) -> None:
    """Hold editions against their checksums.

    Raises:
        DataError: a file is altered, missing or not listed.
    """
    with open_published(settings.published) as db:
        names = list(db.frame("SELECT edition FROM history.editions ORDER BY year, revision")["edition"])
        names = names if which is None else [db.edition(which)]
    rows: list[dict[str, object]] = []
    for name in names:
        folder = settings.published / "editions" / name
        problems = verify_folder(folder)
        rows.append(
            {"edition": name, "unaltered": not problems, "problems": "; ".join(problems), "folder": str(folder)}
        )
    headings = {
        "edition": "版本 Edition",
        "unaltered": "未改动 Unaltered",
        "problems": "问题 Problems",
        "folder": "位置 Folder",
    }
    show(rows, form, headings)
    if wrong := [str(row["edition"]) for row in rows if not row["unaltered"]]:
        raise DataError(f"{', '.join(wrong)}: not as published; restore these editions from a backup")
