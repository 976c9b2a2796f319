"""From assumptions to samples: what each source of uncertainty changes in a run of draws."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.scoring.uncertainty.assumptions import SOURCES, Assumptions
from icdp.scoring.uncertainty.draws import Sample
from icdp.scoring.uncertainty.plan import Plan
from icdp.scoring.uncertainty.streams import normals, resamples, uniforms

Array = NDArray[np.float64]


class Sampler:
    """Draws samples of a plan under assumptions.

    Args:
        plan: what no draw changes.
        assumptions: what is uncertain.
        seed: of all random numbers.
    """

    def __init__(self, plan: Plan, assumptions: Assumptions, seed: int) -> None:
        self.plan = plan
        self.assumptions = assumptions
        self.seed = seed
        self._log_sd = _on_plan(plan, assumptions.log_sd)
        self._range_sd = _on_plan(plan, assumptions.range_sd)
        self._range = np.nanmax(plan.values, axis=0) - np.nanmin(plan.values, axis=0)

    @property
    def active(self) -> tuple[str, ...]:
        """Return the sources that can make a difference on this plan."""
        plan, model = self.plan, self.assumptions
        judged = [parent for parent in plan.parents if parent.logarithms is not None]
        weighed = [parent for parent in plan.parents if parent.method == "entropy" and len(parent.children) > 1]
        can = {
            "experts": model.experts and any(len(parent.shares) > 1 for parent in judged),
            "rounding": model.rounding is not None and bool(judged),
            "entropy": model.entropy and bool(weighed),
            "values": bool((self._log_sd > 0).any() or (self._range_sd > 0).any()),
            "normalisation": len(_possible(model.normalisations)) > 1,
            "aggregation": len(_possible(model.aggregations)) > 1,
            "leave_out": model.leave_out > 0 and len(plan.leaves) > 1,
        }
        return tuple(source for source in SOURCES if can[source])

    def sample(self, start: int, stop: int, streams: Mapping[str, int]) -> Sample:
        """Return the draws ``start`` ... ``stop`` - 1.

        Args:
            start: first draw.
            stop: the draw after the last.
            streams: source -> which of its independent samples; a source not named is certain.
        """

        def numbers(source: str, width: int) -> Array:
            return uniforms(self.seed, source, streams[source], start, stop, width)

        on = [source for source in self.active if source in streams]
        model = self.assumptions
        chosen = _choose(numbers("normalisation", 1)[0], model.normalisations) if "normalisation" in on else None
        merged = _choose(numbers("aggregation", 1)[0], model.aggregations) if "aggregation" in on else None
        return Sample(
            size=stop - start,
            values=self._values(streams["values"], start, stop) if "values" in on else None,
            experts=self._experts(numbers("experts", self.plan.experts)) if "experts" in on else None,
            rounding=self._rounding(numbers("rounding", self._pairs())) if "rounding" in on else None,
            units=resamples(numbers("entropy", len(self.plan.units)), len(self.plan.units))
            if "entropy" in on
            else None,
            normalisation=chosen,
            geometric=None if merged is None else merged == "geometric",
            use=self._left_out(numbers("leave_out", 1)[0]) if "leave_out" in on else None,
        )

    def _values(self, stream: int, start: int, stop: int) -> Array:
        """Return erroneous values: x exp(s e) for relative errors, plus s e (max - min) for absolute ones."""
        log_cells, range_cells = np.nonzero(self._log_sd), np.nonzero(self._range_sd)
        split = len(log_cells[0])
        errors = normals(self.seed, "values", stream, start, stop, split + len(range_cells[0]))
        values = np.repeat(self.plan.values[:, :, np.newaxis], stop - start, axis=2)
        values[log_cells] *= np.exp(self._log_sd[log_cells][:, np.newaxis] * errors[:split])
        spread = (self._range_sd * self._range)[range_cells]
        values[range_cells] += spread[:, np.newaxis] * errors[split:]
        return values

    def _experts(self, numbers: Array) -> dict[str, Array]:
        """Resample the experts of each parent; those who judged all parents are drawn together for all."""
        return {
            parent.node: resamples(numbers[: len(parent.shares)], len(parent.shares))
            for parent in self.plan.parents
            if parent.logarithms is not None
        }

    def _pairs(self) -> int:
        judged = [parent.logarithms for parent in self.plan.parents if parent.logarithms is not None]
        return sum(x.shape[1] * (x.shape[1] - 1) // 2 for x in judged)

    def _rounding(self, numbers: Array) -> dict[str, Array]:
        steps, position = {}, 0
        for parent in self.plan.parents:
            if parent.logarithms is None:
                continue
            pairs = parent.logarithms.shape[1] * (parent.logarithms.shape[1] - 1) // 2
            # Kish's effective number: of experts who count the same it is their number.
            experts = 1.0 / float((parent.shares**2).sum())
            half = (self.assumptions.rounding or 0.0) / np.sqrt(experts)
            steps[parent.node] = (2.0 * numbers[position : position + pairs] - 1.0) * half
            position += pairs
        return steps

    def _left_out(self, numbers: Array) -> NDArray[np.bool_]:
        leaves, probability = len(self.plan.leaves), self.assumptions.leave_out
        which = np.where(numbers < probability, np.minimum(numbers / probability * leaves, leaves - 1), -1)
        return np.asarray(which.astype(np.int64) != np.arange(leaves)[:, np.newaxis])


def _on_plan(plan: Plan, spread: pd.DataFrame | None) -> Array:
    """Return standard deviations in the plan's order; 0 where nothing is said or there is no value."""
    if spread is None:
        return np.zeros_like(plan.values)
    named = spread.rename(index=str).reindex(index=list(plan.units), columns=list(plan.leaves))
    return np.asarray(named.fillna(0.0).to_numpy(dtype=float) * plan.present)


def _possible(frequencies: Mapping[str, float]) -> list[str]:
    return [name for name, frequency in frequencies.items() if frequency > 0]


def _choose(numbers: Array, frequencies: Mapping[str, float]) -> NDArray[np.str_]:
    names = _possible(frequencies)
    bounds = np.cumsum([frequencies[name] for name in names])
    return np.array(names)[np.searchsorted(bounds[:-1] / bounds[-1], numbers, side="right")]
