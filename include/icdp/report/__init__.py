"""The yearly report of an edition, from its published tables and those of the editions before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from icdp.errors import DataError, IcdpError
from icdp.look import LANGUAGES, Language

HTML = "report.html"
PDFS: dict[Language, str] = {language: f"report-{language}.pdf" for language in LANGUAGES}
FIGURES = "figures"
FILES = (HTML, *PDFS.values(), FIGURES)
"""What a report consists of, within the folder of its edition."""
UNITS = 100
"""Units a report is laid out for: each has a page and a bar in every figure."""


def write_report(edition: Path, earlier: Sequence[Path], out: Path) -> None:
    """Write the report of an edition: equal tables give equal bytes.

    Args:
        edition: its folder, with ``parquet/`` and ``made_from/``.
        earlier: the folders of the editions published before it.
        out: an existing folder for :data:`FILES`.

    Raises:
        DataError: it cannot be made; what is in ``out`` is of no use.
    """
    from icdp.report.drawing import standalone
    from icdp.report.making import make

    try:
        made = make(edition, earlier)
    except IcdpError:
        raise
    except Exception as exc:  # of a library for charts, fonts or PDF, or of a table that is not as expected
        reason = (str(exc).splitlines() or [""])[0]
        raise DataError(
            f"the yearly report cannot be made ({type(exc).__name__}: {reason}); nothing was published or changed; "
            "see docs/report.md, section 6"
        ) from exc
    (out / HTML).write_text(made.html, encoding="utf-8")
    for language, content in made.pdfs.items():
        (out / PDFS[language]).write_bytes(content)
    (out / FIGURES).mkdir(exist_ok=True)
    for language, figures in made.figures.items():
        for figure, svg in figures:
            (out / FIGURES / f"{figure.name}-{language}.svg").write_text(standalone(svg, figure), encoding="utf-8")


def made_with() -> dict[str, str]:
    """Return what may move a byte of a report: versions, and the digest of its own code, sentences and look."""
    names = ("altair", "vl-convert-python", "typst", "fonttools", "jinja2", "justmytype-intl-cjk")
    here = Path(__file__).parent
    own = sorted(p for root in (here, here.parent / "look") for p in root.rglob("*") if p.suffix in SOURCES)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in own)).hexdigest()
    return {"report": digest[:16], **{name: version(name) for name in names}}


SOURCES = (".py", ".j2", ".yaml", ".css", ".typ")
