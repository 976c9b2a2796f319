"""Wiring of the ``icdp`` command; the work is in the modules beside. Exit codes: 0 fine, 1 refused, 2 usage."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from icdp.cli.output import Format
from icdp.errors import IcdpError
from icdp.settings import Settings

app = typer.Typer(
    help="智算发展潜力指数：查询已发布的各年度版本。 Published editions of the index; figures, weights and their sources.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
judgements_app = typer.Typer(help="专家判断矩阵 Experts' judgement matrices.", no_args_is_help=True)
edition_app = typer.Typer(help="已发布版本 Published editions.", no_args_is_help=True)
app.add_typer(judgements_app, name="judgements")
app.add_typer(edition_app, name="edition")

Which = Annotated[str, typer.Argument(metavar="YEAR_OR_EDITION", help="2024 (its latest edition) or 2024-r1")]
Province = Annotated[str, typer.Argument(metavar="PROVINCE", help="四川, 四川省, Sichuan or 510000")]
Form = Annotated[Format, typer.Option("--format", help="table for people, csv or json for programs")]
Node = Annotated[str | None, typer.Option("--node", help="a dimension or sub-dimension: id, Chinese or English name")]


@app.command()
def rank(which: Which, node: Node = None, form: Form = Format.table) -> None:
    """各省位次 The ranking of the provinces."""
    from icdp.cli import reading

    reading.rank(Settings.from_environment(), which, node, form)


@app.command()
def profile(province: Province, which: Which, form: Form = Format.table) -> None:
    """一省全貌 Everything about one province."""
    from icdp.cli import reading

    reading.profile(Settings.from_environment(), province, which, form)


@app.command()
def compare(first: Which, second: Which, node: Node = None, form: Form = Format.table) -> None:
    """两版比较 Ranks and scores of two editions side by side."""
    from icdp.cli import reading

    reading.compare(Settings.from_environment(), first, second, node, form)


@app.command()
def coverage(which: Which, form: Form = Format.table) -> None:
    """指标采用情况 What is used for each indicator, how faithful it is, or why it is missing."""
    from icdp.cli import reading

    reading.coverage(Settings.from_environment(), which, form)


@app.command()
def query(
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help='e.g. "SELECT province, score FROM scores WHERE year = 2024"')
    ],
    form: Form = Format.table,
) -> None:
    """SQL 查询（只读） Ask the published database (read-only)."""
    from icdp.cli import reading

    reading.query(Settings.from_environment(), sql, form)


@app.command()
def trace(
    province: Province,
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="id, Chinese or English name")],
    which: Which,
    form: Form = Format.table,
) -> None:
    """数值溯源 From the score back to the archived bytes and the citation."""
    from icdp.cli import tracing

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


@app.command()
def sources(form: Form = Format.table) -> None:
    """数据来源 The sources, and what is published of each."""
    from icdp.cli import reading

    reading.sources(Settings.from_environment(), form)


@judgements_app.command("check")
def judgements_check(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="panel directory; default: the project's baseline")
    ] = None,
    catalog: Annotated[Path | None, typer.Option("--catalog", metavar="DIR", help="catalogue directory")] = None,
    form: Form = Format.table,
) -> None:
    """一致性检验 Consistency of every expert's matrices, and the weights."""
    from icdp.cli import judging

    judging.check(Settings.from_environment(), directory, catalog, form)


@edition_app.command("list")
def edition_list(form: Form = Format.table) -> None:
    """版本列表 Every edition."""
    from icdp.cli import editions

    editions.list_all(Settings.from_environment(), form)


@edition_app.command("verify")
def edition_verify(
    which: Annotated[str | None, typer.Argument(metavar="[YEAR_OR_EDITION]", help="default: every edition")] = None,
    form: Form = Format.table,
) -> None:
    """校验版本 Prove that editions are as they were published."""
    from icdp.cli import editions

    editions.verify(Settings.from_environment(), which, form)


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
