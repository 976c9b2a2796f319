"""What is taken to be uncertain, and how much."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from icdp.errors import DataError
from icdp.scoring.aggregations import AGGREGATIONS
from icdp.scoring.normalise import NORMALISATIONS, parameters_of
from icdp.scoring.uncertainty.columns import OWN

FACTORS = (
    "experts",
    "rounding",
    "given_weights",
    "measured_weights",
    "values",
    "missing",
    "normalisation",
    "aggregation",
    "leave_out",
)
"""The uncertain factors, in the order in which they are told."""

OTHER_NORMALISATIONS = tuple(name for name in NORMALISATIONS if not any(parameters_of(name).values()))
"""Normalisations that a draw may choose: those that need no parameter."""

OTHER_AGGREGATIONS = tuple(name for name in AGGREGATIONS if name != "power")
"""Aggregations that a draw may choose."""


@dataclass(frozen=True)
class Assumptions:
    """The uncertainty model of an index. What is left at its default is certain.

    Attributes:
        experts: resample the experts of the panel (with replacement, as many as there are).
        rounding: half a step of Saaty's scale by which each merged judgement may be off, divided by the root
            of the number of experts; 0.5 in Goepel (2018, eq. 23); None for certain judgements.
        given_weights: share by which each equal or fixed weight may be off, either way; None for none.
        measured_weights: resample the units when weights are measured on them (entropy, CRITIC ...).
        log_sd: units x indicators, standard deviation of the logarithm of a value's error; None for none.
        range_sd: units x indicators, standard deviation of a value's error as a share of the indicator's
            range over the units; None for none.
        missing: give a unit another unit's value where it has none, on nodes on which it has a score.
        normalisations: ``own`` or the name of a method -> how often it is drawn, relative to the others.
        aggregations: ``own`` or the name of a method -> how often it is drawn.
        floor: where a score of 0 lies on the scale (floor, 1] of another aggregation, for means undefined at 0.
        levels: levels of the tree (0 is the root) whose nodes another aggregation applies to.
        leave_out: probability that one indicator, each as likely as any other, is left out.
    """

    experts: bool = False
    rounding: float | None = None
    given_weights: float | None = None
    measured_weights: bool = False
    log_sd: pd.DataFrame | None = None
    range_sd: pd.DataFrame | None = None
    missing: bool = False
    normalisations: Mapping[str, float] = field(default_factory=lambda: {OWN: 1.0})
    aggregations: Mapping[str, float] = field(default_factory=lambda: {OWN: 1.0})
    floor: float = 0.01
    levels: Collection[int] = frozenset({0, 1})
    leave_out: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no model.

        Raises:
            DataError: an unknown method, a negative spread or frequency, a number outside its range.
        """
        for kind, chosen, known in (
            ("normalisation", self.normalisations, OTHER_NORMALISATIONS),
            ("aggregation", self.aggregations, OTHER_AGGREGATIONS),
        ):
            if unknown := [name for name in chosen if name not in (OWN, *known)]:
                raise DataError(f"{kind} {unknown[0]!r} cannot be drawn; choose among {OWN}, {', '.join(known)}")
            if not chosen.get(OWN, 0.0) > 0.0 or min(chosen.values()) < 0.0:
                raise DataError(f"frequencies of {kind}s {dict(chosen)}: give `{OWN}` one above 0, none a negative one")
        for what, share in (("rounding", self.rounding), ("given_weights", self.given_weights)):
            if share is not None and not 0.0 < share <= 1.0:
                raise DataError(f"{what} {share:g}: give a number above 0 and not above 1")
        if not 0.0 < self.floor < 1.0:
            raise DataError(f"floor {self.floor:g} must lie between 0 and 1")
        if not 0.0 <= self.leave_out <= 1.0:
            raise DataError(f"leave_out {self.leave_out:g} is no probability; give 0 to 1")
        for spread in (self.log_sd, self.range_sd):
            if spread is not None and not (spread.to_numpy(dtype=float) >= 0.0).all():
                raise DataError("a standard deviation of a value is negative or missing; give 0 where a value is sure")
