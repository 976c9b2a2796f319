"""What the source file says of the portals and of what counts, as types."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from icdp.catalog import Catalog
from icdp.catalog.model import Province, Source
from icdp.errors import CatalogError
from icdp.sources.policies.platforms import PLATFORMS

PROVINCE = "{province}"
LAST_MONTH = 12


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Topic(_Model):
    """The words a topic is searched by, and what a title must match to be on it."""

    words: Annotated[tuple[str, ...], Field(min_length=1)]
    title: re.Pattern[str]


class Control(_Model):
    """The word that every portal must have documents of every year for, and on how many pages one is looked for."""

    word: str
    pages: Annotated[int, Field(ge=1)]


class Read(_Model):
    """A parameter that stands in a page of the portal: group 1 of ``pattern``."""

    page: str
    pattern: re.Pattern[str]


class Portal(_Model):
    """One province's search: its platform, its address and what it must be asked with.

    ``ids`` says where the parameters are from.
    """

    platform: str
    address: Annotated[str, Field(pattern=r"^https://[^/]+$")]
    ids: str
    parameters: dict[str, str | int] = {}
    read: dict[str, Read] = {}


class Layout(_Model):
    """The layout of ``policies.yaml``; see the comments there."""

    unit: str
    topics: Annotated[dict[str, Topic], Field(min_length=1)]
    control: Control
    levels: dict[str, str]
    level_counted: Annotated[tuple[str, ...], Field(min_length=1)]
    level_zh: str
    level_en: str
    endings: tuple[str, ...]
    document: re.Pattern[str]
    not_documents: dict[str, re.Pattern[str]]
    page_size: Annotated[int, Field(ge=1)]
    pages: Annotated[int, Field(ge=1)]
    months_before: Annotated[int, Field(ge=0, le=LAST_MONTH)]
    months_after: Annotated[int, Field(ge=0, lt=LAST_MONTH)]
    portals: Annotated[dict[str, Portal], Field(min_length=1)]
    not_covered: dict[str, str] = {}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for level in self.level_counted:
            if level not in self.levels:
                raise ValueError(f"level_counted: {level!r} is not among the levels {', '.join(self.levels)}")
        for level, pattern in self.levels.items():
            try:
                re.compile(pattern.replace(PROVINCE, "x"))
            except re.error as exc:
                raise ValueError(f"levels.{level}: {exc}") from exc
        for adcode, portal in self.portals.items():
            if portal.platform not in PLATFORMS:
                raise ValueError(
                    f"portals.{adcode}: platform {portal.platform!r} is not one of {', '.join(PLATFORMS)}; "
                    "name the province under not_covered"
                )
            given = {*portal.parameters, *portal.read}
            if missing := [name for name in PLATFORMS[portal.platform].needs if name not in given]:
                raise ValueError(
                    f"portals.{adcode}: {portal.platform} needs {missing[0]}; where it is not known, "
                    "name the province under not_covered"
                )
        return self

    @classmethod
    def of(cls, source: Source, catalog: Catalog) -> Layout:
        """Return the layout of a source, held against the catalogue.

        Raises:
            CatalogError: a key is wrong, a platform is not known, a province is named twice or not at all, or a
                portal's host is none of the site's.
        """
        where = catalog.directory / "sources" / f"{source.source}.yaml"
        try:
            layout = cls.model_validate(source.layout)
        except ValidationError as exc:
            first = exc.errors()[0]
            key = ".".join(("layout", *(str(part) for part in first["loc"])))
            raise CatalogError(f"{where}: {key}: {first['msg'].removeprefix('Value error, ')}") from exc
        layout._hold_against(source, catalog, str(where))
        return layout

    def _hold_against(self, source: Source, catalog: Catalog, where: str) -> None:
        named = [*self.portals, *self.not_covered]
        wrong = {code: named.count(code) for code in {*named, *catalog.provinces}}
        for code, times in sorted(wrong.items()):
            if code not in catalog.provinces or times != 1:
                raise CatalogError(
                    f"{where}: {code} stands {times} times under portals and not_covered; each province stands there once"
                )
        for series in self.topics:
            if series not in catalog.series:
                raise CatalogError(f"{where}: layout.topics: series {series!r} is not in series.csv; add it there")
        sites = (source.site.base_url, *source.site.also) if source.site else ()
        hosts = {urlsplit(url).hostname for url in sites}
        for code, portal in self.portals.items():
            if urlsplit(portal.address).hostname not in hosts:
                raise CatalogError(
                    f"{where}: portals.{code}: the host of {portal.address} is not in `site`; add it to `also`"
                )

    @property
    def words(self) -> tuple[str, ...]:
        """The words of all topics, each once."""
        return tuple(dict.fromkeys(word for topic in self.topics.values() for word in topic.words))

    @property
    def asked(self) -> tuple[str, ...]:
        """What a portal is asked for, in order: the control word last as well, as a search may fall silent meanwhile."""
        return (self.control.word, *self.words, self.control.word)

    def names(self, province: Province) -> str:
        """Return a pattern for what a title of its own portal calls a province: 江苏省, 江苏, 省."""
        ending = next((e for e in self.endings if province.name_zh.endswith(e)), province.name_zh)
        return (
            "(?:"
            + "|".join(map(re.escape, (province.name_zh, province.short_zh + ending, province.short_zh, ending)))
            + ")"
        )

    def level(self, issuer: str, province: Province) -> str | None:
        """Return the level of an issuer, or None when it fits none of them (a city, another province)."""
        names = self.names(province)
        fitting = (n for n, p in self.levels.items() if re.fullmatch(p.replace(PROVINCE, names), issuer))
        return next(fitting, None)

    def span(self, year: int) -> tuple[date, date]:
        """Return the first and the last day of publication that is looked at for ``year``."""
        months = LAST_MONTH - self.months_before
        first = date(year - 1, 1 + months, 1) if months < LAST_MONTH else date(year, 1, 1)
        end = date(year + 1, 1 + self.months_after, 1)
        return first, date.fromordinal(end.toordinal() - 1)
