"""What the report says, in one of its languages: phrases, and sentences as templates with conditions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from icdp.look import LANGUAGES, Language, word
from icdp.report.told import Number

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _phrases() -> dict[str, tuple[str, str]]:
    told = yaml.safe_load((TEMPLATES / "phrases.yaml").read_text(encoding="utf-8"))
    return {key: (zh, en) for key, (zh, en) in told.items()}


@cache
def environment() -> Environment:
    """Return the one environment of the templates: everything is escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters["listed_zh"] = lambda items: _listed(items, *[_between(items)] * 3)
    made.filters["listed_en"] = lambda items: _listed(items, ", ", ", and ", " and ")
    made.filters["plural"] = lambda number, one, many: one if _value(number) == 1 else many
    made.tests["plain"] = lambda cell: isinstance(cell, str | Number)
    return made


def _value(number: Any) -> float | None:
    return number.value if isinstance(number, Number) else number


def _between(items: Sequence[object]) -> str:
    """Return the Chinese mark between items; a name that has 、 itself needs a stronger one."""
    return "；" if any("、" in str(item) for item in items) else "、"


def _listed(items: Sequence[object], between: str, last: str, of_two: str) -> Markup:
    texts = [escape(item) for item in items]
    if len(texts) < 3:
        return escape(of_two).join(texts)
    return escape(between).join(texts[:-1]) + last + texts[-1]


class Say:
    """One language of the report."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._sentences = environment().get_template(f"sentences.{language}.j2").module

    def phrase(self, key: str, /, **values: object) -> str:
        """Return a short text: a heading, a label.

        Raises:
            KeyError: no such phrase.
        """
        return _phrases()[key][LANGUAGES.index(self.language)].format(**values)

    def sentence(self, name: str, /, **facts: object) -> Markup:
        """Return one or more sentences made from facts.

        Raises:
            AttributeError: no such sentence.
        """
        return Markup(" ".join(str(getattr(self._sentences, name)(**facts)).split()))  # noqa: S704 - the template escapes

    def word(self, kind: str, code: object) -> str:
        """Return what a code of the tables is called."""
        return word(kind, code, self.language)

    def listed(self, items: Sequence[object]) -> Markup:
        """Return items as a list within a sentence."""
        return Markup(environment().filters[f"listed_{self.language}"](items))  # noqa: S704 - escaped there
