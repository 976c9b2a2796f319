"""A person decides whether a year is published: what is shown to them, and what is kept of the answers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import cast

import duckdb
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from icdp.catalog import Catalog
from icdp.decision import Decision, Request
from icdp.look import both
from icdp.publishing.against import rank_changes
from icdp.publishing.editions import Edition, latest, list_editions, next_revision
from icdp.publishing.gather import beside, digest, gather

MOVERS = 6


def request(connection: duckdb.DuckDBPyConnection, catalog: Catalog, published: Path, year: int) -> Request | None:
    """Return what is to be decided about a scored year; None when it is published or approved already.

    Raises:
        NotFoundError: the year was not scored.
        DataError: the catalogue changed since, or an edition is unreadable.
    """
    content = gather(connection, catalog, year)
    sha256 = digest(content)
    folder = published / "editions"
    editions = list_editions(folder)
    last = latest(editions, year)
    if (last is not None and last.content_sha256 == sha256) or is_approved(connection, year, sha256):
        return None
    before = last or latest(editions, year - 1)
    name = f"{year}-r{next_revision(last)}"
    content |= beside(connection, catalog, content, year)
    changes = rank_changes(folder, content, name, [before.name] if before else [])
    return Request(f"发布 {name}？ Publish {name}?", _body(catalog, content, name, before, changes), sha256)


def keep(connection: duckdb.DuckDBPyConnection, decision: Decision) -> None:
    """Keep a decision; the same once more changes nothing."""
    connection.execute(
        "INSERT OR REPLACE INTO decisions BY NAME SELECT $year AS year, $sha AS content_sha256, $decision AS decision,"
        " $by AS decided_by, $at::TIMESTAMPTZ AS decided_at, $reason AS reason",
        {
            "year": decision.year, "sha": decision.content_sha256, "decision": decision.decision,
            "by": decision.decided_by, "at": decision.decided_at, "reason": decision.reason,
        },
    )  # fmt: skip


def is_approved(connection: duckdb.DuckDBPyConnection, year: int, content_sha256: str) -> bool:
    """Tell whether the last word about exactly this content is an approval."""
    last = connection.execute(
        "SELECT decision FROM decisions WHERE year = ? AND content_sha256 = ? ORDER BY decided_at DESC LIMIT 1",
        [year, content_sha256],
    ).fetchone()
    return last is not None and last[0] == "approved"


def decided(connection: duckdb.DuckDBPyConnection, year: int, last: Edition | None) -> pd.DataFrame:
    """Return the decisions about a year since its last edition: table ``approvals`` of the next one."""
    since = datetime.fromisoformat(last.published_at) if last is not None else None
    return connection.execute(
        "SELECT * FROM decisions WHERE year = $year AND ($since::TIMESTAMPTZ IS NULL OR decided_at > $since)"
        " ORDER BY decided_at",
        {"year": year, "since": since},
    ).df()


def _body(
    catalog: Catalog, content: dict[str, pd.DataFrame], name: str, before: Edition | None, changes: pd.DataFrame
) -> str:
    root = catalog.root
    scores = content["scores"]
    ranking = scores[scores["node"] == root].sort_values(["rank", "adcode"], na_position="last")
    of_root = changes[changes["node"] == root]
    earlier = of_root.drop_duplicates("adcode").set_index("adcode")["rank_before"]
    coverage, checks = content["indicator_coverage"], content["quality_results"]
    used = coverage[coverage["in_use"]]
    names = {n.node: (n.name_zh, n.name_en) for n in catalog.nodes.values()}
    failed = checks[~checks["passed"] & ((checks["severity"] == "warn") | checks["waived"].eq(True))]
    return _template().render(
        name=name,
        edition=content["editions"].iloc[0],
        before=before.name if before else None,
        ranking=[
            {"rank": r.rank, "province": r.province, "score": r.score, "tier": r.tier, "before": earlier.get(r.adcode)}
            for r in ranking.itertuples()
        ],
        movers=_movers(of_root),
        fidelity=used["fidelity"].value_counts().to_dict(),
        used=len(used),
        total=len(coverage),
        missing=[names[str(node)] for node in coverage.loc[~coverage["in_use"], "indicator"]],
        warnings=failed.to_dict("records"),
    )


def _movers(changes: pd.DataFrame) -> list[dict[str, object]]:
    """Return the provinces that changed places most, with the part that did most of it."""
    told = []
    for _, parts in changes.dropna(subset=["rank_before", "rank_after"]).groupby("adcode"):
        first = parts.iloc[0]
        places = int(first["rank_before"]) - int(first["rank_after"])
        if places:
            heaviest = parts["part"].iloc[int((parts["rank_places"] * (1 if places > 0 else -1)).to_numpy().argmax())]
            told.append(
                {
                    "province": first["province"], "places": places, "rank": int(first["rank_after"]),
                    "part": both("part", heaviest),
                }
            )  # fmt: skip
    return sorted(told, key=lambda t: (-abs(cast("int", t["places"])), cast("int", t["rank"])))[:MOVERS]


def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=True,
    )  # fmt: skip
    environment.filters["plain"] = _plain
    environment.globals["both"] = both
    return environment.get_template("approval.md.j2")


def _plain(text: object) -> str:
    """Return text in which Markdown finds nothing to format: it may come from a scraped page."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|<>~" else c for c in " ".join(str(text).split()))
