"""Wiring of the ``icdp`` command; the work is in the modules beside. Exit codes: 0 fine, 1 refused, 2 usage."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from icdp.cli import completing
from icdp.cli.output import Form, Format, Merging, Scale
from icdp.cli.restoring import archive_app, backup_app, warehouse_app
from icdp.errors import IcdpError
from icdp.look import Language
from icdp.settings import Settings

app = typer.Typer(
    help="智算发展潜力指数：查询已发布的各年度版本。 Published editions of the index; figures, weights and their sources.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
judgements_app = typer.Typer(help="专家判断矩阵 Experts' judgement matrices.", no_args_is_help=True)
edition_app = typer.Typer(help="已发布版本 Published editions.", no_args_is_help=True)
sources_app = typer.Typer(help="数据来源 The sources.", no_args_is_help=False)
workbook_app = typer.Typer(help="分析人员工作簿 Figures entered by hand.", no_args_is_help=True)
panel_app = typer.Typer(help="跨年共同标尺 The scale common to all years.", no_args_is_help=True)
app.add_typer(panel_app, name="panel")
app.add_typer(sources_app, name="sources")
app.add_typer(workbook_app, name="workbook")
app.add_typer(judgements_app, name="judgements")
app.add_typer(edition_app, name="edition")
app.add_typer(archive_app, name="archive")
app.add_typer(warehouse_app, name="warehouse")
app.add_typer(backup_app, name="backup")

Which = Annotated[
    str,
    typer.Argument(
        metavar="YEAR_OR_EDITION", autocompletion=completing.editions, help="2024 (its latest edition) or 2024-r1"
    ),
]
Year = Annotated[str, typer.Argument(metavar="YEAR", help="statistical year, e.g. 2024")]
Source = Annotated[str, typer.Argument(metavar="SOURCE", help="id of a live source, e.g. nbs")]
Province = Annotated[
    str, typer.Argument(metavar="PROVINCE", autocompletion=completing.provinces, help="四川, 四川省, Sichuan or 510000")
]
Indicator = Annotated[
    str,
    typer.Argument(metavar="INDICATOR", autocompletion=completing.indicators, help="id, Chinese or English name"),
]
Day = typer.Option("--as-of", formats=["%Y-%m-%d"], metavar="DATE", help="what was known at the end of that day, UTC")
Node = Annotated[
    str | None,
    typer.Option(
        "--node", autocompletion=completing.nodes, help="a dimension or sub-dimension: id, Chinese or English name"
    ),
]


@app.command()
def rank(
    which: Which,
    node: Node = None,
    scale: Annotated[Scale, typer.Option("--scale", help="yearly: its own; panel: common to all years")] = Scale.yearly,
    form: Form = Format.table,
) -> None:
    """各省位次 The ranking of the provinces."""
    from icdp.cli import reading

    reading.rank(Settings.from_environment(), which, node, form, scale)


@app.command()
def trend(province: Province, node: Node = None, form: Form = Format.table) -> None:
    """历年走势 A province over the years, on the scale common to them."""
    from icdp.cli import panel

    panel.trend(Settings.from_environment(), province, node, form)


@panel_app.command("freeze")
def panel_freeze(
    first: Annotated[str, typer.Option("--from", help="first year of the span")],
    last: Annotated[str, typer.Option("--to", help="last year of the span")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.yaml", help="a catalogue's panel_scale.yaml")],
    version: Annotated[str | None, typer.Option("--version", help="names the scale; default FROM-TO-1")] = None,
) -> None:
    """冻结标尺 Freeze published years into a scale common to all years."""
    from icdp.cli import panel

    panel.freeze_scale(Settings.from_environment(), first, last, version, out)


@app.command()
def profile(province: Province, which: Which, form: Form = Format.table) -> None:
    """一省全貌 Everything about one province."""
    from icdp.cli import reading

    reading.profile(Settings.from_environment(), province, which, form)


@app.command()
def compare(
    first: Which,
    second: Which,
    province: Annotated[str | None, typer.Option("--province", help="one province, on every node")] = None,
    node: Node = None,
    explain: Annotated[bool, typer.Option("--explain", help="every part in words")] = False,
    form: Form = Format.table,
) -> None:
    """两版比较 How ranks and scores changed between two editions, and why."""
    from icdp.cli import comparing

    comparing.compare(Settings.from_environment(), first, second, province, node, form, explain=explain)


@app.command()
def report(
    which: Which,
    language: Annotated[
        Language | None, typer.Option("--language", help="zh or en: the PDF named, the language opened; default: both")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="open it in the browser")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="write the report into this folder")] = None,
) -> None:
    """年度报告 Where the yearly report is; makes it for an edition published without one."""
    from icdp.cli import reporting

    reporting.report(Settings.from_environment(), which, language, out, show=show)


@app.command()
def coverage(which: Which, form: Form = Format.table) -> None:
    """指标采用情况 What is used for each indicator, how faithful it is, or why it is missing."""
    from icdp.cli import reading

    reading.coverage(Settings.from_environment(), which, form)


@app.command()
def audit(
    which: Which,
    table: Annotated[str | None, typer.Option("--table", help="one table of the audit in full")] = None,
    form: Form = Format.table,
) -> None:
    """统计审计 How sure the ranks are, on what that depends, how well the index holds together."""
    from icdp.cli import auditing

    auditing.audit(Settings.from_environment(), which, table, form)


@app.command()
def whatif(
    which: Which,
    weights: Annotated[
        list[str] | None, typer.Option("--set", metavar="weights.NODE=SHARE", help="a node's share among its siblings")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option("--drop", help="an indicator or node left out")] = None,
    normalise: Annotated[str | None, typer.Option("--normalise", help="minmax, zscore, rank, percentile")] = None,
    aggregate: Annotated[list[str] | None, typer.Option("--aggregate", metavar="NODE=METHOD")] = None,
    panel: Annotated[str | None, typer.Option("--panel", help="another panel: its id, or a directory")] = None,
    scenarios: Annotated[
        list[Path] | None, typer.Option("--scenario", metavar="FILE", help="a saved scenario; several are compared")
    ] = None,
    save: Annotated[Path | None, typer.Option("--save", metavar="FILE.yaml", help="keep this scenario")] = None,
    node: Annotated[str | None, typer.Option("--node", help="default: the composite")] = None,
    form: Form = Format.table,
) -> None:
    """假设分析 Ranks with other weights, methods or experts beside those published."""
    from icdp.cli import whatif as cli

    own = cli.scenario_of(weights or [], drop or [], normalise, aggregate or [], panel)
    cli.whatif(Settings.from_environment(), which, own, scenarios or [], node, save, form)


@app.command()
def reach(
    which: Which,
    province: Province,
    indicator: Indicator,
    rank: Annotated[int, typer.Argument(metavar="RANK", min=1, help="to be reached")],
    node: Annotated[str | None, typer.Option("--node", help="default: the composite")] = None,
    form: Form = Format.table,
) -> None:
    """达到某位 How much a province's figure must change for a rank."""
    from icdp.cli import whatif as cli

    cli.reach_rank(Settings.from_environment(), which, province, indicator, rank, node, form)


