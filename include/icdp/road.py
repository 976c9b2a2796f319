"""The steps of a year, in their order: what the DAGs call, and anyone without Airflow may call too.

plan → acquire → stage (each source) → load → check → score → publish. Each step reads what the one
before wrote, may run twice, and returns one line about what it did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

import duckdb
import pandas as pd

from icdp import __version__
from icdp.archive import Archive
from icdp.catalog import Catalog, load_catalog
from icdp.comparing.on_scale import panel_scores
from icdp.errors import DataError, IcdpError, LayoutChanged, NotFoundError, QualityError
from icdp.publishing.editions import Edition
from icdp.publishing.publish import publish_year
from icdp.quality import YearData, inputs_digest, keep_run, read_national_totals, run_checks, stopping, warned
from icdp.quality.data import AHEAD, BEHIND
from icdp.quality.earlier import earlier_coverage
from icdp.report import UNITS
from icdp.scoring import Result, read_judgements
from icdp.scoring import score as score_units
from icdp.scoring.from_catalog import settings_of, tree_of
from icdp.scoring.uncertainty.tables import TABLES as ROBUSTNESS
from icdp.scoring.uncertainty.tables import robustness_tables
from icdp.settings import Settings
from icdp.sources import adapter
from icdp.sources.acquire import nothing_for_year, payload_of, take, write_problems
from icdp.warehouse import connection as warehouse
from icdp.warehouse.load import load_year, observations_of
from icdp.warehouse.staging import read_receipts, write_parquet, write_receipts
from icdp.warehouse.used_files import keep_used_files, read_made_from
from icdp.warehouse.values import IMPUTED

# Tables that say something about the values of a year: emptied when the values are replaced.
SCORED = (
    "normalized", "scores", "weights", "contributions", "judgements", "judged_weights", "consistency", "consensus", "run_notes",
    "score_runs", "scores_panel", *ROBUSTNESS,
)  # fmt: skip


def plan(settings: Settings, year: int) -> list[str]:
    """Return the sources a run asks: the shipped base, the live ones when the channel is ``live``, workbooks handed in.

    Raises:
        DataError: the channel is ``live`` and the catalogue has no live source.
    """
    catalog = load_catalog(settings.catalog)
    archive = Archive(settings.archive)
    sources = catalog.sources.values()
    live = [s.source for s in sources if s.layer == "live"]
    if settings.channel == "live" and not live:
        raise DataError(f"ICDP_CHANNEL=live, but {settings.catalog / 'sources'} names no live source; use facts")
    wanted = {"base", "live"} if settings.channel == "live" else {"base"}
    return [
        s.source
        for s in sources
        if s.layer in wanted
        or (s.layer == "workbook" and any(abs(y - year) <= catalog.lookback for y in archive.accepted_years(s.source)))
    ]


def open_looks(settings: Settings, day: date) -> list[dict[str, str | int]]:
    """Return every (source, year) whose payloads may still change: live sources, years the catalogue holds open.

    Args:
        settings: without the live channel there is nothing to look at.
        day: the day of looking; the newest open year is the one before it.
    """
    if settings.channel != "live":
        return []
    catalog = load_catalog(settings.catalog)
    years = range(day.year - catalog.rules.publication.open_years, day.year)
    live = [s.source for s in catalog.sources.values() if s.layer == "live"]
    return [{"source": source, "year": year} for source in live for year in years]


def look(settings: Settings, source: str, year: int) -> int | None:
    """Ask a source anew; return the year when what it gives has changed since it was taken.

    A year that was never taken is left to its own run and is not asked for, except from a register that shows
    today's state only: what it shows now is kept for the year's run.
    """
    catalog = load_catalog(settings.catalog)
    archive = Archive(settings.archive)
    known = archive.accepted(source, year)
    if known is None and catalog.sources[source].window is None:
        return None
    taken = take(settings, catalog, catalog.sources[source], year, fresh=True)
    if known is None:
        return None
    before = {r.item: r.payload_sha256 for r in known.receipts}
    return year if {r.item: r.payload_sha256 for r in taken.receipts} != before else None


def to_refresh(years: Iterable[int | None]) -> list[dict[str, int]]:
    """Return the configuration of one refresh for each distinct year that changed."""
    return [{"year": year} for year in sorted({year for year in years if year is not None})]


def acquire(settings: Settings, source: str, year: int, *, fresh: bool = False) -> str:
    """Take the payloads of a source into the archive and list the accepted receipts for the year.

    Raises:
        IcdpError: something of the source could not be taken or was quarantined; the rest of it is listed.
    """
    catalog = load_catalog(settings.catalog)
    folder = settings.staging / str(year)
    try:
        taken = take(settings, catalog, catalog.sources[source], year, fresh=fresh)
    except IcdpError as exc:
        kept = Archive(settings.archive).accepted(source, year)
        write_receipts(folder / f"{source}.receipts.json", kept.receipts if kept else [])
        write_problems(settings, source, year, (("", str(exc)),))
        raise
    write_receipts(folder / f"{source}.receipts.json", list(taken.receipts))
    write_problems(settings, source, year, taken.problems, taken.absent)
    if taken.problems:
        told = "; ".join(reason for _, reason in taken.problems)
        raise LayoutChanged(
            f"{source}: {len(taken.problems)} payloads are in quarantine, {len(taken.receipts)} accepted. {told}"
        )
    if taken.absent:
        return f"nothing for {year}: {taken.absent}"
    return f"{source}: {len(taken.receipts)} payloads{' from the archive' if taken.from_archive else ''}"


def stage(settings: Settings, source: str, year: int) -> str:
    """Parse the year's payloads of a source out of the archive into staging."""
    catalog = load_catalog(settings.catalog)
    archive = Archive(settings.archive)
    folder = settings.staging / str(year)
    if nothing_for_year(folder, source):
        return f"{source}: nothing for {year}"
    parse = adapter(source, catalog).parse
    parsed = [
        parse(payload_of(archive, receipt), catalog).assign(payload_sha256=receipt.payload_sha256)
        for receipt in read_receipts(folder / f"{source}.receipts.json", archive, source)
    ]
    if not parsed:
        raise DataError(f"source {source} gave no payload for {year}; acquire it again")
    table = pd.concat(parsed, ignore_index=True)
    write_parquet(table, folder / f"{source}.parquet", order="series, year, adcode, payload_sha256")
    return f"{source}: {len(table)} figures, {table['series'].nunique()} series"


