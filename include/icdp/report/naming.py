"""Names that say what a value is not: a proxy, an estimate, a figure of an earlier year."""

from __future__ import annotations

from icdp.report.language import Say
from icdp.report.told import Told


def caveats(told: Told, say: Say, indicator: str) -> list[str]:
    """Return what must be said of an indicator wherever it is shown; empty when it is as defined and of the year."""
    row = told.row("indicator_coverage", indicator=indicator)
    if row is None or not row["in_use"]:
        return []
    told_of = [] if row["fidelity"] in (None, "as_defined") else [say.word("fidelity", row["fidelity"])]
    if row["provinces_current"] == 0:
        told_of.append(say.word("fill", "carried"))
    return told_of


def numbered(number: int, title: str, say: Say) -> str:
    """Return the title of a chapter with its number."""
    return f"{number}{chr(0x3000) if say.language == 'zh' else '  '}{title}"


def roman(tier: int) -> str:
    """Return the numeral of a tier, one character up to twelve."""
    return chr(0x215F + tier) if 1 <= tier <= 12 else str(tier)


def tagged(told: Told, say: Say, indicator: str) -> str:
    """Return the name of an indicator with its caveats."""
    found, name = caveats(told, say, indicator), told.name(indicator, say.language)
    if not found:
        return name
    return f"{name}（{'，'.join(found)}）" if say.language == "zh" else f"{name} ({', '.join(found)})"
