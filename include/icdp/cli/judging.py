"""judgements check: every expert's consistency, and what would mend it."""

from __future__ import annotations

from pathlib import Path

from icdp.catalog import load_catalog
from icdp.cli.output import Format, show
from icdp.errors import JudgementError
from icdp.scoring import read_judgements
from icdp.scoring.from_catalog import settings_of, tree_of
from icdp.scoring.group import ahp_weights, assess
from icdp.settings import Settings


def check(settings: Settings, directory: Path | None, catalog_directory: Path | None, form: Format) -> None:
    """Print the consistency of every matrix of a panel, and its weights.

    Raises:
        JudgementError: a matrix is malformed or missing, or an expert is refused.
    """
    catalog = load_catalog(catalog_directory or settings.catalog)
    tree, rules = tree_of(catalog), settings_of(catalog)
    panel = read_judgements(directory or settings.judgements)
    judged = [node for node in tree.inner if tree[node].judged]
    panel.check_parents(judged)
    rows: list[dict[str, object]] = []
    refused: list[str] = []
    for parent in judged:
        items = tree.children(parent)
        matrices = panel.matrices(parent, items) if len(items) > 1 else {}
        if not matrices and len(items) > 1:
            raise JudgementError(f"{parent}: no expert judged {', '.join(items)}; add rows with parent {parent}")
        entries = assess(matrices, rules.ri_table, rules.cr_thresholds)
        for entry in entries:
            worst = entry.worst[0] if entry.worst and not entry.accepted else None
            told = "" if worst is None else f"{worst.row} : {worst.col} = {worst.given:.4g} → {worst.implied:.4g}"
            measured = entry.consistency
            rows.append(
                {
                    "parent": parent, "expert": entry.expert, "n": measured.n, "lambda_max": measured.lambda_max,
                    "ci": measured.ci, "cr": measured.cr, "ri_table": measured.ri_table, "threshold": entry.threshold,
                    "accepted": entry.accepted, "most_inconsistent": told,
                }
            )  # fmt: skip
        refused += [f"{parent} ({entry.expert})" for entry in entries if not entry.accepted]
    headings = {
        "parent": "上级节点 Parent", "expert": "专家 Expert", "n": "n", "lambda_max": "λmax", "ci": "CI", "cr": "CR",
        "ri_table": "RI", "threshold": "阈值 Limit", "accepted": "通过 Accepted", "most_inconsistent": "最不一致 → 建议 Worst → proposal",
    }  # fmt: skip
    title = f"{panel.id} · {panel.title_zh} {panel.title_en}"
    weights = []
    if not refused:
        for parent in judged:
            items = tree.children(parent)
            if len(items) > 1:
                result = ahp_weights(
                    parent, panel.matrices(parent, items), ri_table=rules.ri_table, thresholds=rules.cr_thresholds,
                    expert_weights=panel.expert_weights,
                )  # fmt: skip
                weights.append(
                    f"{parent}: " + ", ".join(f"{item} {weight:.4f}" for item, weight in result.weights.items())
                )
    show(rows, form, headings, title, [panel.note.strip(), *weights])
    if refused:
        raise JudgementError(
            f"{panel.id}: CR above the limit for {', '.join(refused)}; ask those experts to reconsider the judgements shown"
        )
