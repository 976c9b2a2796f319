"""The report as one HTML file: both languages, the font inside, nothing else needed to read it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from icdp.look import LANGUAGES, Language, look
from icdp.report.document import Section
from icdp.report.drawing import inline
from icdp.report.fonts import Fonts
from icdp.report.language import TEMPLATES, Say, environment
from icdp.report.told import Told

LANG = {"zh": "zh-Hans", "en": "en"}


FONTS = "/*fonts*/"
"""Where :func:`with_fonts` puts them: which glyphs they need is known when the page is written."""


def page(
    told: Told, says: Mapping[Language, Say], sections: Mapping[Language, Sequence[Section]],
    drawings: Mapping[Language, Mapping[str, str]],
) -> str:  # fmt: skip
    """Return the HTML, without its fonts.

    Args:
        told: the edition.
        says: the languages.
        sections: language -> the report.
        drawings: language -> name of a figure -> SVG; without one its place stays empty.
    """
    figures = {
        language: {f.name: Markup(inline(svg, f)) for s in sections[language] for f in s.figures() if (svg := drawings[language].get(f.name))}  # noqa: S704 - drawn here
        for language in LANGUAGES
    }  # fmt: skip
    numbers = {
        language: {f.name: n for n, f in enumerate((f for s in sections[language] for f in s.figures()), 1)}
        for language in LANGUAGES
    }
    return environment().get_template("report.html.j2").render(
        told=told, languages=LANGUAGES, says=says, sections=sections, figures=figures, numbers=numbers, lang=LANG,
        style=Markup(FONTS + look().css() + (TEMPLATES / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own
        published=published(told),
    )  # fmt: skip


def published(told: Told) -> str:
    """Return the day of publication, UTC."""
    return str(told.summary["published_at"])[:10]


def with_fonts(html: str, fonts: Fonts) -> str:
    """Return the HTML with the fonts in its style."""
    faces = "".join(
        f'@font-face{{font-family:"{look().text[0]}";font-weight:{weight};'
        f"src:url(data:font/woff;base64,{b64encode(content).decode()}) format('woff')}}"
        for weight, content in fonts.woff.items()
    )
    return html.replace(FONTS, faces, 1)
