"""How the index looks and what its codes are called: the same in the report, its figures, the page and the files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, Language] = ("zh", "en")
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Look:
    """Colours (``#rrggbb``) and fonts.

    Attributes:
        colours: role -> colour: paper, panel, line, muted, ink, accent, good, bad.
        tiers: of the first, second, … tier.
        dimensions: in the order of the tree.
        fidelity: code -> colour, ``missing`` included.
        sequential: low to high.
        text: font families, the embedded one first.
    """

    colours: dict[str, str]
    tiers: tuple[str, ...]
    dimensions: tuple[str, ...]
    fidelity: dict[str, str]
    sequential: tuple[str, ...]
    text: tuple[str, ...]

    def css(self) -> str:
        """Return the custom properties of a style sheet: ``--ink``, ``--tier-1``, ``--dimension-1``, ``--proxy``, …."""
        named = dict(self.colours)
        for group, colours in (("tier", self.tiers), ("dimension", self.dimensions), ("level", self.sequential)):
            named |= {f"{group}-{position}": colour for position, colour in enumerate(colours, 1)}
        named |= {code.replace("_", "-"): colour for code, colour in self.fidelity.items()}
        named["text"] = ", ".join(f'"{family}"' if " " in family else family for family in self.text)
        return ":root{" + ";".join(f"--{name}:{value}" for name, value in named.items()) + "}"


@cache
def look() -> Look:
    """Return the look of ``look.yaml``."""
    told = yaml.safe_load((_HERE / "look.yaml").read_text(encoding="utf-8"))
    return Look(
        told["colours"], tuple(told["tiers"]), tuple(told["dimensions"]), told["fidelity"], tuple(told["sequential"]),
        tuple(told["fonts"]["text"]),
    )  # fmt: skip


@cache
def _words() -> dict[str, dict[str, tuple[str, str]]]:
    told = yaml.safe_load((_HERE / "words.yaml").read_text(encoding="utf-8"))
    return {kind: {str(code): (zh, en) for code, (zh, en) in codes.items()} for kind, codes in told.items()}


def word(kind: str, code: object, language: Language) -> str:
    """Return what a code is called; a code without a name stands for itself.

    Args:
        kind: ``status``, ``tier``, ``fidelity``, ``fill``, ``observation_status``, ``basis``, ``layer``, ``method``,
            ``severity`` or ``part``.
        code: as in the published tables.
        language: ``zh`` or ``en``.

    Raises:
        KeyError: no such kind.
    """
    return _words()[kind].get(str(code), (str(code), str(code)))[LANGUAGES.index(language)]


def both(kind: str, code: object) -> str:
    """Return its Chinese and English name."""
    return f"{word(kind, code, 'zh')} {word(kind, code, 'en')}"


def all_words() -> dict[str, dict[str, tuple[str, str]]]:
    """Return the whole vocabulary: kind -> code -> (Chinese, English)."""
    return {kind: dict(codes) for kind, codes in _words().items()}
