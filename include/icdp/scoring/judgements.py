"""An expert panel: its directory of judgement files, read once and handed out as matrices.

:mod:`icdp.experts` makes such a directory out of the workbooks that experts fill in. A panel directory holds ``panel.yaml`` and one CSV file for each expert, named after the expert, with the
columns ``parent,row_item,col_item,value`` and optionally ``reason``. One row says how much more important
the row item is than the column item; the opposite cell may be left out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import yaml

from icdp.errors import JudgementError
from icdp.scoring.comparisons import Comparisons
from icdp.scoring.group import Merge
from icdp.scoring.ratio import RECIPROCITY, parse_judgement, reciprocal

REQUIRED = ("parent", "row_item", "col_item", "value")
OPTIONAL = ("reason",)
PANEL_FILE = "panel.yaml"
PANEL_KEYS = ("id", "title_zh", "title_en", "note")
PANEL_OPTIONAL = ("expert_weights", "merge", "imported_at", "sha256")
MERGES = get_args(Merge)
TIDY = ["parent", "expert", "row_item", "col_item", "value", "completed"]


@dataclass(frozen=True)
class Judgement:
    """One judgement as given: how much more important the row item is, and where that is written."""

    parent: str
    expert: str
    row_item: str
    col_item: str
    value: float
    reason: str = ""
    where: str = ""

    @property
    def source(self) -> str:
        """Return the file as the beginning of a message, empty for a judgement that is in none."""
        file, separator, _ = self.where.rpartition(", row ")
        return f"{file}: " if separator else ""


@dataclass(frozen=True)
class Judgements:
    """The judgements of a panel of experts.

    Attributes:
        id: the panel's name.
        title_zh: its Chinese title.
        title_en: its English title.
        note: who judged, when and on what ground.
        given: every judgement as given.
        expert_weights: expert -> weight in the merged result; None for equal.
        merge: how the experts become one.
    """

    id: str
    title_zh: str = ""
    title_en: str = ""
    note: str = ""
    given: tuple[Judgement, ...] = ()
    expert_weights: Mapping[str, float] | None = field(default=None)
    merge: Merge = "aij"

    @property
    def experts(self) -> list[str]:
        """Return the experts' names in alphabetical order."""
        return sorted({judgement.expert for judgement in self.given})

    @property
    def parents(self) -> list[str]:
        """Return the parents that at least one expert judged, in the order met."""
        return list(dict.fromkeys(judgement.parent for judgement in self.given))

    def sha256(self) -> str:
        """Return the digest of all that decides weights: every judgement, the experts' weights, the merge.

        Titles, notes and reasons are not in it; nor does the order of files and rows matter.
        """
        rows = sorted((j.parent, j.expert, j.row_item, j.col_item, repr(float(j.value))) for j in self.given)
        weights = sorted((expert, repr(float(w))) for expert, w in (self.expert_weights or {}).items())
        return hashlib.sha256(repr((rows, weights, self.merge)).encode()).hexdigest()

    @classmethod
    def from_matrices(
        cls, matrices: Mapping[str, Mapping[str, pd.DataFrame]], panel: str = "panel", **titles: Any
    ) -> Judgements:
        """Make a panel out of matrices in memory.

        Args:
            matrices: parent -> expert -> items x items; NaN where a pair is open.
            panel: the panel's name.
            **titles: further attributes of the panel.
        """
        given = [
            Judgement(parent, expert, row, col, value, where=f"{parent}, expert {expert}")
            for parent, by_expert in matrices.items()
            for expert, matrix in by_expert.items()
            for row, col, value in _cells(matrix)
            if value == value
        ]
        return cls(panel, given=tuple(given), **titles)

    def check_parents(self, known: Collection[str]) -> None:
        """Refuse judgements on a parent whose children are not weighed by judgements.

        Raises:
            JudgementError: naming file and row.
        """
        for judgement in self.given:
            if judgement.parent not in known:
                raise JudgementError(
                    f"{judgement.where}: {judgement.parent!r} is no node weighted by ahp; "
                    f"use one of {', '.join(sorted(known)) or '(none)'} or remove the row"
                )

    def comparisons(self, parent: str, items: Sequence[str]) -> Comparisons | None:
        """Return the experts' matrices on the children of one parent, open pairs completed.

        Args:
            parent: the node whose children are compared.
            items: its children, in the order wanted.

        Returns:
            None when no expert judged this parent; experts who did not are left out.

        Raises:
            JudgementError: an unknown item (with file and row), or an expert's items that no chain of his
                judgements connects.
        """
        known = set(items)
        rows: dict[str, list[Judgement]] = {}
        for judgement in self.given:
            if judgement.parent != parent:
                continue
            for item in (judgement.row_item, judgement.col_item):
                if item not in known:
                    raise JudgementError(
                        f"{judgement.where}: unknown item {item!r} under {parent}; use one of {', '.join(items)}"
                    )
            rows.setdefault(judgement.expert, []).append(judgement)
        if not rows:
            return None
        judged = {
            expert: (f"{own[0].source}{parent}, expert {expert}", {(j.row_item, j.col_item): j.value for j in own})
            for expert, own in rows.items()
        }
        return Comparisons.from_judgements(judged, items)

    def matrices(self, parent: str, items: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Return :meth:`comparisons` as expert -> items x items; empty when no expert judged this parent."""
        found = self.comparisons(parent, items)
        return {} if found is None else {expert: found.frame(expert) for expert in found.experts}

    def tidy(self, items: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """Return every cell of every full matrix, for publishing.

        Args:
            items: parent -> its children.

        Returns:
            one row a cell: parent, expert, row_item, col_item, value, completed (the expert left the pair open).
        """
        rows = [
            (parent, expert, row, col, float(found.values[k, i, j]), not found.judged[k, i, j])
            for parent, children in items.items()
            if (found := self.comparisons(parent, children)) is not None
            for k, expert in enumerate(found.experts)
            for i, row in enumerate(children)
            for j, col in enumerate(children)
        ]
        return pd.DataFrame(rows, columns=TIDY)


def _cells(matrix: pd.DataFrame) -> Iterator[tuple[str, str, float]]:
    for row, numbers in zip(matrix.index, matrix.to_numpy(dtype=float), strict=True):
        for col, value in zip(matrix.columns, numbers, strict=True):
            yield str(row), str(col), float(value)


def read_judgements(directory: Path | str) -> Judgements:
    """Read an expert panel.

    Args:
        directory: holds ``panel.yaml`` (id, title_zh, title_en, note and optionally ``expert_weights`` and
            ``merge``) and one ``<expert>.csv`` for each expert.

    Raises:
        JudgementError: a missing or unreadable file, a row that is no judgement, a pair given twice with values
            that are not inverse, or an imported panel that was changed by hand; the message names file and row.
    """
    folder = Path(directory)
    panel = _read_panel(folder / PANEL_FILE)
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise JudgementError(f"{folder}: no expert's file; add one <expert>.csv with the columns {','.join(REQUIRED)}")
    given = tuple(judgement for path in files for judgement in _read_expert(path))
    weights = panel.pop("expert_weights", None)
    if weights is not None:
        weights = _expert_weights(weights, {path.stem for path in files}, folder / PANEL_FILE)
    titles = {key: panel[key] for key in PANEL_KEYS}
    found = Judgements(**titles, given=given, expert_weights=weights, merge=panel.get("merge") or "aij")
    if panel.get("sha256") not in (None, found.sha256()):
        raise JudgementError(
            f"{folder}: was changed since it was imported as {found.id}; import the corrected workbooks, which makes "
            f"the next revision, or remove `sha256` from {PANEL_FILE} and give the panel an id of its own"
        )
    return found


def _read_panel(path: Path) -> dict[str, Any]:
    try:
        panel = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise JudgementError(f"{path}: not found; a panel directory holds {PANEL_FILE} and one CSV an expert") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise JudgementError(f"{path}: unreadable ({' '.join(str(error).split())}); correct the YAML") from error
    keys = ", ".join(PANEL_KEYS)
    if not isinstance(panel, dict) or not panel.get("id"):
        raise JudgementError(f"{path}: no panel id; give the keys {keys}")
    if unknown := [key for key in panel if key not in (*PANEL_KEYS, *PANEL_OPTIONAL)]:
        raise JudgementError(f"{path}: unknown key {unknown[0]!r}; the keys are {keys}, expert_weights, merge")
    if panel.get("merge", MERGES[0]) not in MERGES:
        raise JudgementError(f"{path}: merge {panel['merge']!r} is not one of {', '.join(MERGES)}; use one of them")
    optional = {key: panel[key] for key in PANEL_OPTIONAL if panel.get(key)}
    return {key: str(panel.get(key) or "") for key in PANEL_KEYS} | optional


def _expert_weights(weights: Any, experts: set[str], path: Path) -> dict[str, float]:
    numbers = isinstance(weights, dict) and all(
        isinstance(value, int | float) and math.isfinite(value) and value > 0 for value in weights.values()
    )
    if not numbers or {str(expert) for expert in weights} != experts:
        raise JudgementError(
            f"{path}: expert_weights must give a number above 0 for each of {', '.join(sorted(experts))}"
        )
    return {str(expert): float(value) for expert, value in weights.items()}


def _read_expert(path: Path) -> Iterator[Judgement]:
    seen: dict[tuple[str, str, str], Judgement] = {}
    for where, row in _rows(path):
        parent, item, other = (row[key].strip() for key in ("parent", "row_item", "col_item"))
        if not (parent and item and other):
            raise JudgementError(f"{where}: parent, row_item or col_item is empty; fill it in or remove the row")
        try:
            value = parse_judgement(row["value"])
        except JudgementError as error:
            raise JudgementError(f"{where}: {parent}, {item} against {other}: {error}") from None
        judgement = Judgement(parent, path.stem, item, other, value, (row.get("reason") or "").strip(), where)
        _refuse_contradiction(judgement, seen)
        if (parent, item, other) not in seen:
            seen[parent, item, other] = judgement
            yield judgement
    if not seen:
        raise JudgementError(f"{path}: no judgement in it; add rows {','.join(REQUIRED)} or remove the file")


def _refuse_contradiction(new: Judgement, seen: Mapping[tuple[str, str, str], Judgement]) -> None:
    pair = f"{new.parent}, {new.row_item} against {new.col_item}"
    if new.row_item == new.col_item and abs(new.value - 1.0) > RECIPROCITY:
        raise JudgementError(f"{new.where}: {pair} is {new.value:g}; an item against itself is 1, or is left out")
    same = seen.get((new.parent, new.row_item, new.col_item))
    if same is not None and not reciprocal(new.value, 1.0 / same.value):
        raise JudgementError(
            f"{new.where}: {pair} is {new.value:g} here and {same.value:g} at {same.where}; keep one of them"
        )
    opposite = seen.get((new.parent, new.col_item, new.row_item))
    if opposite is not None and not reciprocal(new.value, opposite.value):
        raise JudgementError(
            f"{new.where}: {pair} is {new.value:g}, not reciprocal to {opposite.value:g} at {opposite.where}; "
            "remove one of the two rows (the missing one is filled with its inverse)"
        )


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise JudgementError(f"{path}: unreadable ({error}); save it as CSV in UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True)
    try:
        columns = [name.strip() for name in reader.fieldnames or []]
        if not set(REQUIRED) <= set(columns) <= {*REQUIRED, *OPTIONAL}:
            raise JudgementError(
                f"{path}: the columns are {','.join(columns) or '(none)'}; they must be {','.join(REQUIRED)} "
                f"and may be {','.join(OPTIONAL)}"
            )
        reader.fieldnames = columns
        for row in reader:
            where = f"{path}, row {reader.line_num}"
            if "" in row or any(row[key] is None for key in REQUIRED):
                raise JudgementError(f"{where}: not {len(columns)} cells; put a text with commas in double quotes")
            if any((cell or "").strip() for cell in row.values()):
                yield where, row
    except csv.Error as error:
        raise JudgementError(
            f"{path}, row {reader.line_num + 1}: unreadable ({error}); check its double quotes"
        ) from None
