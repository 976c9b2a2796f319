"""The report as PDF, set by Typst from data: text stays text, whatever it holds."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from icdp.look import Language, look
from icdp.report.document import Badge, Bar, Block, Bullets, Cell, Facts, Figure, Link, Reference, Section, Table, Text
from icdp.report.fonts import Fonts
from icdp.report.language import TEMPLATES, Say
from icdp.report.naming import numbered
from icdp.report.page import LANG, published
from icdp.report.told import Number, Told

NARROW, LONG = 14, 160
"""Columns of text up to so many letters are as wide as they need; from so many on they get no more room."""


def pdf(
    told: Told, language: Language, say: Say, sections: Sequence[Section], drawings: Mapping[str, str], fonts: Fonts
) -> bytes:
    """Return the report in one language as a tagged PDF.

    Args:
        told: the edition.
        language: which.
        say: its phrases.
        sections: the report.
        drawings: name of a figure -> SVG.
        fonts: the glyphs it needs.
    """
    import typst

    told_of = {
        "language": LANG[language].split("-")[0], "title": told.about[f"title_{language}"] or told.edition,
        "subtitle": say.phrase("report_of", year=told.year), "edition": told.edition, "published": published(told),
        "moment": [int(part) for part in published(told).split("-")], "publisher": told.about[f"publisher_{language}"],
        "labels": {k: say.phrase(k) for k in ("contents", "edition", "published", "status", "panel_label", "publisher")},
        "status": say.word("status", told.summary["status"]), "panel": told.about[f"panel_{language}"] or str(told.summary["panel"]),
        "look": {**look().colours, **{f"tier-{k}": c for k, c in enumerate(look().tiers, 1)}, **look().fidelity,
                 **{f"dimension-{k}": c for k, c in enumerate(look().dimensions, 1)}},
        "sections": _sections(sections, say),
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="icdp-report-") as folder:
        root = Path(folder)
        (root / "fonts").mkdir()
        for weight, content in fonts.truetype.items():
            (root / "fonts" / f"{weight}.ttf").write_bytes(content)
        for name, svg in drawings.items():
            (root / f"{name}.svg").write_text(svg, encoding="utf-8")
        (root / "report.json").write_text(json.dumps(told_of, ensure_ascii=False), encoding="utf-8")
        (root / "report.typ").write_bytes((TEMPLATES / "report.typ").read_bytes())
        made: bytes = typst.compile(
            root / "report.typ", root=root, font_paths=[root / "fonts"], ignore_system_fonts=True, format="pdf",
            timestamp=int(datetime.fromisoformat(str(told.summary["published_at"])).timestamp()),
        )  # fmt: skip
    return made


def png(svg: str, fonts: Fonts) -> bytes:
    """Return a drawing as a picture of 144 points per inch, in the embedded font."""
    import typst

    with tempfile.TemporaryDirectory(prefix="icdp-report-") as folder:
        root = Path(folder)
        for weight, content in fonts.truetype.items():
            (root / f"{weight}.ttf").write_bytes(content)
        (root / "figure.svg").write_text(svg, encoding="utf-8")
        text = '#set page(width: auto, height: auto, margin: 8pt)\n#image("figure.svg")\n'
        (root / "figure.typ").write_text(text, encoding="utf-8")
        made: bytes = typst.compile(
            root / "figure.typ", root=root, font_paths=[root], ignore_system_fonts=True, format="png", ppi=144
        )
    return made


def _sections(sections: Sequence[Section], say: Say) -> list[dict[str, Any]]:
    numbers = {f.name: n for n, f in enumerate((f for s in sections for f in s.figures()), 1)}
    return [_section(section, 1, say, numbers) for section in [*sections, _data(sections, say, numbers)]]


def _data(sections: Sequence[Section], say: Say, numbers: Mapping[str, int]) -> Section:
    """Return what paper cannot fold away below a figure: the tables of all figures, in an annex of their own."""
    tables: list[Block] = [
        replace(figure.table, caption=f"{say.phrase('figure', number=numbers[figure.name])}  {figure.title}")
        for section in sections
        for figure in section.figures()
    ]
    return Section(
        "data-of-figures", numbered(len(sections) + 1, say.phrase("data_of_figures"), say), tables, page=True
    )


def _section(section: Section, level: int, say: Say, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "title": section.title, "name": section.name, "level": level, "page": section.page,
        "badge": None if section.badge is None else _cell(section.badge),
        "blocks": [_block(block, say, numbers) for block in section.blocks],
        "sections": [_section(below, level + 1, say, numbers) for below in section.sections],
    }  # fmt: skip


def _block(block: Any, say: Say, numbers: Mapping[str, int]) -> dict[str, Any]:
    match block:
        case Text(text, kind):
            return {"kind": "text", "text": plain(text), "style": kind}
        case Bullets(items):
            return {"kind": "bullets", "items": [plain(item) for item in items]}
        case Facts(items):
            return {"kind": "facts", "items": [{"label": label, "cell": _cell(cell)} for label, cell in items]}
        case Figure(name=name, title=title, alternative=alternative, note=note):
            number = say.phrase("figure", number=numbers[name])
            return {
                "kind": "figure",
                "name": name,
                "number": number,
                "title": title,
                "alternative": alternative,
                "note": note,
            }
        case Table():
            return {
                "kind": "table", "caption": block.caption, "columns": list(block.columns), "left": list(block.left), "wide": _wide(block),
                "rows": [[_cell(cell) for cell in row] for row in block.rows],
            }  # fmt: skip
    raise TypeError(f"no block: {block!r}")


def _wide(table: Table) -> list[float]:
    """Return for each column its share of the width that the narrow ones leave; 0 for a narrow one; all share when all are."""
    rows = [
        [sum(2 if ord(c) > 0x2E80 else 1 for atom in _cell(cell) for c in atom["text"]) for cell in row]
        for row in table.rows
    ]
    longest = [max(lengths, default=0) if k in table.left else 0 for k, lengths in enumerate(zip(*rows, strict=True))]
    shares = [0.0 if length <= NARROW else min(length, LONG) ** 0.5 for length in longest]
    return shares if any(shares) else [1.5 if k == table.left[0] else 1.0 for k in range(len(table.columns))]


def plain(text: object) -> str:
    """Return a text without its marks."""
    return text.striptags() if isinstance(text, Markup) else str(text)


def _cell(cell: Cell) -> list[dict[str, Any]]:
    """Return the atoms of a cell, each a text with what is special about it."""
    atoms = cell if isinstance(cell, list) else [cell]
    found: list[dict[str, Any]] = []
    for atom in atoms:
        match atom:
            case Bar(number, share, mark, colour):
                found.append({"bar": share, "mark": mark, "colour": colour, "text": number.text})
            case Badge(text, kind):
                found.append({"text": text, "badge": kind})
            case Link(text, url):
                found.append({"text": text, "url": url})
            case Reference(text, section):
                found.append({"text": text, "section": section})
            case Number():
                found.append({"text": atom.text})
            case _:
                found.append({"text": plain(atom)})
    return found
