"""Imported panels: numbered revisions that are never changed, each a panel directory with the workbooks it came from."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from icdp.errors import DataError, JudgementError
from icdp.experts.layout import ABOUT, EXPERT_CELL, NAME, PANEL_CELL, REVISION, Question
from icdp.experts.reading import Answer, Answers
from icdp.files import alone
from icdp.scoring.group import Merge
from icdp.scoring.judgements import OPTIONAL, PANEL_FILE, REQUIRED, Judgements
from icdp.sources.workbook_file import Problem

BUILDING = ".building-"


@dataclass(frozen=True, slots=True)
class About:
    """What is said of a panel, and how its experts are merged.

    Attributes:
        name: of the panel, without its revision.
        title_zh: Chinese title.
        title_en: English title.
        note: who judged, when and on what ground.
        merge: ``aij`` or ``aip``.
        expert_weights: expert -> weight above 0, for every expert; None for equal.
    """

    name: str
    title_zh: str = ""
    title_en: str = ""
    note: str = ""
    merge: Merge = "aij"
    expert_weights: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What an import did: the revision that now stands, where it lies, and whether it is new."""

    id: str
    directory: Path
    is_new: bool


def problems_of(answers: Sequence[Answers], panel: str) -> list[Problem]:
    """Return every problem of all workbooks, and those that they have with each other.

    Args:
        answers: the workbooks read.
        panel: name of the panel they belong to.
    """
    problems = [problem for each in answers for problem in each.problems]
    first: dict[str, str] = {}
    for each in answers:
        if each.panel != panel and NAME.fullmatch(each.panel):
            told = f"was made for panel {each.panel}, not for {panel}; import it there, or make a fresh workbook"
            problems.append(Problem(each.file, f"{ABOUT}!{PANEL_CELL}", told))
        # On many disks upper and lower case are the same file.
        key = each.expert.casefold()
        if key in first:
            told = f"{each.expert} answers in {first[key]} already; import one workbook an expert"
            problems.append(Problem(each.file, f"{ABOUT}!{EXPERT_CELL}", told))
        first.setdefault(key, each.file)
    return problems


def unjudged(answers: Sequence[Answers], asked: Sequence[Question]) -> list[Problem]:
    """Return a problem for each question that no workbook answers: such a panel cannot weigh the index."""
    judged = {answer.judgement.parent for each in answers for answer in each.given}
    return [
        Problem("（全部 all）", question.parent, f"no expert judged {', '.join(question.items)}; one has to")
        for question in asked
        if question.parent not in judged
    ]


def panel_of(answers: Sequence[Answers], about: About, panel_id: str | None = None) -> Judgements:
    """Return the panel that workbooks without problems make.

    Raises:
        DataError: the weights do not name every expert once, or one is not above 0.
    """
    experts = sorted(each.expert for each in answers)
    weights = about.expert_weights
    if weights is not None and (sorted(weights) != experts or not all(0 < w < float("inf") for w in weights.values())):
        raise DataError(f"the experts' weights must give a number above 0 for each of {', '.join(experts)}")
    given = tuple(answer.judgement for each in sorted(answers, key=lambda a: a.expert) for answer in each.given)
    return Judgements(panel_id or about.name, about.title_zh, about.title_en, about.note, given, weights, about.merge)


def keep_panel(
    folder: Path, answers: Sequence[Answers], contents: Mapping[str, bytes], about: About, moment: datetime
) -> Kept:
    """Keep workbooks without problems as the next revision of a panel, whole or not at all.

    Args:
        folder: where imported panels lie.
        answers: the workbooks read.
        contents: expert -> the workbook's bytes.
        about: what is said of the panel.
        moment: when it was imported.

    Returns:
        the revision before, when it says the same.

    Raises:
        DataError: the panel's name is none, or the weights do not fit the experts.
        JudgementError: the revision before is unreadable.
    """
    if not NAME.fullmatch(about.name) or REVISION.fullmatch(about.name):
        raise DataError(
            f"{about.name!r} is no name of a panel; use letters, digits, - and _, without a revision (-r1) at the end"
        )
    with alone(folder / ".lock"):
        for leftover in folder.glob(f"{BUILDING}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        last = max((revision for name, revision in revisions(folder) if name == about.name), default=0)
        if last and _said(folder / f"{about.name}-r{last}") == _texts(answers, about, last):
            return Kept(f"{about.name}-r{last}", folder / f"{about.name}-r{last}", is_new=False)
        new = folder / f"{about.name}-r{last + 1}"
        _write(new, _texts(answers, about, last + 1), contents, moment)
    return Kept(new.name, new, is_new=True)


def revisions(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield (name, revision) of every imported panel, in their order."""
    found = [REVISION.fullmatch(path.name) for path in (folder.iterdir() if folder.is_dir() else ())]
    yield from sorted((match["name"], int(match["revision"])) for match in found if match)


def _texts(answers: Sequence[Answers], about: About, revision: int) -> dict[str, Any]:
    """Return file -> content of a revision, panel.yaml as the mapping that it holds."""
    panel = panel_of(answers, about, f"{about.name}-r{revision}")
    head: dict[str, Any] = {
        "id": panel.id, "title_zh": panel.title_zh, "title_en": panel.title_en, "note": panel.note,
        "merge": panel.merge, "sha256": panel.sha256(),
    }  # fmt: skip
    if panel.expert_weights is not None:
        head["expert_weights"] = {expert: float(w) for expert, w in sorted(panel.expert_weights.items())}
    return {PANEL_FILE: head} | {f"{each.expert}.csv": _table(each.given) for each in answers}


def _table(given: Sequence[Answer]) -> str:
    stream = io.StringIO(newline="")
    table = csv.writer(stream, lineterminator="\n")
    table.writerow((*REQUIRED, *OPTIONAL))
    for answer in given:
        j = answer.judgement
        table.writerow((j.parent, j.row_item, j.col_item, answer.text, j.reason))
    return stream.getvalue()


def _said(directory: Path) -> dict[str, Any]:
    """Return what a revision says, as :func:`_texts` does."""
    try:
        head = yaml.safe_load((directory / PANEL_FILE).read_text(encoding="utf-8"))
        head.pop("imported_at", None)
        texts = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.csv")}
    except (OSError, ValueError, yaml.YAMLError, AttributeError) as exc:
        raise JudgementError(f"{directory}: cannot be read ({exc}); restore it from a backup") from exc
    return {PANEL_FILE: head} | texts


def _write(target: Path, texts: Mapping[str, Any], contents: Mapping[str, bytes], moment: datetime) -> None:
    building = Path(tempfile.mkdtemp(prefix=BUILDING, dir=target.parent))
    try:
        head = texts[PANEL_FILE] | {"imported_at": moment.isoformat(timespec="seconds")}
        text = yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=1000)
        for name, content in {**texts, PANEL_FILE: text}.items():
            (building / name).write_text(content, encoding="utf-8", newline="")
        (building / "workbooks").mkdir()
        for expert, workbook in contents.items():
            (building / "workbooks" / f"{expert}.xlsx").write_bytes(workbook)
        for path in building.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o444)
        building.chmod(0o755)
        building.rename(target)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def titled(about: About) -> About:
    """Return ``about`` with titles made of the panel's name where none are given."""
    return replace(
        about, title_zh=about.title_zh or f"专家组 {about.name}", title_en=about.title_en or f"Panel {about.name}"
    )