def load(settings: Settings, year: int, sources: Collection[str] | None = None) -> str:
    """Replace the year's slice of the warehouse by what is staged, and build its values.

    Args:
        settings: the installation.
        year: the statistical year.
        sources: those that were asked; by default those of the plan.
    """
    catalog = load_catalog(settings.catalog)
    with warehouse.write(settings.warehouse) as connection:
        staging = settings.staging / str(year)
        asked = plan(settings, year) if sources is None else sources
        built = load_year(connection, catalog, Archive(settings.archive), staging, year, asked)
        # Scores and findings of the values that were there before would speak of other figures.
        for table in (*SCORED, "quality_results"):
            warehouse.replace_year(connection, table, year, pd.DataFrame())
    used = int(built.coverage["in_use"].sum())
    return f"{year}: {len(built.values)} values, {used} of {len(built.coverage)} indicators"


def check(settings: Settings, year: int, day: date | None = None) -> str:
    """Run the quality checks and keep their results.

    Args:
        settings: paths.
        year: the statistical year.
        day: the day of the run, which waivers are held against; by default today.

    Raises:
        QualityError: a check of severity ``error`` failed and is not waived; the year stops here.
        NotFoundError: the year was not loaded.
    """
    catalog, day = load_catalog(settings.catalog), day or datetime.now(UTC).date()
    totals = read_national_totals(settings.facts / "national_totals.csv", catalog)
    with warehouse.write(settings.warehouse) as connection:
        data = year_data(connection, catalog, year, totals)
        inputs = _inputs_sha256(connection, year)
        data = replace(data, earlier=earlier_coverage(data, settings.published, inputs))
        results = run_checks(data, day)
        warehouse.replace_year(connection, "quality_results", year, results)
        keep_run(connection, results, year, inputs, catalog.sha256())
        warehouse.replace_year(connection, "checked_on", year, pd.DataFrame([{"year": year, "day": day}]))
        keep_used_files(connection, settings, year, "check")
    errors = stopping(results)
    if not errors.empty:
        told = "; ".join(
            f"{r.check_id} ({r.subject}): {r.observed}, expected {r.expected}: {r.message}" for r in errors.itertuples()
        )
        raise QualityError(f"year {year}: {len(errors)} checks failed, nothing is scored. {told}")
    waived = int(results["waived"].sum())
    return f"{year}: {len(results)} checks, {len(warned(results))} warnings{f', {waived} waived' if waived else ''}"


