"""From an edition's folder to the report in all its forms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from icdp.errors import DataError
from icdp.look import LANGUAGES, Language
from icdp.report import UNITS
from icdp.report.chapters import chapters
from icdp.report.document import Figure
from icdp.report.drawing import drawn
from icdp.report.fonts import Fonts, subset_for
from icdp.report.language import Say
from icdp.report.page import completed, page
from icdp.report.paper import pdf
from icdp.report.told import Told


@dataclass(frozen=True, slots=True)
class Made:
    """A report.

    Attributes:
        html: both languages in one file.
        pdfs: language -> PDF.
        figures: language -> figures with their drawings.
        fonts: the glyphs it needs.
    """

    html: str
    pdfs: dict[Language, bytes]
    figures: dict[Language, list[tuple[Figure, str]]]
    fonts: Fonts


def make(edition: Path, earlier: Sequence[Path]) -> Made:
    """Make the report of an edition.

    Args:
        edition: its folder.
        earlier: the folders of the editions published before it.

    Raises:
        DataError: the edition ranks no province, or has more than a report has room for.
    """
    told = Told.read(edition, earlier)
    if len(told.provinces) > UNITS:
        raise DataError(
            f"{told.edition} has {len(told.provinces)} units; a report has a page for each and room for {UNITS}: "
            "use the page in Airflow, or the edition's database and files"
        )
    if not told.composite:
        raise DataError(f"{told.edition} ranks no province; there is nothing to report")
    says = {language: Say(language) for language in LANGUAGES}
    sections = {language: chapters(told, says[language]) for language in LANGUAGES}
    bare = page(told, says, sections)
    charts = {language: [f for section in sections[language] for f in section.figures()] for language in LANGUAGES}
    specs = [figure.spec for language in LANGUAGES for figure in charts[language]]
    fonts = subset_for(bare + json.dumps(specs, ensure_ascii=False))
    figures = {
        language: [(figure, drawn(figure, f"{language}-{figure.name}", fonts)) for figure in charts[language]]
        for language in LANGUAGES
    }
    html = completed(bare, figures, fonts)
    drawings = {language: {figure.name: svg for figure, svg in figures[language]} for language in LANGUAGES}
    pdfs = {
        language: pdf(told, language, says[language], sections[language], drawings[language], fonts)
        for language in LANGUAGES
    }
    return Made(html, pdfs, figures, fonts)
