"""The typed model every catalogue file is validated against."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from icdp.catalog.expression import Expression

Fidelity = Literal["as_defined", "partial", "estimated", "proxy"]
Severity = Literal["error", "warn", "note"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Province(_Model):
    """One of the provinces: GB/T 2260 code, names in both languages, statistical region.

    ``tile_column`` and ``tile_row``, counted from 0 at the upper left, place its tile on a map of one tile a province;
    empty, it is on no map.
    """

    adcode: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    name_zh: Text
    short_zh: Text
    name_en: Text
    region: Text
    tile_column: Annotated[int, Field(ge=0, le=40)] | None = None
    tile_row: Annotated[int, Field(ge=0, le=40)] | None = None
    aliases: tuple[str, ...] = ()

    @field_validator("tile_column", "tile_row", mode="before")
    @classmethod
    def _may_have_no_tile(cls, cell: object) -> object:
        return None if cell == "" else cell


class Node(_Model):
    """A node of the index tree; a leaf (an indicator) has unit, direction and max_age.

    ``missing`` says what a province without a figure of the year gets: its newest own figure within ``max_age``
    (``carry``), the line between its figures before and after (``interpolate``, where there are none ``carry``),
    beyond ``carry`` the median of its region (``group_median``), or nothing (``leave``).
    The names of methods and their parameters are the engine's (docs/methodology.md, section 12); a catalogue that
    is loaded has been held against it.
    ``outliers: winsorise`` lets the engine pull in up to five outlying values before scaling; by default none.
    """

    node: Identifier
    parent: Identifier | None
    name_zh: str
    name_en: str
    weights: str | None = None
    aggregation: str = "arithmetic"
    exponent: float | None = None
    ahp_share: float | None = None
    weight: float | None = None
    normalisation: str | dict[str, Any] | None = None
    unit: str | None = None
    direction: Literal[1, -1] | None = None
    max_age: Annotated[int, Field(ge=0, le=50)] | None = None
    missing: Literal["carry", "interpolate", "group_median", "leave"] = "carry"
    outliers: Literal["winsorise"] | None = None

    @model_validator(mode="after")
    def _inner_or_leaf(self) -> Node:
        leaf = {"unit": self.unit, "direction": self.direction, "max_age": self.max_age}
        absent = [key for key, value in leaf.items() if value is None]
        if self.weights is None and absent:
            raise ValueError(
                f"{', '.join(absent)} is missing; an indicator needs unit, direction and max_age, an inner node weights"
            )
        if self.weights is not None and len(absent) < len(leaf):
            raise ValueError("an inner node (it has weights) takes no unit, direction or max_age")
        if self.weights is not None and (self.outliers is not None or "missing" in self.model_fields_set):
            raise ValueError(
                "an inner node (it has weights) has no figures of its own, so no outliers and none missing"
            )
        return self

    @property
    def is_indicator(self) -> bool:
        """Whether this node is a leaf."""
        return self.weights is None


class Series(_Model):
    """What a publisher prints: one quantity in one unit, with plausible bounds in that unit."""

    series: Identifier
    name_zh: str
    name_en: str
    unit: str
    min: float
    max: float

    @model_validator(mode="after")
    def _ordered(self) -> Series:
        if not self.min < self.max:
            raise ValueError(f"min {self.min} is not below max {self.max}")
        return self


class Binding(_Model):
    """How an indicator is made from series, in which unit the result is, and how faithful it is."""

    expression: Expression
    unit: str
    fidelity: Fidelity
    note_zh: str
    note_en: str

    @field_validator("expression", mode="before")
    @classmethod
    def _parse(cls, data: object) -> object:
        return Expression.parse(data) if isinstance(data, str) else data


class Tls(_Model):
    """What one host needs that others do not, and why; its certificate is verified all the same."""

    reason: str
    legacy_renegotiation: bool = False
    authority: str | None = None


class Site(_Model):
    """Where a source is reached and how it wants to be asked.

    ``also`` names further addresses whose hosts may be asked or redirected to; no other host ever is.
    """

    base_url: Annotated[str, Field(pattern=r"^https://")]
    also: tuple[Annotated[str, Field(pattern=r"^https://")], ...] = ()
    pacing_seconds: Annotated[float, Field(ge=0)] = 2.0
    timeout_seconds: Annotated[float, Field(gt=0)] = 30.0
    budget_seconds: Annotated[float, Field(gt=0)] = 900.0
    max_megabytes: Annotated[float, Field(gt=0)] = 50.0
    user_agent: Literal["honest", "browser"] = "honest"
    headers: dict[str, str] = {}
    proxies: dict[str, str] = {}
    tls: dict[str, Tls] = {}
    challenge: tuple[str, ...] = ()


class Expected(_Model):
    """A series a source gives, the provinces it is known not to cover, and how far its figures can be foreseen.

    Attributes:
        series: its id.
        without: adcodes of provinces that have no figure.
        at_least: for a partial map, that many provinces are enough, whichever they are; not with `without`.
        steady: by which factor a province may move at most, relative to the others, from the nearest known year.
        like: another series that ranks the provinces much alike; the figures are held against its order.
        until: the last year it is printed for; a later year is whole without it.
    """

    series: Identifier
    without: tuple[str, ...] = ()
    at_least: Annotated[int, Field(ge=1)] | None = None
    steady: Annotated[float, Field(gt=1)] | None = None
    like: Identifier | None = None
    until: int | None = None

    @model_validator(mode="after")
    def _whole_or_partial(self) -> Expected:
        if self.without and self.at_least is not None:
            raise ValueError("`without` names who may be missing, `at_least` says that anybody may; use one of them")
        return self


class Window(_Model):
    """When a live register, that shows only today's state, may stand for the end of a year.

    ``after`` is a day (``MM-DD``) of the year itself, ``until`` one of the next year.
    """

    after: Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$")]
    until: Annotated[str, Field(pattern=r"^[0-9]{2}-[0-9]{2}$")]

    @field_validator("after", "until")
    @classmethod
    def _in_every_year(cls, day: str) -> str:
        date.fromisoformat(f"2001-{day}")  # 2001 has no 29 February: what it has, every year has
        return day

    def span(self, year: int) -> tuple[date, date]:
        """Return the first and the last day on which the state of ``year`` may be taken."""
        return date.fromisoformat(f"{year}-{self.after}"), date.fromisoformat(f"{year + 1}-{self.until}")


class Source(_Model):
    """A publisher's site, or the facts: who, on which terms, in which layer, required or not.

    ``window`` is for registers without history (see :class:`Window`).
    ``layout`` belongs to the adapter: names, paths and titles that change without its code changing; ``layouts`` says
    what of it is otherwise from a statistical year on, so that older payloads are still read as they were printed.
    """

    source: Identifier
    publisher: str
    title_zh: str
    title_en: str
    terms: str
    layer: Literal["base", "live", "workbook"]
    required: bool
    calendar_zh: str = ""
    calendar_en: str = ""
    site: Site | None = None
    window: Window | None = None
    expects: tuple[Expected, ...] = ()
    layout: dict[str, Any] = {}
    layouts: dict[int, dict[str, Any]] = {}

    def of_year(self, year: int) -> Source:
        """Return the source with the layout of a statistical year: what ``layouts`` says up to it goes before ``layout``."""
        changed = [self.layouts[first] for first in sorted(self.layouts) if first <= year]
        merged = {name: value for part in (self.layout, *changed) for name, value in part.items()}
        return self.model_copy(update={"layout": merged}) if changed else self

    @model_validator(mode="after")
    def _layouts_change_what_there_is(self) -> Source:
        unknown = sorted({name for part in self.layouts.values() for name in part} - self.layout.keys())
        if unknown:
            raise ValueError(f"`layouts` changes {', '.join(unknown)}, which `layout` does not have")
        return self

    @model_validator(mode="after")
    def _live_has_site(self) -> Source:
        if (self.layer == "live") != (self.site is not None):
            raise ValueError("a live source needs `site`, and only a live one has it")
        return self


class ValueRules(_Model):
    """When a series may enter the index of a year."""

    min_provinces: Annotated[int, Field(ge=2)]


class ScoringRules(_Model):
    """Numeric rules of the chain (docs/methodology.md)."""

    min_coverage: Annotated[float, Field(gt=0, le=1)]
    min_province_coverage: Annotated[float, Field(ge=0, le=1)] = 0.65
    tiers: tuple[float, ...]
    ri_table: str
    cr_threshold: dict[int | Literal["default"], Annotated[float, Field(gt=0, lt=1)]]
    normalisation: str | dict[str, Any] = "minmax"

    @model_validator(mode="after")
    def _descending(self) -> ScoringRules:
        if list(self.tiers) != sorted(set(self.tiers), reverse=True):
            raise ValueError(f"tiers {list(self.tiers)} must fall strictly, e.g. [50, 25]")
        if "default" not in self.cr_threshold:
            raise ValueError("cr_threshold needs a `default`")
        return self


class ExpertRules(_Model):
    """When experts think alike, or one stands apart (docs/methodology.md); values of S*, which decide no weight."""

    same_opinion: Annotated[float, Field(gt=0, lt=1)] = 0.85
    outlying: Annotated[float, Field(gt=0, lt=1)] = 0.65


class PublicationRules(_Model):
    """When a year may be published and when it is final."""

    min_indicators: Annotated[int, Field(ge=1)]
    final_from: Annotated[int, Field(ge=1)]
    open_years: Annotated[int, Field(ge=0, le=20)] = 2
    due: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$")] = "10-15"
    patience_days: Annotated[int, Field(ge=0, le=366)] = 14
    publisher_zh: str = ""
    publisher_en: str = ""
    licence_zh: str = ""
    licence_en: str = ""
    licence_path: str = "made_from/DATA-TERMS.md"
    methodology_path: str = "made_from/docs/methodology.md"

    def newest_due(self, day: date) -> int:
        """Return the newest statistical year whose edition may be missed on a day: due in the year after, and patience over."""
        month, of_month = map(int, self.due.split("-"))
        missed_from = date(day.year, month, of_month) + timedelta(days=self.patience_days)
        return day.year - 1 if day > missed_from else day.year - 2


class ReportRules(_Model):
    """What the yearly report cannot tell from the tables: the indicator that the composite is plotted against."""

    horizontal: Identifier | None = None


class Goalposts(_Model):
    """The frozen ends of one indicator on the scale common to all years, for one binding only."""

    indicator: Identifier
    expression: Text
    unit: Text
    min: float
    max: float

    @model_validator(mode="after")
    def _ordered(self) -> Goalposts:
        if not self.min < self.max:
            raise ValueError(f"min {self.min} is not below max {self.max}")
        return self


class PanelScale(_Model):
    """The content of ``panel_scale.yaml``: one scale for all years, frozen over a span of them.

    Attributes:
        version: names this scale wherever scores on it stand.
        first: first year of the span.
        last: last year of the span.
        judgements: the experts' panel of the editions the weights are from.
        goalposts: the indicators on the scale, with the ends of their values over the span.
        weights: node -> weight among its siblings on the scale (sum 1); the composite has none.
        left_out: indicator of the tree -> why it is not on the scale.
    """

    version: Text
    first: int
    last: int
    judgements: Text
    goalposts: Annotated[tuple[Goalposts, ...], Field(min_length=1)]
    weights: dict[Identifier, Annotated[float, Field(ge=0, le=1)]]
    left_out: dict[Identifier, Text] = {}

    @model_validator(mode="after")
    def _consistent(self) -> PanelScale:
        if not self.first <= self.last:
            raise ValueError(f"the span {self.first}-{self.last} ends before it begins")
        names = [g.indicator for g in self.goalposts]
        if twice := {name for name in names if names.count(name) > 1 or name in self.left_out}:
            raise ValueError(f"{', '.join(sorted(twice))} stands twice in goalposts and left_out")
        return self


class IndexRules(_Model):
    """The content of ``index.yaml``."""

    id: Identifier
    title_zh: str
    title_en: str
    model: str = ""
    reference: str = ""
    units: Annotated[int, Field(ge=2)] | None = None
    values: ValueRules = ValueRules(min_provinces=2)
    scoring: ScoringRules
    experts: ExpertRules = ExpertRules()
    publication: PublicationRules = PublicationRules(min_indicators=1, final_from=1)
    report: ReportRules = ReportRules()
