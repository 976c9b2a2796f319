"""The yearly report of an edition, from its published tables and those of the editions before it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from icdp.look import LANGUAGES, Language

HTML = "report.html"
PDFS: dict[Language, str] = {language: f"report-{language}.pdf" for language in LANGUAGES}
FIGURES = "figures"
FILES = (HTML, *PDFS.values(), FIGURES)
"""What a report consists of, within the folder of its edition."""


def write_report(edition: Path, earlier: Sequence[Path], out: Path) -> None:
    """Write the report of an edition: equal tables give equal bytes.

    Args:
        edition: its folder, with ``parquet/`` and ``made_from/``.
        earlier: the folders of the editions published before it.
        out: an existing folder for :data:`FILES`.
    """
    from icdp.report.drawing import standalone
    from icdp.report.making import make

    made = make(edition, earlier)
    (out / HTML).write_text(made.html, encoding="utf-8")
    for language, content in made.pdfs.items():
        (out / PDFS[language]).write_bytes(content)
    (out / FIGURES).mkdir(exist_ok=True)
    for language, figures in made.figures.items():
        for figure, svg in figures:
            (out / FIGURES / f"{figure.name}-{language}.svg").write_text(standalone(svg, figure), encoding="utf-8")


def made_with() -> dict[str, str]:
    """Return the versions that may move a byte of a report."""
    names = ("altair", "vl-convert-python", "typst", "fonttools", "jinja2", "justmytype-intl-cjk")
    return {name: version(name) for name in names}
