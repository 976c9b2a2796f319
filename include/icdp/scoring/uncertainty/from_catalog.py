"""The uncertainty model of a year out of a catalogue and the year's values."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from icdp.catalog import Catalog
from icdp.catalog.uncertainty import Factor, Factors, UncertaintyRules, ValueErrors
from icdp.errors import CatalogError, DataError
from icdp.scoring.uncertainty.analysis import Effort
from icdp.scoring.uncertainty.assumptions import FACTORS, Assumptions
from icdp.scoring.uncertainty.columns import OWN

ASSUMED = ["factor", "setting", "value", "in_use", "reason_zh", "reason_en"]


def check_factors(catalog: Catalog) -> None:
    """Hold the uncertainty rules of a catalogue, where it has any, against the engine's methods.

    Raises:
        CatalogError: a method that cannot be drawn or a frequency that makes no sense; names the file.
    """
    if catalog.uncertainty is not None:
        try:
            _assumptions(catalog.uncertainty.factors, None)
        except DataError as exc:
            raise CatalogError(f"{catalog.directory / 'uncertainty.yaml'}: {exc}; correct this entry") from exc


def assumptions_of(rules: UncertaintyRules, values: pd.DataFrame) -> Assumptions:
    """Return the uncertainty model of a year.

    Args:
        rules: of the catalogue.
        values: one row for each value: adcode, indicator, value, fidelity, value_year and the statistical year
            (table ``indicator_values``).
    """
    errors = rules.factors.values
    return _assumptions(rules.factors, None if errors is None else spread_of_errors(errors, values))


def _assumptions(factors: Factors, log_sd: pd.DataFrame | None) -> Assumptions:
    only_own = {OWN: 1.0}
    aggregation = factors.aggregation
    return Assumptions(
        experts=factors.experts is not None,
        rounding=None if factors.rounding is None else factors.rounding.half_step,
        given_weights=None if factors.given_weights is None else factors.given_weights.share,
        measured_weights=factors.measured_weights is not None,
        log_sd=log_sd,
        missing=factors.missing is not None,
        normalisations=only_own if factors.normalisation is None else factors.normalisation.frequencies,
        aggregations=only_own if aggregation is None else aggregation.frequencies,
        floor=0.5 if aggregation is None else aggregation.floor,
        levels=() if aggregation is None else aggregation.levels,
        leave_out=0.0 if factors.leave_out is None else factors.leave_out.probability,
    )


def spread_of_errors(errors: ValueErrors, values: pd.DataFrame) -> pd.DataFrame:
    """Return units x indicators: standard deviation of the logarithm of each value's error.

    A value that correlates by r with what is meant leaves the share 1 - r^2 of its variance unexplained; r is
    the correlation of its fidelity times ``carried_per_year`` for each year it is old, and the variance is that
    of the indicator's logarithms over the units. Values not above 0 have no logarithm: no error is put on them.

    Args:
        errors: the catalogue's correlations.
        values: as for :func:`assumptions_of`.
    """
    positive = values["value"].to_numpy(dtype=float) > 0.0
    logarithms = pd.Series(np.log(values["value"].astype(float).where(positive)), index=values.index)
    spread = logarithms.groupby(values["indicator"]).transform("std").fillna(0.0)
    r = values["fidelity"].map(errors.correlation).astype(float)
    r = r * errors.carried_per_year ** (values["year"] - values["value_year"]).astype(float)
    sd = (spread * np.sqrt(1.0 - r**2)).where(positive, 0.0)
    return values.assign(sd=sd).pivot(index="adcode", columns="indicator", values="sd").fillna(0.0)


def effort_of(rules: UncertaintyRules) -> Effort:
    """Return how many numbers to draw."""
    return Effort(rules.draws, rules.draws_alone, rules.draws_sobol, rules.resamples)


def assumed(rules: UncertaintyRules, active: tuple[str, ...]) -> pd.DataFrame:
    """Return the assumptions as a table, columns :data:`ASSUMED`: one row for each setting of each factor.

    Args:
        rules: of the catalogue.
        active: the factors that can make a difference in the year; the others are listed as not in use.
    """
    rows: list[tuple[str, str, float, bool, str, str]] = [
        ("", name, float(getattr(rules, name)), True, "", "")
        for name in ("seed", "draws", "draws_alone", "draws_sobol", "resamples")
    ]
    for name in FACTORS:
        factor: Factor | None = getattr(rules.factors, name)
        if factor is not None:
            settings = list(_settings(factor.model_dump(exclude={"reason_zh", "reason_en"}))) or [("on", 1.0)]
            rows += [(name, key, value, name in active, factor.reason_zh, factor.reason_en) for key, value in settings]
    return pd.DataFrame(rows, columns=ASSUMED)


def _settings(given: object, key: str = "") -> Iterator[tuple[str, float]]:
    """Flatten settings: ``correlation.proxy``, 0.9."""
    if isinstance(given, dict):
        for name, entry in given.items():
            yield from _settings(entry, f"{key}.{name}" if key else str(name))
    elif isinstance(given, list | tuple):
        for entry in given:
            yield f"{key}.{entry}", 1.0
    else:
        yield key, float(str(given))
