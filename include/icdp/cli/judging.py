"""judgements check: every expert's consistency and what would mend it, and how the experts stand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from icdp.catalog import Catalog, load_catalog
from icdp.cli.output import Format, show
from icdp.cli.panels import read_forms
from icdp.errors import DataError, JudgementError
from icdp.experts.store import About, panel_of
from icdp.scoring import Judgements, read_judgements
from icdp.scoring.ahp import Inconsistency, cr_if_mended
from icdp.scoring.comparisons import Comparisons
from icdp.scoring.engine import Settings as Rules
from icdp.scoring.from_catalog import settings_of, tree_of
from icdp.scoring.group import ExpertConsistency, ahp_weights, assess
from icdp.scoring.opinions import group_row, opinions
from icdp.settings import Settings

TOP = 3
CONSISTENT = 1.0 + 1e-6  # a judgement off by less from what the others imply needs no mending
EXPERTS = {
    "parent": "上级节点 Parent", "expert": "专家 Expert", "n": "n", "missing": "未填 Open", "lambda_max": "λmax", "ci": "CI",
    "cr": "CR", "ri_table": "RI", "threshold": "阈值 Limit", "accepted": "通过 Accepted",
    "most_inconsistent": "最不一致 → 建议 Worst → proposal",
}  # fmt: skip
GROUP = {
    "parent": "上级节点 Parent", "experts": "专家 Experts", "merge": "合并 Merge", "consensus": "共识 S*",
    "consensus_level": "程度 Level", "cr": "合并CR Merged CR", "outlying": "离群 Outlying", "clusters": "意见簇 Clusters",
    "weights": "权重 Weights",
}  # fmt: skip


def check(
    settings: Settings, paths: Sequence[Path], catalog_directory: Path | None, form: Format, *, groups: bool
) -> None:
    """Print the consistency of every matrix of a panel, and per parent the group of its experts.

    Args:
        settings: where the panel in use lies.
        paths: a panel directory, or workbooks not yet imported; the panel in use when empty.
        catalog_directory: of another index.
        form: for people, or for programs (then the experts' rows, or with ``groups`` the parents').
        groups: the parents' rows only.

    Raises:
        JudgementError: a matrix is malformed or missing, or an expert is refused.
        DataError: a workbook has problems (they are printed), or the paths are no panel.
    """
    catalog = load_catalog(catalog_directory or settings.catalog)
    not_imported = bool(paths) and paths[0].is_file()
    panel = _panel(settings, catalog, paths, form)
    tree, rules = tree_of(catalog), settings_of(catalog)
    judged = [node for node in tree.inner if tree[node].judged]
    panel.check_parents(judged)
    experts: list[dict[str, object]] = []
    parents: list[dict[str, object]] = []
    refused: list[str] = []
    for parent in judged:
        items = tree.children(parent)
        if len(items) == 1:
            continue  # an only child weighs 1, whoever judges
        comparisons = panel.comparisons(parent, items)
        if comparisons is None and not_imported:
            continue  # one expert's workbook need not answer every question
        if comparisons is None:
            raise JudgementError(f"{parent}: no expert judged {', '.join(items)}; add rows with parent {parent}")
        entries = assess(comparisons, rules.ri_table, rules.cr_thresholds, TOP, panel.expert_weights)
        failing = [entry.expert for entry in entries if not entry.accepted]
        experts += [_expert(parent, entry, comparisons, k) for k, entry in enumerate(entries)]
        parents.append(_parent(parent, comparisons, panel, rules, failing))
        refused += [f"{parent} ({expert})" for expert in failing]
    title = f"{panel.id} · {panel.title_zh} {panel.title_en} · {panel.sha256()}"
    if not groups:
        show(experts, form, EXPERTS, title, [panel.note.strip()] if panel.note.strip() else [])
    if groups or form is Format.table:
        show(parents, form, GROUP, title if groups else "专家组 The experts as a group", [])
    if refused:
        raise JudgementError(
            f"{panel.id}: CR above the limit for {', '.join(refused)}; ask those experts to reconsider the judgements shown"
        )


def _panel(settings: Settings, catalog: Catalog, paths: Sequence[Path], form: Format) -> Judgements:
    if not paths:
        return read_judgements(settings.judgements)
    if len(paths) == 1 and (paths[0].is_dir() or not paths[0].exists()):
        own = settings.panels / paths[0].name
        return read_judgements(own if paths[0].parent == Path() and own.is_dir() else paths[0])
    if folders := [path for path in paths if path.is_dir()]:
        raise DataError(f"{folders[0]}: name one panel directory alone, or workbooks only")
    answers, _ = read_forms(catalog, paths, form)
    return panel_of(answers, About(answers[0].panel))


def _expert(parent: str, entry: ExpertConsistency, comparisons: Comparisons, k: int) -> dict[str, object]:
    measured = entry.consistency
    worst = [pair for pair in entry.worst if pair.factor > CONSISTENT]
    mended = cr_if_mended(comparisons.values[k], comparisons.judged[k], comparisons.items, worst, measured.ri_table)
    told = [_told(pair, cr) for pair, cr in zip(worst, mended, strict=True)]
    return {
        "parent": parent, "expert": entry.expert, "n": measured.n, "missing": measured.missing,
        "lambda_max": measured.lambda_max, "ci": measured.ci, "cr": measured.cr, "ri_table": measured.ri_table,
        "ri": measured.ri, "threshold": entry.threshold, "accepted": entry.accepted, "expert_weight": entry.weight,
        "most_inconsistent": "\n".join(told),
    }  # fmt: skip


def _told(pair: Inconsistency, cr: float) -> str:
    return f"{pair.row} : {pair.col} = {pair.given:.4g} → {pair.proposal} (fits {pair.implied:.4g}; CR {cr:.4f})"


def _parent(
    parent: str, comparisons: Comparisons, panel: Judgements, rules: Rules, failing: Sequence[str]
) -> dict[str, object]:
    """Describe the group; weights only when every expert has passed the gate."""
    result = ahp_weights(
        parent, comparisons, ri_table=rules.ri_table, thresholds={"default": float("inf")},
        expert_weights=panel.expert_weights, merge=panel.merge,
    )  # fmt: skip
    experts, merge, _, _, cr, ri_table, s_star, level, d_beta, outlying, _ = group_row(result, rules.opinions)
    clusters = opinions(result.priorities, rules.opinions).clusters
    weights = ", ".join(f"{item} {weight:.4f}" for item, weight in result.weights.items())
    return {
        "parent": parent, "experts": experts, "merge": merge, "consensus": s_star, "consensus_level": level,
        "d_beta": d_beta, "cr": cr, "ri_table": ri_table, "outlying": outlying,
        "clusters": " | ".join(", ".join(cluster) for cluster in clusters),
        "weights": "" if failing else weights,
    }  # fmt: skip
