"""Behind the scores: traces, changes, checks, sources."""

from __future__ import annotations

from typing import Any, Literal

from icdp.page.answers import standings
from icdp.page.asking import Paging, State, cut
from icdp.page.models import Approval, Change, Changes, Check, Checks, Figure, Part, SourceResult, SourceResults, Trace
from icdp.page.refusals import Refused

Severity = Literal["error", "warn", "note"]
Outcome = Literal["accepted", "quarantined", "failed", "not_used", "absent"]


def trace(state: State, adcode: str, indicator: str) -> Trace:
    """Return the way from a value back to the figures it was made from."""
    state.province(adcode), state.indicator(indicator)
    (standing,) = standings(state, [adcode], indicator)[indicator]
    asked = {"adcode": adcode, "indicator": indicator}
    figures = state.of_edition(
        """FROM history.lineage WHERE edition = $edition AND adcode = $adcode AND indicator = $indicator
           ORDER BY series, value_year, of_adcode""",
        **asked,
    )
    used = state.of_edition(
        "SELECT expression FROM history.indicator_coverage WHERE edition = $edition AND indicator = $indicator",
        indicator=indicator,
    )
    return Trace(
        edition=state.edition, **asked, expression=used[0]["expression"] if used else None, standing=standing,
        figures=[Figure.model_validate(row) for row in figures],
    )  # fmt: skip


def changes(state: State, node: str | None, against: str | None, paging: Paging) -> Changes:
    """Return what moved each province since another edition, in parts."""
    chosen = state.node(node)
    found = state.of_edition("SELECT DISTINCT against FROM history.rank_changes WHERE edition = $edition ORDER BY 1")
    available = [row["against"] for row in found]
    held = against or next(iter(available), None)
    if against is not None and against not in available:
        said = ", ".join(available)
        raise Refused(404, f"{state.edition} 未与 {against} 对照；可用：{said or '无'}",
                      f"{state.edition} is not held against {against}; available: {said or 'none'}")  # fmt: skip
    rows = state.of_edition(
        """SELECT c.*, p.short_zh, p.name_en FROM history.rank_changes c JOIN history.provinces p USING (edition, adcode)
           WHERE c.edition = $edition AND c.node = $node AND c.against = $against
           ORDER BY c.rank_after NULLS LAST, c.adcode""",
        node=chosen, against=held,
    )  # fmt: skip
    parts: dict[str, list[Part]] = {}
    for row in rows:
        parts.setdefault(row["adcode"], []).append(Part.model_validate(row))
    told = {row["adcode"]: Change(**_but_part(row), parts=parts[row["adcode"]]) for row in rows}
    page = state.paged(cut(list(told.values()), paging), len(told), paging)
    return Changes(**page, node=chosen, against=held, available=available)


def _but_part(row: dict[str, Any]) -> dict[str, Any]:
    kept = ("adcode", "short_zh", "name_en", "score_before", "score_after", "rank_before", "rank_after")
    return {name: row[name] for name in kept}


def checks(state: State, severity: Severity | None, passed: bool | None, search: str | None, paging: Paging) -> Checks:
    """Return the results of the checks, the failed and the severe first."""
    counted = state.of_edition(
        """SELECT severity, passed, count(*) AS n FROM history.quality_results WHERE edition = $edition
           GROUP BY ALL ORDER BY ALL"""
    )
    where = """WHERE edition = $edition AND ($severity IS NULL OR severity = $severity) AND ($passed IS NULL OR passed = $passed)
        AND ($search IS NULL OR contains(lower(concat_ws(' ', check_id, subject, message)), $search))"""
    asked = {"severity": severity, "passed": passed, "search": search.strip().lower() if search else None}
    (total,) = state.of_edition(f"SELECT count(*) AS n FROM history.quality_results {where}", **asked)  # noqa: S608
    rows = state.of_edition(
        f"""SELECT * FROM history.quality_results {where}
            ORDER BY passed, array_position(['error', 'warn', 'note'], severity), check_id, subject
            LIMIT $limit OFFSET $start""",  # noqa: S608 - our own text
        **asked, limit=paging.limit, start=(paging.page - 1) * paging.limit,
    )  # fmt: skip
    told = {of: {row["severity"]: row["n"] for row in counted if row["passed"] is of} for of in (True, False)}
    page = state.paged([Check.model_validate(row) for row in rows], total["n"], paging)
    return Checks(**page, passed=told[True], failed=told[False])


def approvals(state: State) -> list[Approval]:
    """Return who decided what about an edition, in the order of time; none where nobody was to be asked."""
    rows = state.of_edition(
        """SELECT decision, decided_by, decided_at, reason, content_sha256 FROM history.approvals
           WHERE edition = $edition ORDER BY decided_at"""
    )
    return [Approval.model_validate(row) for row in rows]


def sources(state: State, outcome: Outcome | None, search: str | None, paging: Paging) -> SourceResults:
    """Return what each source gave, what could not be used first."""
    counted = state.of_edition(
        """SELECT source, outcome, count(*) AS n FROM history.source_results WHERE edition = $edition
           GROUP BY ALL ORDER BY ALL"""
    )
    rows = state.of_edition(
        """SELECT r.source, r.item, r.outcome, r.reason, r.receipt, i.layer FROM history.source_results r
           LEFT JOIN history.inputs i ON i.edition = r.edition AND i.source = r.source AND i.item = r.item
           WHERE r.edition = $edition AND ($outcome IS NULL OR r.outcome = $outcome)
               AND ($search IS NULL OR contains(lower(concat_ws(' ', r.source, r.item, r.reason)), $search))
           ORDER BY r.outcome = 'accepted', r.source, r.item, r.outcome""",
        outcome=outcome, search=search.strip().lower() if search else None,
    )  # fmt: skip
    outcomes: dict[str, dict[str, int]] = {}
    for row in counted:
        outcomes.setdefault(row["source"], {})[row["outcome"]] = row["n"]
    told = [SourceResult.model_validate(row) for row in cut(rows, paging)]
    return SourceResults(**state.paged(told, len(rows), paging), outcomes=outcomes)