@app.command()
def overtake(
    which: Which,
    ahead: Annotated[
        str, typer.Argument(metavar="PROVINCE", autocompletion=completing.provinces, help="that is to be ahead")
    ],
    behind: Annotated[str, typer.Argument(metavar="PROVINCE", autocompletion=completing.provinces, help="of this one")],
    node: Annotated[str | None, typer.Option("--node", help="default: the composite")] = None,
    form: Form = Format.table,
) -> None:
    """反超 Which judgement, changed, would put one province ahead of another."""
    from icdp.cli import whatif as cli

    cli.overtake_by_judgement(Settings.from_environment(), which, ahead, behind, node, form)


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help='e.g. "SELECT province, score FROM scores WHERE year = 2024"')
    ],
    as_of: Annotated[datetime | None, Day] = None,
    form: Form = Format.table,
) -> None:
    """SQL 查询（只读） Ask the published database (read-only)."""
    from icdp.cli import reading

    reading.query(Settings.from_environment(), sql, form, as_of.date() if as_of else None)


@app.command()
def trace(
    province: Province = "",
    indicator: Indicator = "",
    which: Which = "",
    reverse: Annotated[
        str, typer.Option("--reverse", metavar="PAYLOAD", help="instead: what rests on this payload (SHA-256)")
    ] = "",
    form: Form = Format.table,
) -> None:
    """数值溯源 From the score back to the archived bytes and the citation; or from a payload to what it touches."""
    from icdp.cli import tracing

    if bool(reverse) == bool(which):
        raise typer.BadParameter("give PROVINCE INDICATOR YEAR, or --reverse PAYLOAD")
    if reverse:
        tracing.reverse(Settings.from_environment(), reverse, form)
    else:
        tracing.trace(Settings.from_environment(), province, indicator, which, form)


