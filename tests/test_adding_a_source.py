"""A source is added at run time, by the files CONTRIBUTING.md lists and by nothing else."""

from __future__ import annotations

import importlib
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from tests.replica.server import Reply, Request, serving, status

import icdp.sources
from icdp import road
from icdp.catalog import load_catalog
from icdp.errors import CatalogError, DataError, LayoutChanged
from icdp.settings import CATALOG, REPOSITORY, Settings

YEAR = 2024
SOURCE, SERIES = "kiosks", "charging_kiosks"
MODULE = f"icdp.sources.{SOURCE}"

# What the source is made of, as somebody would write it; the figures are synthetic.
FILES = {
    f"include/catalog/sources/{SOURCE}.yaml": f"""
        source: {SOURCE}
        publisher: 虚构机构
        title_zh: 充电亭
        title_en: Charging kiosks
        terms: synthetic
        layer: live
        required: false
        site:
          base_url: https://kiosks.example
          pacing_seconds: 1
        expects:
          - {{series: {SERIES}}}
        layout:
          file: /{{year}}.csv
        """,
    f"include/icdp/sources/{SOURCE}.py": f'''
        """Source ``{SOURCE}``: one line a province, its name and its number."""

        import pandas as pd

        from icdp.errors import DataError, NotFoundError
        from icdp.sources.base import Fetched
        from icdp.sources.observations import validated
        from icdp.sources.text import decode


        def fetch(errand):
            """Yield the file of the year."""
            answer = errand.ask.get(errand.source.layout["file"].format(year=errand.year))
            yield Fetched(f"file/{{errand.year}}", answer.content, answer.url, answer.retrieved_at, answer.headers)


        def parse(payload, catalog):
            """Return one figure a line."""
            rows = []
            for number, line in enumerate(decode(payload.content, payload.name).splitlines(), start=1):
                name, figure = line.split(",")
                try:
                    adcode = catalog.province(name).adcode
                except NotFoundError as exc:
                    raise DataError(f"{{payload.name}}, row {{number}}: {{exc}}") from exc
                rows.append({{
                    "series": "{SERIES}", "year": payload.item.rpartition("/")[2], "adcode": adcode,
                    "value_text": figure, "unit": "个", "basis": "published",
                    "publisher": catalog.sources[payload.source].publisher, "title": "充电亭",
                    "address": payload.request, "locator": f"row {{number}}", "note": "", "row": number,
                }})
            return validated(pd.DataFrame(rows), catalog, payload.name)
        ''',
}
# A series that is new has a line here; its figures come from the source, so that none need be shipped.
LINES = {"include/catalog/series.csv": f"{SERIES},充电亭数,Charging kiosks,个,1,100000\n"}


def figures() -> dict[str, int]:
    return {code: 10 + 3 * n for n, code in enumerate(load_catalog(CATALOG).provinces)}


def site(request: Request) -> Reply:
    provinces = load_catalog(CATALOG).provinces
    if request.path != f"/{YEAR}.csv":
        raise KeyError(request.path)
    return Reply("".join(f"{provinces[code].name_zh},{count}\n" for code, count in figures().items()).encode())


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the catalogue, and a folder whose modules are sources as well."""
    root = tmp_path / "repository"
    shutil.copytree(CATALOG, root / "include" / "catalog")
    modules = root / "include" / "icdp" / "sources"
    modules.mkdir(parents=True)
    monkeypatch.setattr(icdp.sources, "__path__", [*icdp.sources.__path__, str(modules)])
    yield root
    sys.modules.pop(MODULE, None)
    vars(icdp.sources).pop(SOURCE, None)


def add(root: Path, *left_out: str) -> None:
    for name, text in FILES.items():
        if name not in left_out:
            (root / name).write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
    for name, line in LINES.items():
        with (root / name).open("a", encoding="utf-8") as stream:
            stream.write(line)
    importlib.invalidate_caches()


def settings_of(root: Path, url: str) -> Settings:
    return Settings(
        home=root.parent / "home", channel="live", catalog=root / "include" / "catalog", base_urls={SOURCE: url}
    )


def test_its_figures_go_all_the_way(repository: Path) -> None:
    add(repository)
    with serving(site) as replica:
        settings = settings_of(repository, replica.url)
        assert SOURCE in road.plan(settings, YEAR)
        assert road.acquire(settings, SOURCE, YEAR) == f"{SOURCE}: 1 payloads"
    assert road.stage(settings, SOURCE, YEAR) == f"{SOURCE}: 31 figures, 1 series"
    for source in ("facts",):
        road.acquire(settings, source, YEAR)
        road.stage(settings, source, YEAR)
    road.load(settings, YEAR)
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        rows = connection.execute(
            "SELECT o.adcode, o.value, i.layer, i.source, o.publisher FROM observations o JOIN year_inputs i "
            "USING (payload_sha256) WHERE o.series = ? AND o.year = ? ORDER BY o.adcode",
            [SERIES, YEAR],
        ).fetchall()
    assert rows == [(code, float(count), "live", SOURCE, "虚构机构") for code, count in sorted(figures().items())]


def test_its_faults_are_dealt_with_as_those_of_any_other(repository: Path) -> None:
    add(repository)
    with serving(site) as replica:
        settings = settings_of(repository, replica.url)
        replica.fault(lambda handler, reply: Reply(reply.body.rpartition(b"\n")[0].rpartition(b"\n")[0]))
        with pytest.raises(LayoutChanged, match=f"{SERIES} of {YEAR} lacks 新疆"):
            road.acquire(settings, SOURCE, YEAR)
        with pytest.raises(DataError, match="gave no payload"):
            road.stage(settings, SOURCE, YEAR)
        replica.fault(status(500))
        assert road.acquire(settings, SOURCE, YEAR) == f"{SOURCE}: 1 payloads"


def test_a_file_without_its_module_is_named(repository: Path) -> None:
    add(repository, f"include/icdp/sources/{SOURCE}.py")
    with pytest.raises(CatalogError, match=rf"no module icdp/sources/{SOURCE}\.py reads it; write one or remove"):
        road.acquire(settings_of(repository, "http://127.0.0.1:1"), SOURCE, YEAR)


def listed(row: str) -> set[str]:
    """Return the paths CONTRIBUTING.md names for adding something."""
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (files,) = re.findall(rf"^\| {row} \| (.*?) \|", text, flags=re.MULTILINE)
    return {path for path in re.findall(r"`([^`]+)`", files) if "/" in path or "." in path}


def test_the_list_for_contributors_is_what_was_written() -> None:
    told = {path.replace("<id>", SOURCE) for path in listed("a source")}
    assert told == {*FILES, "docs/sources.md"}
    assert set(LINES) < listed("a series")


def test_every_source_is_described() -> None:
    text = (REPOSITORY / "docs" / "sources.md").read_text(encoding="utf-8")
    live = [source.source for source in load_catalog(CATALOG).sources.values() if source.layer == "live"]
    assert [source for source in live if f"`{source}`" not in text] == []
