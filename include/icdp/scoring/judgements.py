"""An expert panel: its directory of judgement files, read once and handed out as matrices.

A panel directory holds ``panel.yaml`` and one CSV file for each expert, named after the expert, with the
columns ``parent,row_item,col_item,value`` and optionally ``reason``. One row says how much more important
the row item is than the column item; the opposite cell may be left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from icdp.errors import JudgementError
from icdp.scoring.ratio import RECIPROCITY, complete_matrix, parse_judgement, reciprocal

REQUIRED = ("parent", "row_item", "col_item", "value")
OPTIONAL = ("reason",)
PANEL_FILE = "panel.yaml"
PANEL_KEYS = ("id", "title_zh", "title_en", "note")
TIDY = ["parent", "expert", "row_item", "col_item", "value"]


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
        expert_weights: expert -> weight in the merged matrix; None for equal.
    """

    id: str
    title_zh: str = ""
    title_en: str = ""
    note: str = ""
    given: tuple[Judgement, ...] = ()
    expert_weights: Mapping[str, float] | None = field(default=None)

    @property
    def experts(self) -> list[str]:
        """Return the experts' names in alphabetical order."""
        return sorted({judgement.expert for judgement in self.given})

    @property
    def parents(self) -> list[str]:
        """Return the parents that at least one expert judged, in the order met."""
        return list(dict.fromkeys(judgement.parent for judgement in self.given))

    @classmethod
    def from_matrices(
        cls, matrices: Mapping[str, Mapping[str, pd.DataFrame]], panel: str = "panel", **titles: Any
    ) -> Judgements:
        """Make a panel out of matrices in memory.

        Args:
            matrices: parent -> expert -> items x items.
            panel: the panel's name.
            **titles: further attributes of the panel.
        """
        given = [
            Judgement(parent, expert, row, col, value, where=f"{parent}, expert {expert}")
            for parent, by_expert in matrices.items()
            for expert, matrix in by_expert.items()
            for row, col, value in _cells(matrix)
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

    def matrices(self, parent: str, items: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Return each expert's full matrix on the children of one parent.

        Args:
            parent: the node whose children are compared.
            items: its children, in the order wanted.

        Returns:
            expert -> items x items; experts who did not judge this parent are left out.

        Raises:
            JudgementError: an unknown item (with file and row) or a pair an expert left out.
        """
        known = set(items)
        by_expert: dict[str, list[Judgement]] = {}
        for judgement in self.given:
            if judgement.parent != parent:
                continue
            for item in (judgement.row_item, judgement.col_item):
                if item not in known:
                    raise JudgementError(
                        f"{judgement.where}: unknown item {item!r} under {parent}; use one of {', '.join(items)}"
                    )
            by_expert.setdefault(judgement.expert, []).append(judgement)
        matrices = {}
        for expert in sorted(by_expert):
            rows = by_expert[expert]
            cells = {(row.row_item, row.col_item): row.value for row in rows}
            matrices[expert] = complete_matrix(cells, items, f"{rows[0].source}{parent}, expert {expert}")
        return matrices

    def tidy(self, items: Mapping[str, Sequence[str]]) -> pd.DataFrame:
        """Return every cell of every full matrix, for publishing.

        Args:
            items: parent -> its children.

        Returns:
            one row a cell: parent, expert, row_item, col_item, value.
        """
        rows = [
            (parent, expert, row, col, value)
            for parent, children in items.items()
            for expert, matrix in self.matrices(parent, children).items()
            for row, col, value in _cells(matrix)
        ]
        return pd.DataFrame(rows, columns=TIDY)


def _cells(matrix: pd.DataFrame) -> Iterator[tuple[str, str, float]]:
    for row, numbers in zip(matrix.index, matrix.to_numpy(dtype=float), strict=True):
        for col, value in zip(matrix.columns, numbers, strict=True):
            yield str(row), str(col), float(value)


def read_judgements(directory: Path | str) -> Judgements:
    """Read an expert panel.

    Args:
        directory: holds ``panel.yaml`` (id, title_zh, title_en, note and optionally ``expert_weights``) and
            one ``<expert>.csv`` for each expert.

    Raises:
        JudgementError: a missing or unreadable file, a row that is no judgement, or a pair given twice
            with values that are not inverse; the message names file and row.
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
    return Judgements(**panel, given=given, expert_weights=weights)


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
    if unknown := [key for key in panel if key not in (*PANEL_KEYS, "expert_weights")]:
        raise JudgementError(f"{path}: unknown key {unknown[0]!r}; the keys are {keys}, expert_weights")
    weights = {"expert_weights": panel["expert_weights"]} if panel.get("expert_weights") else {}
    return {key: str(panel.get(key) or "") for key in PANEL_KEYS} | weights


def _expert_weights(weights: Any, experts: set[str], path: Path) -> dict[str, float]:
    numbers = isinstance(weights, dict) and all(
        isinstance(value, int | float) and value > 0 for value in weights.values()
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
    columns = [name.strip() for name in reader.fieldnames or []]
    if not set(REQUIRED) <= set(columns) <= {*REQUIRED, *OPTIONAL}:
        raise JudgementError(
            f"{path}: the columns are {','.join(columns) or '(none)'}; they must be {','.join(REQUIRED)} "
            f"and may be {','.join(OPTIONAL)}"
        )
    reader.fieldnames = columns
    try:
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