def year_data(connection: duckdb.DuckDBPyConnection, catalog: Catalog, year: int, totals: pd.DataFrame) -> YearData:
    """Return what the checks of a loaded year look at.

    Raises:
        NotFoundError: the year was not loaded.
    """
    tables = {
        name: connection.execute(f"FROM {name} WHERE year = ?", [year]).df()
        for name in ("indicator_values", "indicator_coverage", "lineage")
    }
    if tables["indicator_coverage"].empty:
        raise NotFoundError(f"year {year} is not in the warehouse; run refresh_statistics for it first")
    figures = observations_of(connection, catalog, year, ahead=AHEAD, behind=BEHIND)
    return YearData(
        catalog, year, figures, tables["indicator_values"], tables["indicator_coverage"], tables["lineage"], totals,
        connection=connection,
    )  # fmt: skip


def _inputs_sha256(connection: duckdb.DuckDBPyConnection, year: int) -> str:
    """Return the digest of the payloads the year's values were made from."""
    rows = connection.execute("SELECT DISTINCT payload_sha256 FROM lineage WHERE year = ?", [year]).fetchall()
    return inputs_digest(payload for (payload,) in rows)


def score(settings: Settings, year: int) -> str:
    """Score the year's checked values and keep everything that explains the scores.

    Raises:
        QualityError: the values were not checked, or a check of severity ``error`` failed.
        JudgementError: a judgement matrix is malformed or inconsistent.
    """
    catalog = load_catalog(settings.catalog)
    panel = read_judgements(settings.judgements)
    with warehouse.write(settings.warehouse) as connection:
        checks = connection.execute("FROM quality_results WHERE year = ?", [year]).df()
        if checks.empty:
            raise QualityError(f"year {year} was not checked; run refresh_statistics for it first")
        if not stopping(checks).empty:
            raise QualityError(
                f"year {year} failed its checks (table quality_results); correct the figures and run refresh_statistics"
            )
        values = connection.execute("FROM indicator_values WHERE year = ? ORDER BY adcode, indicator", [year]).df()
        wide, fill = (
            values.pivot(index="adcode", columns="indicator", values=name).reindex(list(catalog.provinces))
            for name in ("value", "fill")
        )
        result = score_units(tree_of(catalog), wide, panel, settings_of(catalog), imputed=fill.isin(IMPUTED))
        coverage = connection.execute("FROM indicator_coverage WHERE year = ?", [year]).df()
        on_scale, panel_notes = panel_scores(catalog, wide, coverage, panel.id)
        result = replace(result, notes=[*result.notes, *panel_notes])
        result_tables = (
            _tables(catalog, result)
            | robustness_tables(catalog, values, wide, panel, result)
            | {
                "scores_panel": on_scale,
                "score_runs": pd.DataFrame(
                    [
                        {
                            "inputs_sha256": _inputs_sha256(connection, year),
                            "catalog_sha256": catalog.sha256(),
                            "panel": panel.id,
                            "panel_sha256": panel.sha256(),
                            "code_version": __version__,
                        }
                    ]
                ),
            }
        )
        for table in SCORED:
            warehouse.replace_year(connection, table, year, result_tables[table].assign(year=year))
        keep_used_files(connection, settings, year, "score")
    first = str(result.scores[catalog.root].idxmax())
    return f"{year}: {int(result.scores[catalog.root].notna().sum())} provinces scored, {catalog.provinces[first].short_zh} first"


