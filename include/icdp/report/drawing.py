"""Charts as SVG: small, without marks that speak, each with names of its own so that many fit into one page."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from markupsafe import escape

from icdp.look import look
from icdp.report.document import Figure
from icdp.report.fonts import Fonts, renamed

_SILENT = re.compile(r' (?:role|aria-[a-z]+|class|pointer-events)="[^"]*"')
_EMPTY = re.compile(r'<path(?: [a-z-]+="[^"]*")* d="M0,0h0v0h0Z"(?: [a-z-]+="[^"]*")*/>|<g></g>|<g/>')
_NAME = re.compile(r'(?:id="|url\(#|href="#)([^")]+)')
_LONG = re.compile(r"-?\d+\.\d{3,}")


_kept: list[TemporaryDirectory[str]] = []
"""Fonts that were made known stay where they are until the process ends."""


@cache
def _family(fonts: Fonts) -> str:
    """Make fonts known for measuring, whose widths place labels, and return their family.

    It has a name that no font of the system has: the same report is drawn on every machine. What is drawn is text, in
    the embedded font.
    """
    import vl_convert

    family = f"icdp-{hashlib.sha256(fonts.truetype[400]).hexdigest()[:16]}"
    folder = TemporaryDirectory(prefix="icdp-fonts-")
    for weight, content in fonts.truetype.items():
        (Path(folder.name) / f"{weight}.ttf").write_bytes(renamed(content, weight, family))
    vl_convert.register_font_directory(folder.name)
    _kept.append(folder)
    return family


def drawn(figure: Figure, prefix: str, fonts: Fonts) -> str:
    """Return a figure as an ``svg`` element.

    Args:
        figure: the chart.
        prefix: set before every id inside.
        fonts: the glyphs it needs.
    """
    import vl_convert

    family = _family(fonts)
    spec = {**figure.spec, "config": {**figure.spec["config"], "font": family}}
    svg = vl_convert.vegalite_to_svg(spec, show_warnings=False, allowed_base_urls=[])
    svg = _SILENT.sub("", svg)
    while (less := _EMPTY.sub("", svg)) != svg:
        svg = less
    # Vega counts its names on from drawing to drawing of a process.
    order = {name: f"{prefix}-{number}" for number, name in enumerate(dict.fromkeys(_NAME.findall(svg)))}
    svg = _NAME.sub(lambda found: found[0].removesuffix(found[1]) + order[found[1]], svg)
    svg = _LONG.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), svg)
    families = ", ".join(look().text)
    return svg.replace(f'font-family="{family}"', f'font-family="{families}"').replace(' version="1.1"', "")


def standalone(svg: str, figure: Figure) -> str:
    """Return a drawing as a file of its own, with title and description inside."""
    told = f"<title>{escape(figure.title)}</title><desc>{escape(figure.alternative)}</desc>"
    head, rest = svg.split(">", 1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head} role="img">{told}<rect width="100%" height="100%" fill="#ffffff"/>{rest}\n'


def inline(svg: str, figure: Figure) -> str:
    """Return a drawing as part of an HTML page, with the text alternative that is read in its place."""
    head, rest = svg.split(">", 1)
    width, height = (re.search(rf' {name}="([\d.]+)"', head) for name in ("width", "height"))
    style = f' style="--w:{width[1]};--h:{height[1]}"' if width and height else ""
    return f'{head} role="img" aria-label="{escape(figure.alternative)}"{style}>{rest}'
