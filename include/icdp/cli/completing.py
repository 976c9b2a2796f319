"""What the shell proposes when Tab is pressed: editions, provinces, nodes. Quick, and silent where something is wrong."""

from __future__ import annotations

import csv
from contextlib import suppress

from icdp.settings import Settings


def editions(incomplete: str) -> list[tuple[str, str]]:
    """Return years and editions that are published, the newest first."""
    found: list[tuple[str, str]] = []
    with suppress(Exception):
        from icdp.publishing.names import NAME

        folder = Settings.from_environment().published / "editions"
        there = [named for path in folder.iterdir() if (named := NAME.fullmatch(path.name))]
        there.sort(key=lambda name: (int(name["year"]), int(name["revision"])), reverse=True)
        names = [name[0] for name in there]
        years = dict.fromkeys(name["year"] for name in there)
        found = [(year, "最新版 latest edition") for year in years] + [(name, "") for name in names]
    return [entry for entry in found if entry[0].startswith(incomplete)]


def provinces(incomplete: str) -> list[tuple[str, str]]:
    """Return short names with the English ones, or the other way round when Latin letters were typed."""
    with suppress(Exception):
        path = Settings.from_environment().catalog / "provinces.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        latin = incomplete.isascii() and incomplete != ""
        pairs = [(r["name_en"], r["short_zh"]) if latin else (r["short_zh"], r["name_en"]) for r in rows]
        return [pair for pair in pairs if pair[0].casefold().startswith(incomplete.casefold())]
    return []


def nodes(incomplete: str) -> list[tuple[str, str]]:
    """Return the ids of composite, dimensions and sub-dimensions of the newest published year, with their names."""
    return _nodes(incomplete, "level < (SELECT max(level) FROM nodes)")


def indicators(incomplete: str) -> list[tuple[str, str]]:
    """Return the ids of the indicators of the newest published year, with their names."""
    return _nodes(incomplete, "level = (SELECT max(level) FROM nodes)")


def _nodes(incomplete: str, which: str) -> list[tuple[str, str]]:
    with suppress(Exception):
        from icdp.publishing.reader import open_published

        with open_published(Settings.from_environment().published) as db:
            found = db.connection.execute(
                f"SELECT node, name_zh || ' ' || name_en FROM nodes WHERE {which} ORDER BY position"  # noqa: S608 - our own
            ).fetchall()
        return [(str(node), str(name)) for node, name in found if str(node).startswith(incomplete)]
    return []
