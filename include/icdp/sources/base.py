"""What an adapter is: it fetches payloads and it parses them, nothing else."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import pandas as pd

from icdp.catalog import Catalog
from icdp.catalog.model import Source
from icdp.errors import CatalogError, DataError, LayoutChanged
from icdp.settings import Settings
from icdp.sources.client import Client


@dataclass(frozen=True, slots=True)
class Fetched:
    """One payload as a source gave it, with what its receipt will say.

    Attributes:
        item: which of the source's files or tables it is; the same one bears the same name every year.
        content: the bytes.
        request: address the bytes were asked for at.
        retrieved_at: ISO 8601 moment of the taking.
        headers: what the site said of them.
        part: True when it is only kept: another payload, its index, is parsed and opens it by its digest.
    """

    item: str
    content: bytes
    request: str
    retrieved_at: str
    headers: Mapping[str, str] = field(default_factory=dict)
    part: bool = False


@dataclass(frozen=True, slots=True)
class Errand:
    """What an adapter is sent for: the figures of ``year`` from ``source``, asked with ``client``."""

    settings: Settings
    catalog: Catalog
    source: Source
    year: int
    client: Client | None = None

    @property
    def ask(self) -> Client:
        """Return the client of a live source."""
        if self.client is None:
            raise CatalogError(f"source {self.source.source} has no site in its file; add `site` there")
        return self.client


@dataclass(frozen=True, slots=True)
class Payload:
    """An archived payload to be parsed: its bytes, and where and when they came from.

    Attributes:
        source: id of the source.
        item: as in :class:`Fetched`.
        content: the bytes.
        request: address they were asked for at.
        open_part: returns the bytes of a part by its SHA-256.
    """

    source: str
    item: str
    content: bytes
    request: str
    open_part: Callable[[str], bytes]

    @property
    def name(self) -> str:
        """Return the payload as messages call it."""
        return f"{self.source}/{self.item}"


def source_of(payload: Payload, catalog: Catalog) -> Source:
    """Return the source of a payload, with the layout of its year where the item names one (``list/2024``)."""
    source = catalog.sources[payload.source]
    named = re.search(r"/(\d{4})$", payload.item)
    return source.of_year(int(named[1])) if named else source


def read_index(payload: Payload, parts: str, keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the index of parts an adapter wrote: ``year``, and under ``parts`` entries that have all ``keys``.

    Raises:
        LayoutChanged: the payload is no such index.
    """
    try:
        index: dict[str, Any] = json.loads(payload.content)
        int(index["year"])
        if not index[parts] or any(key not in entry for entry in index[parts] for key in keys):
            raise KeyError(parts)
    except (ValueError, KeyError, TypeError) as exc:
        raise LayoutChanged(f"{payload.name}: is no index of {parts} ({exc!r}); take the source again") from exc
    return index


class Adapter(Protocol):
    """The two functions a source module provides."""

    def fetch(self, errand: Errand) -> Iterator[Fetched]:
        """Yield the payloads that hold figures needed for the errand's year.

        Raises:
            FetchFailed: the site does not answer.
            FetchRefused: the site will not answer.
            LayoutChanged: the way to the figures is no longer the one known.
        """

    def parse(self, payload: Payload, catalog: Catalog) -> pd.DataFrame:
        """Turn a payload into observations (see ``icdp.sources.observations``). Never asks the network.

        Raises:
            LayoutChanged: the payload does not have the layout known.
            DataError: a figure breaks the contract, or does not add up.
        """


def adapter(source: str, catalog: Catalog) -> Adapter:
    """Return the adapter module of a source of the catalogue.

    Raises:
        CatalogError: the catalogue has no such source, or the source has no module.
    """
    if source not in catalog.sources:
        known = ", ".join(sorted(catalog.sources))
        raise CatalogError(f"{catalog.directory / 'sources'}: no source {source!r}; use one of {known}")
    try:
        return cast(Adapter, importlib.import_module(f"icdp.sources.{source}"))
    except ModuleNotFoundError as exc:
        if exc.name != f"icdp.sources.{source}":
            raise
        raise CatalogError(
            f"{catalog.directory / 'sources' / f'{source}.yaml'}: no module icdp/sources/{source}.py reads it; "
            "write one or remove the file"
        ) from exc


ByHand = Callable[[Errand, Sequence[Fetched], str], Iterable[Fetched]]
"""(errand, saved files, item named by the person or empty) -> what ``fetch`` would have given for them."""


def by_hand(source: str, catalog: Catalog) -> ByHand:
    """Return how saved files become payloads of a source: its module's ``by_hand``, or one file is one named item.

    Raises:
        CatalogError: see :func:`adapter`.
    """
    return cast(ByHand, getattr(adapter(source, catalog), "by_hand", _one_item))


def _one_item(errand: Errand, files: Sequence[Fetched], item: str) -> Iterator[Fetched]:
    if len(files) != 1 or not item:
        raise DataError(
            f"{errand.source.source}: give one file and say with --item what of the source it is "
            f"(as `icdp sources --source {errand.source.source}` calls it)"
        )
    yield replace(files[0], item=item)
