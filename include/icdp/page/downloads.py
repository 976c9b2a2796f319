"""The files of an edition: those its SHA256SUMS lists, and no others."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from fastapi.responses import FileResponse, Response

from icdp.page.models import Download
from icdp.page.refusals import Refused
from icdp.publishing.editions import CHECKSUMS

_LINE = re.compile(r"(?P<sha256>[0-9a-f]{64})  (?P<path>\S.*)")
_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".duckdb": "application/vnd.duckdb",
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".svg": "image/svg+xml",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml",
    ".zip": "application/zip",
}
# A report is opened in the browser, in a world of its own: it reaches neither this page, nor its cookie, nor any address.
REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads allow-modals; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)


def listed(published: Path, edition: str) -> dict[str, str]:
    """Return the SHA-256 of every file of an edition by its path within, that of the list itself left out.

    Args:
        published: the folder readers know.
        edition: its name, known to be published.

    Raises:
        Refused: its folder is not there.
    """
    try:
        text = (published / "editions" / edition / CHECKSUMS).read_text(encoding="utf-8")
    except OSError:
        raise Refused(404, f"{edition} 的文件夹不在这里；请从备份恢复",
                      f"the folder of {edition} is not here; restore it from a backup") from None  # fmt: skip
    found = (match for line in text.splitlines() if (match := _LINE.fullmatch(line)))
    return {match["path"]: match["sha256"] for match in found if _is_within(match["path"])}


def _is_within(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return not path.startswith("/") and "\\" not in path and ".." not in parts


def downloads(published: Path, edition: str, prefix: str) -> list[Download]:
    """Return the files of an edition, those for people first.

    Args:
        published: the folder readers know.
        edition: its name.
        prefix: address under which they are served.
    """
    folder = published / "editions" / edition
    found = [
        Download(
            path=path, bytes=(folder / path).stat().st_size, media_type=_media_type(path), sha256=sha256,
            address=f"{prefix}/{edition}/{quote(path)}",
        )
        for path, sha256 in listed(published, edition).items()
        if (folder / path).is_file()
    ]  # fmt: skip
    order = [".html", ".pdf", ".xlsx", ".duckdb"]

    def place(download: Download) -> tuple[int, bool, str]:
        kind = PurePosixPath(download.path).suffix
        return (order.index(kind) if kind in order else len(order), "/" in download.path, download.path)

    return sorted(found, key=place)


def download(published: Path, edition: str, path: str) -> tuple[Path, str]:
    """Return where a listed file lies, and its SHA-256.

    Raises:
        Refused: it is not listed, or leads out of the edition's folder.
    """
    folder = (published / "editions" / edition).resolve()
    sha256 = listed(published, edition).get(path)
    target = (folder / path).resolve() if sha256 is not None else folder
    if sha256 is None or not target.is_file() or not target.is_relative_to(folder):
        raise Refused(404, f"{edition} 没有这个文件", f"{edition} has no such file")
    return target, sha256


def served(path: Path, etag: str) -> Response:
    """Return a file of an edition as an answer."""
    is_report = path.suffix == ".html"
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_report:
        headers["Content-Security-Policy"] = REPORT_POLICY
    return FileResponse(
        path, media_type=_media_type(path.name), filename=path.name, headers=headers,
        content_disposition_type="inline" if is_report else "attachment",
    )  # fmt: skip


def _media_type(path: str) -> str:
    return _TYPES.get(PurePosixPath(path).suffix, "application/octet-stream")
