"""judgements template, import, list: the experts' workbooks out and back, and the panels they made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from icdp.catalog import Catalog, load_catalog
from icdp.cli.output import Format, Merging, console, show
from icdp.errors import DataError, IcdpError, NotFoundError
from icdp.experts.form import empty_form
from icdp.experts.layout import questions
from icdp.experts.reading import Answers, read_form
from icdp.experts.store import About, keep_panel, panel_of, problems_of, revisions, titled, unjudged
from icdp.files import replacing
from icdp.publishing.reader import open_published
from icdp.scoring import Judgements, read_judgements
from icdp.scoring.from_catalog import settings_of, tree_of
from icdp.scoring.group import assess
from icdp.settings import Settings
from icdp.sources.workbook_file import Problem

PROBLEMS = {"file": "文件 File", "cell": "单元格 Cell", "told": "问题 Problem"}


def template(settings: Settings, experts: Sequence[str], panel: str, out: Path, catalog_directory: Path | None) -> None:
    """Write a workbook for each expert into a folder, or none.

    Raises:
        DataError: a name is none or given twice, or one of the files exists.
    """
    catalog = load_catalog(catalog_directory or settings.catalog)
    if len({name.casefold() for name in experts}) < len(experts):
        raise DataError("an expert is named twice; name each once")
    rules, asked = settings_of(catalog), questions(catalog)
    files = {out / f"{panel}-{expert}.xlsx": empty_form(asked, panel, expert, rules) for expert in experts}
    if there := [path for path in files if path.exists()]:
        raise DataError(f"{there[0]}: exists, and may hold judgements; name another folder with --out")
    for path, content in files.items():
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    console().print(
        f"{out}：{len(files)} 个工作簿 workbooks，每个 {len(asked)} 张表 sheets each ({', '.join(q.parent for q in asked)})",
        soft_wrap=True,
    )


def read_forms(
    catalog: Catalog, files: Sequence[Path], form: Format, panel: str | None = None
) -> tuple[list[Answers], dict[str, bytes]]:
    """Read workbooks, or print every problem of all of them with its cell.

    Args:
        catalog: what a panel judges.
        files: the workbooks.
        form: how problems are printed.
        panel: what they are imported as, and then have to answer every question; that of the first when left out.

    Returns:
        the workbooks, and expert -> bytes.

    Raises:
        DataError: anything is wrong with any of the files.
    """
    asked = questions(catalog)
    answers: list[Answers] = []
    contents: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in files:
        try:
            content = path.read_bytes()
            answers.append(read_form(content, path.name, asked))
            contents[answers[-1].expert] = content
        except OSError as exc:
            problems.append(Problem(path.name, "", f"cannot be read ({exc.strerror}); name a workbook"))
        except IcdpError as exc:
            problems.append(Problem(path.name, "", str(exc).removeprefix(f"{path.name}: ")))
    problems += problems_of(answers, panel or (answers[0].panel if answers else ""))
    if not problems and panel is not None:
        problems += unjudged(answers, asked)
    if problems:
        show([{"file": p.file, "cell": p.cell, "told": p.told} for p in problems], form, PROBLEMS)
        raise DataError(f"{len(problems)} problems, nothing was taken; correct the cells shown and try again")
    return answers, contents


def about(name: str, title_zh: str, title_en: str, note: str, merge: Merging, weights: Sequence[str]) -> About:
    """Return what the options say of a panel.

    Raises:
        DataError: a weight is not written as expert=number.
    """
    given: dict[str, float] = {}
    for text in weights:
        expert, _, number = text.partition("=")
        try:
            given[expert] = float(number)
        except ValueError:
            raise DataError(f"--weight {text!r} is not expert=number; write it like 张三=2") from None
    return About(name, title_zh, title_en, note, "aip" if merge is Merging.aip else "aij", given or None)


def import_(settings: Settings, files: Sequence[Path], about: About, form: Format, *, dry_run: bool) -> None:
    """Keep workbooks as the next revision of a panel, or print every problem with its cell.

    Raises:
        DataError: anything is wrong with any of the files, or with what is said of the panel; nothing is taken then.
    """
    catalog = load_catalog(settings.catalog)
    answers, contents = read_forms(catalog, files, form, about.name)
    about = titled(about)
    panel = panel_of(answers, about)
    above = _above_limit(catalog, panel)
    rows: list[dict[str, object]] = [
        {
            "expert": each.expert, "file": each.file, "judgements": len(each.given), "parents": len(each.open),
            "open": sum(each.open.values()), "above_limit": ", ".join(above.get(each.expert, [])),
        }
        for each in answers
    ]  # fmt: skip
    headings = {
        "expert": "专家 Expert", "file": "文件 File", "judgements": "判断 Judgements", "parents": "上级节点 Parents",
        "open": "未填 Open", "above_limit": "CR 超阈值 CR above the limit",
    }  # fmt: skip
    notes = ["CR 超阈值的专家须复核，否则不能计分 experts above the limit have to reconsider before anything is scored: "
             "icdp judgements check"] if above else []  # fmt: skip
    if dry_run:
        show(rows, form, headings, f"{about.name}：可导入 can be taken", notes)
        return
    kept = keep_panel(settings.panels, answers, contents, about, datetime.now(UTC))
    outcome = "已导入 taken" if kept.is_new else "无变化 unchanged"
    notes.append(f"{kept.directory}；采用 to use it: ICDP_JUDGEMENTS={kept.id} make run YEAR=…")
    show([row | {"panel": kept.id} for row in rows], form, headings, f"{kept.id}：{outcome}", notes)


def _above_limit(catalog: Catalog, panel: Judgements) -> dict[str, list[str]]:
    tree, rules = tree_of(catalog), settings_of(catalog)
    above: dict[str, list[str]] = {}
    for parent in panel.parents:
        comparisons = panel.comparisons(parent, tree.children(parent))
        for entry in assess(comparisons, rules.ri_table, rules.cr_thresholds) if comparisons is not None else ():
            if not entry.accepted:
                above.setdefault(entry.expert, []).append(f"{parent} ({entry.consistency.cr:.3f})")
    return above


def list_all(settings: Settings, form: Format) -> None:
    """Print every panel of this installation, and the editions each of them made."""
    made = _editions(settings)
    imported = [settings.panels / f"{name}-r{revision}" for name, revision in revisions(settings.panels)]
    others = [] if settings.judgements in imported else [settings.judgements]
    rows: list[dict[str, object]] = []
    for directory in [*others, *imported]:
        panel = read_judgements(directory)
        rows.append(
            {
                "panel": panel.id, "in_use": directory == settings.judgements, "experts": len(panel.experts),
                "merge": panel.merge, "editions": ", ".join(made.pop((panel.id, panel.sha256()), [])),
                "title": f"{panel.title_zh} {panel.title_en}", "sha256": panel.sha256(), "directory": str(directory),
            }
        )  # fmt: skip
    rows += [
        {
            "panel": panel, "in_use": False, "experts": None, "merge": None, "editions": ", ".join(editions),
            "title": "不在本机 not on this machine", "sha256": sha256, "directory": None,
        }
        for (panel, sha256), editions in sorted(made.items())
    ]  # fmt: skip
    headings = {
        "panel": "专家组 Panel", "in_use": "采用 In use", "experts": "专家 Experts", "merge": "合并 Merge",
        "editions": "所成版本 Editions", "title": "题名 Title", "sha256": "摘要 SHA-256",
    }  # fmt: skip
    show(rows, form, headings)


def _editions(settings: Settings) -> dict[tuple[str, str], list[str]]:
    """Return (panel, digest) -> the editions it made; the digest is empty for editions of older versions."""
    try:
        with open_published(settings.published) as db:
            found = db.frame("SELECT edition, panel, panel_sha256 FROM history.editions ORDER BY year, revision")
    except NotFoundError:
        return {}
    made: dict[tuple[str, str], list[str]] = {}
    for row in found.fillna("").itertuples():
        made.setdefault((str(row.panel), str(row.panel_sha256)), []).append(str(row.edition))
    return made
