"""whatif, reach, overtake: an edition scored again with something changed, and the questions turned round."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from icdp.catalog import load_catalog
from icdp.cli.comparing import signed
from icdp.cli.output import Format, console, rows_of, show
from icdp.cli.reading import find_node, headline, nodes_of
from icdp.comparing.state import TABLES
from icdp.errors import DataError, NotFoundError
from icdp.files import write_whole
from icdp.publishing.reader import Published, open_published
from icdp.scoring.judgements import Judgements, read_judgements
from icdp.settings import Settings
from icdp.whatif.inverse import MOST, STEP, cr_of, overtake, reach
from icdp.whatif.scenario import Case, Scenario

ALSO = ("judgements", "consistency", "consensus")


def case_of(db: Published, edition: str) -> Case:
    """Read all that scores an edition again out of the published database."""
    names = dict.fromkeys((*TABLES, *ALSO))
    return Case.of(
        edition,
        {name: db.frame(f"FROM history.{name} WHERE edition = $edition", edition=edition) for name in names},
    )


def scenario_of(
    weights: Sequence[str], drop: Sequence[str], normalise: str | None, aggregate: Sequence[str], panel: str | None
) -> Scenario:
    """Return the scenario that options describe.

    Raises:
        DataError: an option is not like ``node=value``, or a weight is no share.
    """
    shares: dict[str, float] = {}
    for text in weights:
        node, sign, number = text.removeprefix("weights.").partition("=")
        try:
            shares[node] = float(number)
        except ValueError:
            sign = ""
        if not sign or not 0 <= shares[node] < 1:
            raise DataError(f"--set {text!r} is not like weights.policy=0.4, a share from 0 to below 1")
    methods: dict[str, str] = {}
    for text in aggregate:
        node, sign, method = text.partition("=")
        if not sign:
            raise DataError(f"--aggregate {text!r} is not like composite=geometric")
        methods[node] = method
    return Scenario(weights=shares, drop=tuple(drop), normalise=normalise, aggregate=methods, panel=panel)


def whatif(
    settings: Settings,
    which: str,
    own: Scenario,
    files: Sequence[Path],
    node: str | None,
    save: Path | None,
    form: Format,
) -> None:
    """Print the ranks of an edition beside those of scenarios.

    Raises:
        DataError: nothing is changed, or a change is not possible.
        NotFoundError: no such edition or node.
    """
    scenarios = [Scenario.read(path) for path in files]
    if own != Scenario():
        scenarios.append(own)
    if not scenarios:
        raise DataError("nothing is changed; use --set, --drop, --normalise, --aggregate, --panel or --scenario FILE")
    with open_published(settings.published) as db:
        edition = db.edition(which)
        nodes, head, case = nodes_of(db, edition), headline(db, edition), case_of(db, edition)
    chosen = str(nodes["node"].iloc[0]) if node is None else find_node(nodes, node, indicators=False)
    table = case.state.scores[case.state.scores["node"] == chosen].set_index("adcode")
    rows = pd.DataFrame({"adcode": table.index, "province": table.index.map(case.state.provinces)}).set_index("adcode")
    rows["rank"], rows["score"] = table["rank"], table["score"]
    headings = {"province": "省份 Province", "rank": "位次 Rank", "score": "得分 Score"}
    notes = []
    for number, scenario in enumerate(scenarios, start=1):
        result = case.changed(_by_id(scenario, nodes), _panel(settings, scenario.panel)).score()
        key = "" if len(scenarios) == 1 else f"_{number}"
        rows[f"rank_new{key}"] = result.ranks[chosen]
        rows[f"places{key}"] = rows["rank"] - result.ranks[chosen]
        rows[f"score_new{key}"] = result.scores[chosen]
        label = f" ({number})" if key else ""
        headings |= {
            f"rank_new{key}": f"新位次 New{label}",
            f"places{key}": f"升降 Places{label}",
            f"score_new{key}": f"新得分 New score{label}",
        }
        notes.append(f"{label.strip()} {scenario.name} {describe(scenario)}".strip())
    ordered = rows.reset_index().sort_values(
        ["rank_new" if len(scenarios) == 1 else "rank", "adcode"], na_position="last"
    )
    shown = rows_of(ordered)
    if form is Format.table:
        shown = [
            {k: signed(v, 0) if k.startswith("places") and v is not None else v for k, v in row.items()}
            for row in shown
        ]
    title = f"{nodes.set_index('node')['name_zh'][chosen]} {chosen} · {head}"
    told = "假设计算，不是版本；其余照该版本。A calculation, no edition; all else as in the edition."
    show(shown, form, headings, title, [*notes, told])
    if save is not None:
        write_whole(save, own.text().encode())
        if form is Format.table:
            console().print(f"{save}；`icdp whatif {which} --scenario {save}`", style="dim")


def describe(scenario: Scenario) -> str:
    """Return what a scenario changes, in words."""
    parts = [f"{node} 权重 weight {share:g}" for node, share in scenario.weights.items()]
    parts += [f"去掉 without {', '.join(scenario.drop)}"] if scenario.drop else []
    parts += [f"标准化 normalised by {scenario.normalise}"] if scenario.normalise else []
    parts += [f"{node} 合成 aggregated by {method}" for node, method in scenario.aggregate.items()]
    parts += [f"专家组 panel {scenario.panel}"] if scenario.panel else []
    return "；".join(parts)


def _by_id(scenario: Scenario, nodes: pd.DataFrame) -> Scenario:
    """Return the scenario with nodes by id where it names them in words."""

    def named(name: str) -> str:
        if name in set(nodes["node"]):
            return name
        try:
            return find_node(nodes, name, indicators=False)
        except NotFoundError:
            return find_node(nodes, name, indicators=True)

    return scenario.model_copy(
        update={
            "weights": {named(node): share for node, share in scenario.weights.items()},
            "drop": tuple(named(node) for node in scenario.drop),
            "aggregate": {named(node): method for node, method in scenario.aggregate.items()},
        }
    )


def _panel(settings: Settings, name: str | None) -> Judgements | None:
    if name is None:
        return None
    own = settings.panels / name
    return read_judgements(own if Path(name).parent == Path() and own.is_dir() else Path(name))


def reach_rank(
    settings: Settings, which: str, province: str, indicator: str, rank: int, node: str | None, form: Format
) -> None:
    """Print how much a province's figure must change for a rank.

    Raises:
        NotFoundError: no such province, node or indicator.
        DataError: the province has no such figure.
    """
    place = load_catalog(settings.catalog).province(province)
    with open_published(settings.published) as db:
        edition = db.edition(which)
        nodes, case = nodes_of(db, edition), case_of(db, edition)
    leaf = find_node(nodes, indicator, indicators=True)
    where = None if node is None else find_node(nodes, node, indicators=False)
    found = reach(case, place.adcode, leaf, rank, where)
    unit = nodes.set_index("node")["unit"][leaf]
    factor = None if found.value_after is None else found.value_after / found.value_before
    row = {
        "edition": edition, "province": place.short_zh, "indicator": leaf, "unit": unit, "value": found.value_before,
        "value_needed": found.value_after, "factor": factor, "rank": found.rank_before, "rank_reached": found.rank_after,
        "best_rank": found.best,
    }  # fmt: skip
    headings = {
        "province": "省份 Province", "indicator": "指标 Indicator", "value": "现值 Value", "value_needed": "须达 Needed", "unit": "单位 Unit",
        "factor": "倍数 Factor", "rank": "位次 Rank", "rank_reached": "将为 Would be", "best_rank": "最好 Best met",
    }  # fmt: skip
    notes = [f"所找到的最小变动（逐步 {STEP - 1:.0%}，再对分；至 {MOST:g} 倍为止），其余各省各项不变；位次不必单调。The smallest change found "
             f"(steps of {STEP - 1:.0%}, then halving, up to {MOST:g} times), all else being equal; ranks need not be monotone."]  # fmt: skip
    if found.value_after is None:
        notes.insert(0, f"{MOST:g} 倍以内达不到第 {rank} 位 not reached within {MOST:g} times")
    show([row], form, headings, notes=notes)


def overtake_by_judgement(
    settings: Settings, which: str, ahead: str, behind: str, node: str | None, form: Format
) -> None:
    """Print which single judgement, changed, would put one province ahead of another.

    Raises:
        NotFoundError: no such province or node.
        DataError: the first is ahead already, or one has no score.
    """
    catalog = load_catalog(settings.catalog)
    first, second = catalog.province(ahead), catalog.province(behind)
    with open_published(settings.published) as db:
        edition = db.edition(which)
        nodes, case = nodes_of(db, edition), case_of(db, edition)
    where = None if node is None else find_node(nodes, node, indicators=False)
    found = overtake(case, first.adcode, second.adcode, where)
    rows = [
        {
            "parent": o.parent, "row_item": o.row_item, "col_item": o.col_item, "judged": o.before, "needed": o.after,
            "factor": o.after / o.before, "cr": cr_of(case, o),
        }
        for o in found
    ]  # fmt: skip
    headings = {
        "parent": "上级节点 Parent", "row_item": "行项 Row", "col_item": "列项 Column", "judged": "现判断 Judged", "needed": "须为 Needed",
        "factor": "倍数 Factor", "cr": "届时合并 CR",
    }  # fmt: skip
    notes = ["每行单独改动即可；所找到的最小变动在首行（判断限于 1/9 至 9）。Each row alone suffices; the smallest change found comes first "
             "(judgements within 1/9 and 9)."]  # fmt: skip
    if not rows:
        notes = ["没有一个判断在 1/9 至 9 之内改动即可做到 no single judgement within 1/9 and 9 does it"]
    show(rows, form, headings, f"{first.short_zh} > {second.short_zh} · {edition}", notes)
