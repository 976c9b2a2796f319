"""The typed model of ``uncertainty.yaml``: what is taken to be uncertain, and how much."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from icdp.catalog.model import Fidelity, Text, _Model

Share = Annotated[float, Field(gt=0, le=1)]


class Factor(_Model):
    """One uncertain factor and why it is one; a factor that is not listed is certain."""

    reason_zh: Text
    reason_en: Text


class Rounding(Factor):
    """How far a merged judgement may be off: half a step of the scale over the root of the number of experts."""

    half_step: Share


class GivenWeights(Factor):
    """By which share equal and fixed weights may be off, either way."""

    share: Share


class ValueErrors(Factor):
    """How well values stand for what is meant.

    Attributes:
        correlation: by fidelity, of the logarithms of value and what is meant, over the provinces.
        carried_per_year: factor on the correlation for each year by which the figure is older.
    """

    correlation: dict[Fidelity, Share]
    carried_per_year: Share

    @model_validator(mode="after")
    def _complete(self) -> ValueErrors:
        if absent := [name for name in Fidelity.__args__ if name not in self.correlation]:  # type: ignore[attr-defined]
            raise ValueError(f"correlation lacks {', '.join(absent)}; give each fidelity one, 1 for sure values")
        return self


class Choice(Factor):
    """Methods that could have been chosen: ``own`` or a method's name -> how often, relative to the others."""

    frequencies: dict[str, Annotated[float, Field(ge=0)]]


class AggregationChoice(Choice):
    """The same for aggregations: where a score of 0 lies for means undefined at 0, and to which levels it applies."""

    floor: Annotated[float, Field(gt=0, lt=1)]
    levels: tuple[Annotated[int, Field(ge=0)], ...]


class LeaveOut(Factor):
    """How likely it is that one indicator is left out."""

    probability: Share


class Factors(_Model):
    """The uncertain factors."""

    experts: Factor | None = None
    rounding: Rounding | None = None
    given_weights: GivenWeights | None = None
    measured_weights: Factor | None = None
    values: ValueErrors | None = None
    missing: Factor | None = None
    normalisation: Choice | None = None
    aggregation: AggregationChoice | None = None
    leave_out: LeaveOut | None = None


class AuditFlags(_Model):
    """From where on a correlation or an alpha is flagged."""

    redundant: Annotated[float, Field(gt=0, le=1)] = 0.92
    opposed: Annotated[float, Field(ge=-1, lt=0)] = -0.40
    weak: Annotated[float, Field(ge=0, le=1)] = 0.30
    alpha: Annotated[float, Field(gt=0, le=1)] = 0.70


class UncertaintyRules(_Model):
    """The content of ``uncertainty.yaml``."""

    seed: Annotated[int, Field(ge=0, lt=2**53)]
    draws: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    draws_alone: Annotated[int, Field(ge=100, le=1_000_000)] = 2_000
    draws_sobol: Annotated[int, Field(ge=64, le=65_536)] = 1_024
    resamples: Annotated[int, Field(ge=50, le=10_000)] = 200
    factors: Factors
    audit: AuditFlags = AuditFlags()
