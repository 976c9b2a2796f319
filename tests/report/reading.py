"""What stands in a report, as a reader finds it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
from bs4 import BeautifulSoup, Tag

NUMBER = re.compile(r"[−+-]?\d+(?:,\d{3})*(?:\.\d+)?%?")
CHINESE = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True)
class Report:
    """The files of an edition's report and the databases it was made from."""

    published: Path
    edition: str

    @property
    def folder(self) -> Path:
        return self.published / "editions" / self.edition

    @cached_property
    def html(self) -> str:
        return (self.folder / "report.html").read_text(encoding="utf-8")

    @cached_property
    def page(self) -> BeautifulSoup:
        return BeautifulSoup(self.html, "lxml")

    def language(self, language: str) -> Tag:
        found = self.page.find(id=language)
        assert isinstance(found, Tag)
        return found

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Ask the edition's own database; that of all editions where history is asked for."""
        path = self.published / "icdp.duckdb" if "history." in sql else self.folder / f"{self.edition}.duckdb"
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(sql).fetchall()


def text_of(tag: Tag) -> str:
    return " ".join(tag.get_text(" ", strip=True).split())


def shown(text: str) -> float:
    """Return a printed number; a share for a percentage."""
    value = float(text.replace(",", "").replace("−", "-").removesuffix("%"))
    return value / 100 if text.endswith("%") else value


def digits(text: str) -> int:
    return len(text.removesuffix("%").partition(".")[2])


def rounds_to(text: str, printed: set[str]) -> bool:
    """Return whether a number is one of those printed, with as many decimals or fewer."""
    unit = 0.5 * 10 ** -(digits(text) + (2 if text.endswith("%") else 0))
    return any(abs(shown(text) - shown(other)) <= unit * 1.000001 for other in printed)
