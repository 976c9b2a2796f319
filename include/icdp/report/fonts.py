"""The glyphs a report needs, out of the font that a Python package brings: no system need have one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from icdp.errors import DataError
from icdp.look import look

WEIGHTS = {400: "Regular", 700: "Bold"}
ALWAYS = frozenset(map(chr, range(0x20, 0x7F))) | {"−", "…", "•"}
"""What drawing and setting add to the texts: numbers on axes, names cut short, marks of a list."""
INVISIBLE = frozenset("\n\r\t\u200b")
"""Characters that are not drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Fonts:
    """One family in two weights, with the glyphs asked for.

    Attributes:
        truetype: weight -> TrueType, for the PDF.
        woff: weight -> WOFF, for the HTML.
        absent: characters of the text that the font does not have.
    """

    truetype: dict[int, bytes]
    woff: dict[int, bytes]
    absent: frozenset[str]


def font_file() -> Path:
    """Return Noto Sans SC, variable in weight (SIL Open Font License 1.1).

    Raises:
        DataError: the package that brings it is not installed, or brings it no more.
    """
    try:
        import justmytype_intl_cjk
    except ImportError as exc:
        raise DataError(
            "the report's font is missing; install the package justmytype-intl-cjk (requirements.txt)"
        ) from exc
    folder = Path(str(justmytype_intl_cjk.__file__)).parent
    wanted = look().text[0].replace(" ", "")
    found = sorted(folder.rglob(f"{wanted}*.ttf"))
    if not found:
        raise DataError(f"{folder} has no {wanted}; install the version of justmytype-intl-cjk in requirements.txt")
    return found[0]


def subset_for(text: str) -> Fonts:
    """Return the fonts with the glyphs of a text."""
    return _subset("".join(sorted(({*text} | ALWAYS) - INVISIBLE)))


@lru_cache(maxsize=4)
def _subset(characters: str) -> Fonts:
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options()
    options.layout_features = ["kern", "mark", "mkmk"]
    options.hinting = False
    options.notdef_outline = True
    options.drop_tables += ["vhea", "vmtx", "VVAR", "BASE"]
    font = TTFont(font_file(), lazy=True, recalcTimestamp=False)
    absent = frozenset(characters) - {chr(code) for code in font.getBestCmap()}
    subsetter = Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    variable = _bytes(font)
    static = {weight: _static(variable, weight) for weight in WEIGHTS}
    truetype = {weight: _bytes(font) for weight, font in static.items()}
    for font in static.values():
        font.flavor = "woff"  # woff2 takes two seconds more and saves a quarter
    return Fonts(truetype, {weight: _bytes(font) for weight, font in static.items()}, absent)


def _static(variable: bytes, weight: int) -> Any:
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    font = instantiateVariableFont(TTFont(BytesIO(variable), recalcTimestamp=False), {"wght": weight}, inplace=True)
    _name(font, weight, look().text[0])
    for number in (16, 17, 25):
        font["name"].removeNames(nameID=number)
    bold = weight >= 600
    font["OS/2"].usWeightClass = weight
    font["OS/2"].fsSelection = font["OS/2"].fsSelection & ~0x61 | (0x20 if bold else 0x40)
    font["head"].macStyle = 1 if bold else 0
    if "STAT" in font:
        del font["STAT"]
    return font


def renamed(content: bytes, weight: int, family: str) -> bytes:
    """Return a font of :attr:`Fonts.truetype` under another name."""
    from fontTools.ttLib import TTFont

    font = TTFont(BytesIO(content), lazy=True, recalcTimestamp=False)
    _name(font, weight, family)
    return _bytes(font)


def _name(font: Any, weight: int, family: str) -> None:
    style = WEIGHTS[weight]
    for number, name in ((1, family), (2, style), (4, f"{family} {style}"), (6, f"{family.replace(' ', '')}-{style}")):
        font["name"].setName(name, number, 3, 1, 0x409)


def _bytes(font: Any) -> bytes:
    stream = BytesIO()
    font.save(stream, reorderTables=None)
    return stream.getvalue()