@app.command()
def quality(
    which: Which,
    failed: Annotated[bool, typer.Option("--failed", help="only what did not pass")] = False,
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="an earlier run of the checks")] = None,
    form: Form = Format.table,
) -> None:
    """质量检查结果 What the checks found in their last run (a year) or in an edition."""
    from icdp.cli import checking

    checking.quality(Settings.from_environment(), which, failed, run, form)


@sources_app.callback(invoke_without_command=True)
def sources(
    context: typer.Context,
    year: Annotated[
        str | None, typer.Option("--year", help="one statistical year; default: all known and open ones")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="one source")] = None,
    form: Form = Format.table,
) -> None:
    """数据来源 What there is of every source and year: taken when, changed, expected when, failed why."""
    if context.invoked_subcommand is None:
        from icdp.cli import fetching

        fetching.overview(Settings.from_environment(), year, source, form)


@sources_app.command("check")
def sources_check(source: Source, year: Year, form: Form = Format.table) -> None:
    """试取 Ask a live source and validate what it gives; nothing is kept."""
    from icdp.cli import fetching

    fetching.check(Settings.from_environment(), source, year, form)


@sources_app.command("counted")
def sources_counted(
    source: Source,
    year: Year,
    province: Annotated[str | None, typer.Option("--province", help="one province")] = None,
    series: Annotated[str | None, typer.Option("--series", help="one series")] = None,
    everything: Annotated[bool, typer.Option("--all", help="also what was found and not counted, and why")] = False,
    form: Form = Format.table,
) -> None:
    """计数清单 The titles a count was made of, and the provinces it does not cover."""
    from icdp.cli import counting

    counting.counted(Settings.from_environment(), source, year, province, series, form, everything=everything)


@sources_app.command("reparse")
def sources_reparse(
    year: Year,
    source: Annotated[str | None, typer.Option("--source", help="one source")] = None,
    load: Annotated[bool, typer.Option("--load", help="load and check the year as well")] = False,
    form: Form = Format.table,
) -> None:
    """重新解析 Parse a year's archived payloads with today's parsers; never asks the network."""
    from icdp.cli import fetching

    fetching.reparse(Settings.from_environment(), year, source, form, load=load)


@sources_app.command("accept")
def sources_accept(
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="pages, PDF or workbooks as saved")],
    source: Annotated[str, typer.Option("--source", help="the live source they belong to")],
    year: Annotated[str, typer.Option("--year", help="statistical year")],
    address: Annotated[str, typer.Option("--address", help="where they were saved from")],
    entered_by: Annotated[str, typer.Option("--by", help="who saved them")],
    item: Annotated[str, typer.Option("--item", help="what of the source it is, where it cannot be told")] = "",
    form: Form = Format.table,
) -> None:
    """人工取得 Take pages a person saved because the site refuses machines; same parser, same validation."""
    from icdp.cli import fetching

    fetching.accept(Settings.from_environment(), files, source, year, address, entered_by, item, form)


@workbook_app.command("export")
def workbook_export(
    year: Year,
    indicators: Annotated[
        list[str] | None,
        typer.Option("--for", help="an indicator or series (repeatable); default: those not yet as defined"),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="every indicator")] = False,
    name: Annotated[str, typer.Option("--name", help="tells workbooks of one year apart")] = "main",
    entered_by: Annotated[str, typer.Option("--by", help="filled into every row")] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.xlsx")] = None,
) -> None:
    """导出工作簿 An Excel workbook for figures printed only in speeches, pictures and PDFs."""
    from icdp.cli import entering

    entering.export(Settings.from_environment(), year, out, name, indicators or [], entered_by, everything=everything)


