"""report: where the yearly report of an edition is, made if the edition was published without one."""

from __future__ import annotations

import shutil
import tempfile
import webbrowser
from pathlib import Path

from icdp.errors import DataError, NotFoundError
from icdp.look import Language
from icdp.publishing.editions import list_editions, published_before
from icdp.publishing.reader import open_published
from icdp.report import FILES, HTML, PDFS, write_report
from icdp.settings import Settings


def report(settings: Settings, which: str, language: Language | None, out: Path | None, *, show: bool) -> None:
    """Print where the report is: the web page of both languages, then the PDF of each, or of the one asked for.

    A published edition does not change: the report of one without lies in ``reports/`` beside the editions, or in ``out``.

    Args:
        settings: the installation.
        which: a year or an edition.
        language: of the PDF, and shown first; None for both.
        out: a folder to write the report into.
        show: open it in the browser.

    Raises:
        NotFoundError: no such edition.
        DataError: the report cannot be made, ``out`` is no folder, or there is no browser.
    """
    with open_published(settings.published) as db:
        edition = db.edition(which)
    folder = settings.published / "editions" / edition
    if out is not None and out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file; name a folder for the report")
    if not (folder / HTML).exists() or out is not None:
        folder = _written(settings, edition, out or settings.home / "reports" / edition)
    page = folder.resolve() / HTML
    for path in (page, *(page.with_name(name) for code, name in PDFS.items() if language in (None, code))):
        print(path)
    if show and not webbrowser.open(page.as_uri() + (f"#{language}" if language else "")):
        raise DataError(f"no browser was found; open {page} in one")


def _written(settings: Settings, edition: str, target: Path) -> Path:
    """Write or copy the report into a folder; what it had of another one is replaced only when this one is whole."""
    editions = settings.published / "editions"
    own = next((e for e in list_editions(editions) if e.name == edition), None)
    if own is None:
        raise NotFoundError(f"{editions / edition}: not found; restore the edition from a backup")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=target) as building:
        if (editions / edition / HTML).exists():
            for name in FILES:
                _copy(editions / edition / name, Path(building) / name)
        else:
            earlier = [editions / e.name for e in published_before(editions, own)]
            write_report(editions / edition, earlier, Path(building))
        for name in FILES:
            if (target / name).is_dir():
                shutil.rmtree(target / name)
            (Path(building) / name).replace(target / name)
    return target


def _copy(source: Path, target: Path) -> None:
    """Copy without the write protection of a published edition."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)
    else:
        shutil.copyfile(source, target)
