"""From assumptions to samples: what each uncertain factor changes in a run of draws."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icdp.scoring.normalisations import Array
from icdp.scoring.uncertainty.assumptions import FACTORS, Assumptions
from icdp.scoring.uncertainty.draws import MEASURED, Sample, evaluate
from icdp.scoring.uncertainty.plan import Parent, Plan
from icdp.scoring.uncertainty.streams import members, normals, times_drawn, uniforms

Memo = dict[tuple[str, int], Array]
"""(factor, stream) -> the random numbers of some draws."""


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
        self._holes = _fillable(plan) if assumptions.missing else np.zeros(plan.values.shape, dtype=bool)
        self._given = [p for p in plan.parents if p.weighting in ("equal", "fixed") and len(p.children) > 1]

    @property
    def active(self) -> tuple[str, ...]:
        """Return the factors that can make a difference on this plan."""
        plan, model = self.plan, self.assumptions
        can = {
            "experts": model.experts and any(len(parent.shares) > 1 for parent in plan.judged),
            "rounding": model.rounding is not None and bool(plan.judged),
            "given_weights": model.given_weights is not None and bool(self._given),
            "measured_weights": model.measured_weights and any(p.weighting in MEASURED for p in plan.parents),
            "values": bool((self._log_sd > 0).any() or (self._range_sd > 0).any()),
            "missing": bool(self._holes.any()),
            "normalisation": len(_possible(model.normalisations)) > 1,
            "aggregation": len(_possible(model.aggregations)) > 1,
            "leave_out": model.leave_out > 0 and len(plan.leaves) > 1,
        }
        return tuple(factor for factor in FACTORS if can[factor])

    def sample(self, start: int, stop: int, streams: Mapping[str, int], memo: Memo | None = None) -> Sample:
        """Return the draws ``start`` ... ``stop`` - 1.

        Args:
            start: first draw.
            stop: the draw after the last.
            streams: factor -> which of its independent samples; a factor not named is certain.
            memo: keeps random numbers for further calls with the same ``start`` and ``stop``.
        """
        memo = {} if memo is None else memo

        def numbers(factor: str, width: int) -> Array:
            key = (factor, streams[factor])
            if key not in memo:
                memo[key] = uniforms(self.seed, factor, streams[factor], start, stop, width)
            return memo[key]

        on = {factor for factor in self.active if factor in streams}
        model, units = self.assumptions, len(self.plan.units)
        sample = Sample(size=stop - start)
        if on & {"values", "missing"}:
            sample.values = np.repeat(self.plan.values[:, :, np.newaxis], stop - start, axis=2)
        if "missing" in on and sample.values is not None:
            self._fill(sample.values, numbers("missing", int(self._holes.sum())))
            sample.present = np.maximum(self.plan.present, self._holes)
        if "values" in on and sample.values is not None:
            key = ("values", streams["values"])
            if key not in memo:
                memo[key] = self._errors(streams["values"], start, stop)
            self._disturb(sample.values, memo[key])
        if "experts" in on:
            sample.experts = self._experts(numbers("experts", self.plan.experts))
        if "rounding" in on:
            sample.rounding = self._rounding(numbers("rounding", sum(_pairs(p) for p in self.plan.judged)))
        if "given_weights" in on:
            sample.noise = self._noise(numbers("given_weights", sum(len(p.children) for p in self._given)))
        if "measured_weights" in on:
            sample.units = members(numbers("measured_weights", units), units)
        if "normalisation" in on:
            sample.normalisation = _choose(numbers("normalisation", 1)[0], model.normalisations)
        if "aggregation" in on:
            sample.aggregation = _choose(numbers("aggregation", 1)[0], model.aggregations)
        if "leave_out" in on:
            sample.use = self._left_out(numbers("leave_out", 1)[0])
        return sample

    def _errors(self, stream: int, start: int, stop: int) -> Array:
        """Return factors exp(s e) for relative errors, then summands s e (max - min) for absolute ones."""
        relative, absolute = self._log_sd[self._log_sd > 0.0], (self._range_sd * self._range)[self._range_sd > 0.0]
        errors = normals(self.seed, "values", stream, start, stop, len(relative) + len(absolute))
        errors *= np.concatenate([relative, absolute])[:, np.newaxis]
        np.exp(errors[: len(relative)], out=errors[: len(relative)])
        return errors

    def _disturb(self, values: Array, errors: Array) -> None:
        split = int((self._log_sd > 0.0).sum())
        values[self._log_sd > 0.0] *= errors[:split]
        if split < len(errors):
            values[self._range_sd > 0.0] += errors[split:]

    def _fill(self, values: Array, numbers: Array) -> None:
        """Give every hole the value that another unit, each as likely as any other, has of that indicator."""
        for cell, (unit, leaf) in enumerate(np.argwhere(self._holes)):
            known = self.plan.values[self.plan.present[:, leaf] > 0.0, leaf]
            values[unit, leaf] = known[members(numbers[cell], len(known))]

    def _experts(self, numbers: Array) -> dict[str, Array]:
        """Resample the experts of each parent; those who judged all parents are drawn together for all."""
        found = {}
        for parent in self.plan.judged:
            experts = len(parent.shares)
            found[parent.node] = times_drawn(members(numbers[:experts], experts), experts)
        return found

    def _rounding(self, numbers: Array) -> dict[str, Array]:
        steps, position = {}, 0
        for parent in self.plan.judged:
            # Kish's effective number: of experts who count the same it is their number.
            experts = 1.0 / float((parent.shares**2).sum())
            half = (self.assumptions.rounding or 0.0) / np.sqrt(experts)
            steps[parent.node] = (2.0 * numbers[position : position + _pairs(parent)] - 1.0) * half
            position += _pairs(parent)
        return steps

    def _noise(self, numbers: Array) -> dict[str, Array]:
        found, position, most = {}, 0, self.assumptions.given_weights or 0.0
        for parent in self._given:
            own = numbers[position : position + len(parent.children)]
            found[parent.node] = 1.0 + most * (2.0 * own - 1.0)
            position += len(parent.children)
        return found

    def _left_out(self, numbers: Array) -> NDArray[np.bool_]:
        leaves, probability = len(self.plan.leaves), self.assumptions.leave_out
        which = np.where(numbers < probability, members(numbers / probability, leaves), -1)
        return np.asarray(which != np.arange(leaves)[:, np.newaxis])


def _pairs(parent: Parent) -> int:
    items = 0 if parent.logarithms is None else parent.logarithms.shape[1]
    return items * (items - 1) // 2


def _fillable(plan: Plan) -> NDArray[np.bool_]:
    """Return the cells without a value whose node above the unit has a score on all the same."""
    holes = np.zeros(plan.values.shape, dtype=bool)
    scores = evaluate(plan, Sample(size=1)).scores
    for parent in plan.parents:
        scored = ~np.isnan(scores[parent.node][:, 0])
        for child in parent.children:
            if child < len(plan.leaves):
                holes[:, child] = scored & (plan.present[:, child] == 0.0)
    return holes


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
