"""Which weights the children of a node get, and what has to be known about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.errors import DataError
from icdp.scoring.aggregate import Note
from icdp.scoring.entropy import entropy_weights
from icdp.scoring.normalisations import Array, minmax
from icdp.scoring.tree import Tree
from icdp.scoring.weights import WEIGHTINGS, components, conflict, correlation, informative, mix

ENTROPY = ["parent", "node", "units", "entropy", "divergence", "weight"]


class Weigher:
    """Gives the local weights of the children in use of each node, and keeps the record.

    Args:
        tree: the index.
        judged: parent -> weights of its children by the experts' judgements.
        in_use: the indicators in use.
        shifted: the indicators whose 0 was moved by convention.

    Attributes:
        notes: what was decided.
        entropy: rows of the entropy table, columns :data:`ENTROPY`.
    """

    def __init__(
        self, tree: Tree, judged: Mapping[str, pd.Series[float]], in_use: set[str], shifted: Collection[str] = ()
    ) -> None:
        self.tree = tree
        self.judged = judged
        self.shifted = set(shifted)
        self.notes: list[Note] = list(_nodes_without_data(tree, in_use))
        self.entropy: list[tuple[str, str, int, float, float, float]] = []

    def weigh(self, node: str, values: pd.DataFrame) -> pd.Series[float]:
        """Return the weights of the children in use; sum 1.

        Args:
            node: their parent.
            values: units x children in use, normalised; NaN is missing.

        Raises:
            DataError: the node's method is not defined for these values.
        """
        children, method = list(values.columns), self.tree[node].weighting
        if method == "entropy":
            return self._by_entropy(node, values)
        if method in ("critic", "std", "pca") and len(children) > 1:
            return self._by_values(node, method, values)
        if method == "fixed":
            weights = {child: self.tree[child].weight or 0.0 for child in self.tree.children(node)}
            return self._given(node, children, pd.Series(weights, dtype=float), "fixed")
        judged = self._given(node, children, self.judged[node], "judged") if node in self.judged else None
        if judged is not None and method == "ahp_entropy":
            measured: Array = np.asarray(self._by_entropy(node, values), dtype=np.float64)
            mixed = mix(np.asarray(judged, dtype=np.float64), measured, self.tree[node].ahp_share)
            return pd.Series(mixed, index=children, dtype=float)
        return pd.Series(1.0 / len(children), index=children, dtype=float) if judged is None else judged

    def _given(self, node: str, children: list[str], nominal: pd.Series[float], how: str) -> pd.Series[float]:
        """Return the judged or fixed weights of the children in use, scaled up when others are out."""
        if len(children) == len(nominal) and how == "judged":
            return nominal
        kept = nominal[children]
        if not kept.sum() > 0:
            raise DataError(f"{node}: the fixed weights of {', '.join(children)} are 0 and no other child is in use")
        if len(children) < len(nominal):
            shares = nominal / nominal.sum()
            out = ", ".join(f"{name} ({shares[name]:.4g})" for name in nominal.index if name not in children)
            detail = f"{how} weights of {', '.join(children)} scaled up to 1 without {out}"
            self.notes.append(Note("weights_renormalised", node, detail))
        return kept / kept.sum()

    def _by_entropy(self, node: str, values: pd.DataFrame) -> pd.Series[float]:
        values = self._from_zero(values)
        result = entropy_weights(values, node)
        counts = values.notna().sum()
        for child in values.columns:
            h, divergence, weight = (float(x[child]) for x in (result.entropy, result.divergence, result.weights))
            self.entropy.append((node, child, int(counts[child]), h, divergence, weight))
        if result.equal_fallback:
            what = "equal weights" if self.tree[node].weighting == "entropy" else "equal entropy weights"
            self.notes.append(Note("equal_weights", node, f"no child tells units apart: {what}"))
        else:
            for child, reason in result.uninformative.items():
                if result.weights[child] == 0.0:
                    self.notes.append(Note("zero_weight", child, f"{reason}: entropy weight 0"))
        for child in result.single_nonzero:
            detail = f"one unit alone differs from the lowest; entropy weight {result.weights[child]:.4g} rests on it"
            self.notes.append(Note("single_nonzero", child, detail))
        return result.weights

    def _from_zero(self, values: pd.DataFrame) -> pd.DataFrame:
        """Bring to 0-1 what has negative values or rests on a 0 moved by convention: entropy would measure the move."""
        moved = [
            child
            for child in values.columns
            if self.shifted.intersection(self.tree.leaves(child)) or bool((values[child] < 0).any())
        ]
        if not moved:
            return values
        values = values.copy()
        for child in moved:
            column = values[[child]].to_numpy(dtype=float)
            values[child] = np.where(np.isnan(column), np.nan, np.nan_to_num(minmax(column, [1])))
            self.notes.append(Note("entropy_rescaled", child, "its entropy is that of its values brought to 0-1"))
        return values

    def _by_values(self, node: str, method: str, values: pd.DataFrame) -> pd.Series[float]:
        x = values.to_numpy(dtype=float)
        complete = ~np.isnan(x).any(axis=1)
        used = x[complete] if method == "pca" else x
        self._refuse_undefined(node, method, values, used)
        weights = WEIGHTINGS[method](x, None, None)
        telling = informative(used)
        if not telling.any():
            self.notes.append(Note("equal_weights", node, "no child tells units apart: equal weights"))
        elif method == "critic" and telling.sum() > 1 and not conflict(x).any():
            self.notes.append(Note("equal_weights", node, "its children agree perfectly, no conflict: equal weights"))
        for child, tells in zip(values.columns, telling, strict=True):
            if telling.any() and not tells:
                self.notes.append(Note("zero_weight", child, f"tells no units apart: {method} weight 0"))
        if method == "pca":
            self._note_components(node, values, complete, x)
        return pd.Series(weights, index=values.columns, dtype=float)

    def _refuse_undefined(self, node: str, method: str, values: pd.DataFrame, used: Array) -> None:
        names = ", ".join(values.columns)
        remedy = "fill the values in or weigh the node by another method"
        if method == "pca" and len(used) < 3:
            raise DataError(f"{node}: pca needs 3 units with values of all of {names}; there are {len(used)}; {remedy}")
        if method == "critic":
            both = np.logical_and.outer(informative(used), informative(used))
            if len(pairs := np.argwhere(both & np.isnan(correlation(used)))):
                one, other = (values.columns[place] for place in pairs[0])
                raise DataError(
                    f"{node}: critic needs the correlation of {one} and {other}, which too few units have together; {remedy}"
                )

    def _note_components(self, node: str, values: pd.DataFrame, complete: NDArray[np.bool_], x: Array) -> None:
        if not complete.all():
            left = [str(unit) for unit in values.index[~complete]]
            detail = f"{len(left)} of {len(values)} without all values had no part in the weights: {', '.join(left)}"
            self.notes.append(Note("units_left_out", node, detail))
        for child, loading in zip(values.columns, components(x).loadings[:, 0], strict=True):
            if loading < -1e-9:
                detail = f"runs against its siblings (loading {loading:.4g}); pca weighs it by strength, not by sign"
                self.notes.append(Note("opposed_child", child, detail))


def _nodes_without_data(tree: Tree, in_use: set[str]) -> list[Note]:
    filled = {node.id for node in tree.nodes if in_use.intersection(tree.leaves(node.id))}
    notes = []
    for name in tree.inner:
        parent = tree[name].parent
        if name in filled or parent is None:
            continue
        heirs = [sibling for sibling in tree.children(parent) if sibling in filled]
        went = f"its weight went to {', '.join(heirs)}" if heirs else f"and so is its parent {parent}"
        notes.append(Note("node_without_data", name, f"none of its indicators is in use: out, {went}"))
    return notes
