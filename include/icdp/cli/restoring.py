"""archive verify, warehouse rebuild, backup create, backup restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icdp.archive import Archive
from icdp.cli.output import Form, Format, console, show
from icdp.errors import DataError
from icdp.settings import Settings

archive_app = typer.Typer(help="存档 The archive of payloads and receipts.", no_args_is_help=True)
warehouse_app = typer.Typer(help="仓库 The warehouse of the pipeline.", no_args_is_help=True)
backup_app = typer.Typer(help="备份与恢复 Backup and restore of everything.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(metavar="FILE.tar[.gz]", help="on another disk, not in ICDP_HOME")]


@archive_app.command("verify")
def archive_verify(form: Form = Format.table) -> None:
    """校验存档 Hold every payload and receipt against its name, every list against what it names."""
    from icdp.restoring.archive import verify_archive

    settings = Settings.from_environment()
    count, problems = verify_archive(Archive(settings.archive))
    headings = {"path": "文件 File", "problem": "问题 Problem"}
    if problems or form is not Format.table:
        show([problem._asdict() for problem in problems], form, headings)
    if problems:
        raise DataError(
            f"{settings.archive}: {len(problems)} of {count} objects are not as they were archived; see above"
        )
    if form is Format.table:
        console().print(
            f"{settings.archive}: {count} 个对象均与存档时相同 objects, all as they were archived", soft_wrap=True
        )


@warehouse_app.command("rebuild")
def warehouse_rebuild(form: Form = Format.table) -> None:
    """重建仓库 Make the warehouse again out of archive and editions; the former file is kept beside."""
    from icdp.restoring.rebuild import rebuild_warehouse

    settings, screen = Settings.from_environment(), console()
    with screen.status("重建仓库 Making the warehouse again …") as status:
        rows, aside = rebuild_warehouse(settings, status.update)
    headings = {"year": "年度 Year", "made_from": "依据 Made from", "outcome": "结果 Outcome"}
    kept = [f"原文件 The former file: {aside}"] if aside else []
    show([row._asdict() for row in rows], form, headings, notes=kept)


@backup_app.command("create")
def backup_create(target: File) -> None:
    """备份 Write everything into one file; runs may go on, writers wait."""
    from icdp.restoring.backup import create_backup

    count, size = create_backup(Settings.from_environment(), target)
    console().print(f"{target}: {count} 个文件 files, {size / 1e6:.1f} MB", soft_wrap=True)


@backup_app.command("restore")
def backup_restore(source: File) -> None:
    """恢复 Put a backup into an empty ICDP_HOME; every file is held against its checksum first."""
    from icdp.restoring.backup import restore_backup

    settings = Settings.from_environment()
    count = restore_backup(settings, source)
    console().print(f"{settings.home}: {count} 个文件 files", soft_wrap=True)
