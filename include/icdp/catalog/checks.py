"""The typed model of the quality checks: what each rule may be told in ``include/catalog/quality``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from icdp.catalog.expression import Expression
from icdp.catalog.model import Fidelity, Identifier, Severity, Text, _Model

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Provinces = Annotated[int, Field(ge=2)]
BEFORE = "_before"  # `population_before` in an expression: the same series one year earlier


class Check(_Model):
    """What every check has: its name, how grave a failure is, what it speaks of, what to think of it, why it is."""

    check: Identifier
    rule: Identifier
    severity: Severity
    about: Literal["series", "indicator", "year", "edition"]
    message_zh: Text
    message_en: Text
    reason: Text
    file: str = ""  # of include/catalog/quality, for messages; set by the loader

    def series_named(self) -> Iterable[str]:
        """Return the series its parameters name; each must exist."""
        return ()

    def indicators_named(self) -> Iterable[str]:
        """Return the indicators its parameters name; each must exist."""
        return ()


class SumBetween(Check):
    """Bounds of the sum over the provinces."""

    series: Identifier
    min: float
    max: float
    min_provinces: Provinces | None = None

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return (self.series,)


class NationalTotal(Check):
    """How far the sum over the provinces may lie from the printed total."""

    series: Identifier
    tolerance: Positive
    min_provinces: Provinces | None = None

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return (self.series,)


class RatioBetween(Check):
    """An identity: ``left`` over ``right``, province by province, lies between two bounds.

    Both are expressions over series in their own units; ``population_before`` is the series one year earlier.
    """

    left: Expression
    right: Expression
    min: float
    max: float

    @field_validator("left", "right", mode="before")
    @classmethod
    def _parse(cls, data: object) -> object:
        return Expression.parse(data) if isinstance(data, str) else data

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return [name.removesuffix(BEFORE) for name in (*self.left.series, *self.right.series)]


class YearOnYear(Check):
    """The band about the common movement of all provinces in which each of them moves.

    The band is the larger of ``floor`` (times the years between) and ``k`` robust standard deviations, of which no
    more than ``cap`` count. It is measured in natural logarithms, for the series in ``counts`` (``count_floor``,
    ``count_cap``) in twice the square root: a Poisson count has a standard deviation of about 1 there.

    Attributes:
        share: provinces outside that are tolerated, as a share of all; 0: none.
    """

    k: Annotated[float, Field(ge=0)]
    floor: Positive
    cap: Positive
    count_floor: Positive
    count_cap: Positive
    share: Share = 0.0
    floors: Mapping[Identifier, Positive] = {}
    counts: tuple[Identifier, ...] = ()

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return (*self.floors, *self.counts)


class CommonFactor(Check):
    """How far all provinces together may move, in natural logarithms a year."""

    limit: Positive
    limits: Mapping[Identifier, Positive] = {}
    counts: tuple[Identifier, ...] = ()

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return (*self.limits, *self.counts)


class RepeatedYear(Check):
    """The largest share of provinces that may have the very figure of another year."""

    share: Share
    shares: Mapping[Identifier, Share] = {}
    apart: tuple[int, ...]

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return tuple(self.shares)


class SwappedProvinces(Check):
    """When two provinces count as exchanged.

    Each moves at least ``move`` (or ``k`` robust standard deviations) away from all others, and each lands within
    ``near`` (or half that many deviations) of where the other would have been.
    """

    move: Positive
    near: Positive
    k: Positive


class ShiftedRows(Check):
    """How many rows up or down the figures are tried to belong to, and how much better a fit counts as one."""

    shifts: tuple[int, ...]
    better: Positive


class RepeatedValue(Check):
    """From how many significant digits on no two provinces have one figure."""

    digits: Annotated[int, Field(ge=3)]


class SourcesAgree(Check):
    """How far two sources may differ on one figure, relatively.

    ``share``: provinces that may differ, as a share of those both sources have; of a few in common it says nothing.
    """

    tolerance: Positive
    tolerances: Mapping[Identifier, Positive] = {}
    share: Share = 0.0

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return tuple(self.tolerances)


class NeverFalls(Check):
    """Series that only add up, e.g. filings to date."""

    series: tuple[Identifier, ...]

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return self.series


class BecameZero(Check):
    """Series that may well fall to 0: counts of a few."""

    without: tuple[Identifier, ...] = ()

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return self.without


class CarriedColumn(Check):
    """Indicators that may take every figure from an earlier year without a word."""

    without: tuple[Identifier, ...] = ()

    def indicators_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return self.without


class Outliers(Check):
    """A distribution is outlying when both its skewness and its excess kurtosis are beyond these."""

    skewness: Positive
    kurtosis: Positive


class Directions(Check):
    """The indicators of which less is better, written down a second time."""

    negative: tuple[Identifier, ...]

    def indicators_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return self.negative


class FidelityRegister(Check):
    """Which series may claim which fidelity for an indicator, written down a second time; all others are proxies."""

    claims: Mapping[Identifier, Mapping[Fidelity, tuple[Identifier, ...]]]

    def series_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return [name for kinds in self.claims.values() for series in kinds.values() for name in series]

    def indicators_named(self) -> Iterable[str]:
        """See :class:`Check`."""
        return tuple(self.claims)


class Sql(Check):
    """One SELECT that answers with rows (subject, passed, observed, expected); ``$year`` is the statistical year."""

    sql: Text

    @model_validator(mode="after")
    def _answers(self) -> Sql:
        if "$year" not in self.sql:
            raise ValueError("sql must use $year: every check speaks of one year")
        return self


PLAIN = (
    "table_contract", "known_provinces", "province_coverage", "unique_keys", "declared_units", "plausible_range",
    "enough_indicators", "not_older_than_max_age", "constant_indicator", "single_nonzero", "baseline_rows",
    "coverage_kept", "waiver_expired", "waiver_without_use",
)  # fmt: skip
# Rule -> the model its entries are read with.
MODELS: dict[str, type[Check]] = {
    **dict.fromkeys(PLAIN, Check),
    "sum_between": SumBetween, "national_total": NationalTotal, "ratio_between": RatioBetween,
    "year_on_year": YearOnYear, "common_factor": CommonFactor, "repeated_year": RepeatedYear,
    "swapped_provinces": SwappedProvinces, "shifted_rows": ShiftedRows, "repeated_value": RepeatedValue,
    "sources_agree": SourcesAgree, "never_falls": NeverFalls, "became_zero": BecameZero, "carried_column": CarriedColumn,
    "outliers": Outliers, "directions": Directions, "fidelity_register": FidelityRegister, "sql": Sql,
}  # fmt: skip


class Waiver(_Model):
    """One failure that a named person answers for, in one year, until a day."""

    check: Identifier
    subject: Text
    year: Annotated[int, Field(ge=2000, le=2100)]
    reason: Annotated[str, Field(min_length=10)]
    name: Text
    expires: date

    @property
    def text(self) -> str:
        """Return the waiver as it is published."""
        return f"{self.name}: {self.reason} (until {self.expires.isoformat()})"


class BaselineRow(_Model):
    """How many provinces a series had in a year when the baseline was made."""

    series: Identifier
    year: int
    rows: Annotated[int, Field(ge=1)]
