"""What is taken to be uncertain, and how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from icdp.errors import DataError
from icdp.scoring.uncertainty.alternatives import AGGREGATIONS, NORMALISATIONS

SOURCES = ("experts", "rounding", "entropy", "values", "normalisation", "aggregation", "leave_out")
"""The sources of uncertainty, in the order in which they are told."""


@dataclass(frozen=True)
class Assumptions:
    """The uncertainty model of an index. What is left at its default is certain.

    Attributes:
        experts: resample the experts of the panel (with replacement, as many as there are).
        rounding: half a step of Saaty's scale by which each merged judgement may be off, divided by the root
            of the number of experts; 0.5 in Goepel (2018, eq. 23); None for certain judgements.
        entropy: resample the units when entropy weights are made.
        log_sd: units x indicators, standard deviation of the logarithm of a value's error; None for none.
        range_sd: units x indicators, standard deviation of a value's error as a share of the indicator's
            range over the units; None for none.
        normalisations: method -> how often it is drawn, relative to the others; one method is certain.
        aggregations: method -> how often it is drawn.
        geometric_floor: where a score of 0 lies on the scale (floor, 1] of the geometric mean.
        geometric_levels: levels of the tree (0 is the root) whose nodes the geometric mean applies to.
        leave_out: probability that one indicator, each as likely as any other, is left out.
    """

    experts: bool = False
    rounding: float | None = None
    entropy: bool = False
    log_sd: pd.DataFrame | None = None
    range_sd: pd.DataFrame | None = None
    normalisations: Mapping[str, float] = field(default_factory=lambda: {"minmax": 1.0})
    aggregations: Mapping[str, float] = field(default_factory=lambda: {"arithmetic": 1.0})
    geometric_floor: float = 0.01
    geometric_levels: frozenset[int] = frozenset({0, 1})
    leave_out: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no model.

        Raises:
            DataError: an unknown method, a negative spread or frequency, or a floor or probability outside 0-1.
        """
        for kind, chosen, known in (
            ("normalisation", self.normalisations, tuple(NORMALISATIONS)),
            ("aggregation", self.aggregations, AGGREGATIONS),
        ):
            if known[0] not in chosen:
                raise DataError(f"{kind}s {', '.join(chosen) or '(none)'} lack the index's own, {known[0]}; add it")
            if unknown := [name for name in chosen if name not in known]:
                raise DataError(f"unknown {kind} {unknown[0]!r}; choose among {', '.join(known)}")
            if not chosen or min(chosen.values()) < 0 or sum(chosen.values()) <= 0:
                raise DataError(f"frequencies of {kind}s {dict(chosen)}: give numbers above 0")
        if self.rounding is not None and not 0.0 < self.rounding <= 1.0:
            raise DataError(f"rounding {self.rounding:g}: half a step of the scale lies above 0 and at most at 1")
        if not 0.0 < self.geometric_floor < 1.0:
            raise DataError(f"geometric floor {self.geometric_floor:g} must lie between 0 and 1")
        if not 0.0 <= self.leave_out <= 1.0:
            raise DataError(f"leave_out {self.leave_out:g} is no probability; give 0 to 1")
        for spread in (self.log_sd, self.range_sd):
            if spread is not None and not (spread.to_numpy(dtype=float) >= 0.0).all():
                raise DataError("a standard deviation of a value is negative or missing; give 0 where a value is sure")