@workbook_app.command("import")
def workbook_import(
    files: Annotated[list[Path], typer.Argument(metavar="FILES…")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only look for problems")] = False,
    form: Form = Format.table,
) -> None:
    """导入工作簿 Take the entries of workbooks, all or nothing; every problem is shown with its cell."""
    from icdp.cli import entering

    entering.import_(Settings.from_environment(), files, form, dry_run=dry_run)


@workbook_app.command("list")
def workbook_list(form: Form = Format.table) -> None:
    """工作簿列表 The workbooks in use and their entries."""
    from icdp.cli import entering

    entering.list_all(Settings.from_environment(), form)


@workbook_app.command("withdraw")
def workbook_withdraw(year: Year, name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """停用工作簿 Take a workbook's entries out of use; its bytes stay in the archive."""
    from icdp.cli import entering

    entering.withdraw(Settings.from_environment(), year, name)


@judgements_app.command("template")
def judgements_template(
    experts: Annotated[list[str], typer.Argument(metavar="EXPERT…", help="names or codes; they are published")],
    panel: Annotated[str, typer.Option("--panel", help="name of the panel, e.g. institute-2025")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="folder for the workbooks")] = Path(),
    catalog: Annotated[Path | None, typer.Option("--catalog", metavar="DIR", help="catalogue directory")] = None,
) -> None:
    """空白工作簿 An Excel workbook for each expert: a matrix a node, its consistency shown while it is filled in."""
    from icdp.cli import panels

    panels.template(Settings.from_environment(), experts, panel, out, catalog)


@judgements_app.command("import")
def judgements_import(
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="the workbooks of all experts")],
    panel: Annotated[str, typer.Option("--panel", help="name of the panel; the revision is added")],
    title_zh: Annotated[str, typer.Option("--title-zh", help="Chinese title")] = "",
    title_en: Annotated[str, typer.Option("--title-en", help="English title")] = "",
    note: Annotated[str, typer.Option("--note", help="who judged, when, on what ground")] = "",
    merge: Annotated[
        Merging, typer.Option("--merge", help="aij: merge judgements; aip: merge priorities")
    ] = Merging.aij,
    weights: Annotated[
        list[str] | None, typer.Option("--weight", metavar="EXPERT=NUMBER", help="for every expert; default: equal")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only look for problems")] = False,
    form: Form = Format.table,
) -> None:
    """导入专家组 Take all experts' workbooks as the panel's next revision, all or nothing; every problem with its cell."""
    from icdp.cli import panels

    panels.import_(
        Settings.from_environment(), files, panels.about(panel, title_zh, title_en, note, merge, weights or []), form,
        dry_run=dry_run,
    )  # fmt: skip


@judgements_app.command("check")
def judgements_check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PANEL|FILES…]", help="an imported panel, a directory, or workbooks; default: in use"),
    ] = None,
    catalog: Annotated[Path | None, typer.Option("--catalog", metavar="DIR", help="catalogue directory")] = None,
    groups: Annotated[bool, typer.Option("--groups", help="only the experts as a group, a row a parent")] = False,
    form: Form = Format.table,
) -> None:
    """一致性与共识 Consistency of every expert and what would mend it; consensus, outlying experts, clusters, weights."""
    from icdp.cli import judging

    judging.check(Settings.from_environment(), paths or [], catalog, form, groups=groups)


@judgements_app.command("list")
def judgements_list(form: Form = Format.table) -> None:
    """专家组列表 The panels of this installation, and which editions each of them made."""
    from icdp.cli import panels

    panels.list_all(Settings.from_environment(), form)


@edition_app.command("list")
def edition_list(form: Form = Format.table) -> None:
    """版本列表 Every edition."""
    from icdp.cli import editions

    editions.list_all(Settings.from_environment(), form)


@edition_app.command("verify")
def edition_verify(
    which: Annotated[str | None, typer.Argument(metavar="[YEAR_OR_EDITION]", help="default: every edition")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="checksums only; do not make them again")] = False,
    form: Form = Format.table,
) -> None:
    """校验版本 Prove that editions are as published, and make them again from the archive, byte for byte."""
    from icdp.cli import editions

    editions.verify(Settings.from_environment(), which, form, quick=quick)


@app.command()
def score(
    catalog: Annotated[Path, typer.Option("--catalog", metavar="DIR", help="index.yaml and tree.yaml")],
    values: Annotated[Path, typer.Option("--values", metavar="FILE.csv", help="columns unit,indicator,year,value")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="new folder for the results")],
    judgements: Annotated[Path | None, typer.Option("--judgements", metavar="DIR", help="panel directory")] = None,
    form: Form = Format.table,
) -> None:
    """用自己的文件计算 Score anybody's values on anybody's index tree."""
    from icdp.cli import scoring

    scoring.score(catalog, values, judgements, out, form)


@app.command()
def rescore(
    year: Year,
    as_of: Annotated[datetime, Day],
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="new folder for all tables as CSV")] = None,
    form: Form = Format.table,
) -> None:
    """按当时所知重算 Score a year from what was known on a day; makes no edition."""
    from icdp.cli import scoring

    scoring.as_of(Settings.from_environment(), year, as_of.date(), out, form)


def main() -> None:
    """Run the command; a refusal is one line and exit code 1."""
    try:
        app()
    except IcdpError as refusal:
        print(f"refused: {' '.join(str(refusal).split())}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