def publish(settings: Settings, year: int, *, report: bool = False) -> str:
    """Make the year's edition; return e.g. ``2024-r1 published`` or ``2024-r1 unchanged``.

    Args:
        settings: the installation.
        year: the statistical year.
        report: whether a new edition gets its yearly report, if it has no more units than one has room for.

    Raises:
        DataError: publishing waits for a person (``ICDP_REQUIRE_APPROVAL``) and nobody approved these scores.
    """
    catalog = load_catalog(settings.catalog)
    fits = len(catalog.provinces) <= UNITS
    with warehouse.write(settings.warehouse) as connection:
        made_from = read_made_from(connection, Archive(settings.archive), year)
        outcome = publish_year(
            connection,
            catalog,
            settings.published,
            year,
            datetime.now(UTC),
            made_from,
            report=report and fits,
            needs_approval=settings.require_approval,
        )
        keep_editions(connection, outcome.editions)
    if outcome.is_new and report and not fits:
        return f"{outcome.edition} published, without a report: it has room for {UNITS} units, not for {len(catalog.provinces)}"
    return f"{outcome.edition} {'published' if outcome.is_new else 'unchanged'}"


def keep_editions(connection: duckdb.DuckDBPyConnection, editions: Iterable[Edition]) -> None:
    """List the editions there are in the warehouse."""
    rows = [(e.name, e.year, e.revision, e.content_sha256, e.moment) for e in editions]
    connection.execute("DELETE FROM editions")
    if rows:
        columns = "edition, year, revision, content_sha256, published_at"
        connection.executemany(f"INSERT INTO editions ({columns}) VALUES (?, ?, ?, ?, ?)", rows)  # noqa: S608 - ours


def _tables(catalog: Catalog, result: Result) -> dict[str, pd.DataFrame]:
    """Return the engine's result as the warehouse's tables, without the year."""
    root = catalog.root
    scores = _long(result.scores, "node", "score")
    scores["rank"] = _long(result.ranks, "node", "rank")["rank"].astype("Int64")
    scores["coverage"] = _long(result.coverage[result.scores.columns], "node", "coverage")["coverage"]
    scores["known"] = _long(result.known[result.scores.columns], "node", "known")["known"]
    scores["level"] = scores["node"].map(catalog.level)
    tier = scores["adcode"].map(result.tiers).astype("Int64")
    scores["tier"] = tier.where(scores["node"] == root)
    contributions = _long(result.contributions, "indicator", "points")
    contributions["weight"] = _long(result.effective, "indicator", "weight")["weight"]
    notes = [(n.kind, n.node, n.unit, n.detail) for n in result.notes]
    return {
        "scores": scores,
        "normalized": _long(result.normalized, "indicator", "normalized").dropna(),
        "contributions": contributions.dropna(),
        "weights": result.weights,
        "judgements": result.judgements,
        "judged_weights": result.judged,
        "consistency": result.consistency,
        "consensus": result.groups,
        "run_notes": pd.DataFrame(notes, columns=["kind", "node", "adcode", "detail"]).assign(
            position=range(len(notes))
        ),
    }


def _long(wide: pd.DataFrame, names: str, values: str) -> pd.DataFrame:
    tidy = wide.rename_axis(index="adcode", columns=names).reset_index()
    return tidy.melt(id_vars="adcode", var_name=names, value_name=values)
