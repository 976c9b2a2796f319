"""The report as one HTML file: both languages, the font inside, nothing else needed to read it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from icdp.look import LANGUAGES, Language, look
from icdp.report.document import Figure, Section
from icdp.report.drawing import inline
from icdp.report.fonts import Fonts
from icdp.report.language import TEMPLATES, Say, environment
from icdp.report.told import Told

LANG = {"zh": "zh-Hans", "en": "en"}


FONTS = "/*fonts*/"
"""Where :func:`completed` puts them: which glyphs they need is known when the page is written."""


def page(
    told: Told, says: Mapping[Language, Say], sections: Mapping[Language, Sequence[Section]],
) -> str:  # fmt: skip
    """Return the HTML, without its drawings and fonts.

    Args:
        told: the edition.
        says: the languages.
        sections: language -> the report.
    """
    figures = {
        language: {f.name: Markup(_place(language, f)) for s in sections[language] for f in s.figures()}  # noqa: S704 - our own
        for language in LANGUAGES
    }
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


def _place(language: Language, figure: Figure) -> str:
    return f"<!--{language}-{figure.name}-->"


def completed(html: str, figures: Mapping[Language, Sequence[tuple[Figure, str]]], fonts: Fonts) -> str:
    """Return the HTML with its drawings and, in its style, the fonts."""
    faces = "".join(
        f'@font-face{{font-family:"{look().text[0]}";font-weight:{weight};'
        f"src:url(data:font/woff;base64,{b64encode(content).decode()}) format('woff')}}"
        for weight, content in fonts.woff.items()
    )
    html = html.replace(FONTS, faces, 1)
    for language, drawings in figures.items():
        for figure, svg in drawings:
            html = html.replace(_place(language, figure), inline(svg, figure), 1)
    return html
