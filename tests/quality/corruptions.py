"""The mutation exercise as data: single corruptions of one clean year's inputs, and the check that names each.

Each corruption is what goes wrong in the trade: a slip of unit or digit, a row too many, another year's column. The
figures so made are synthetic. ``None`` for the check: it slips through, and docs/quality.md says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from tests.quality.figures import HEADER, join, split, text_of

DOOR = "refused at the door"
Text = Callable[[str], str]
Rows = Callable[[pd.DataFrame], pd.DataFrame]

ADCODE = {
    "北京": "110000", "天津": "120000", "河北": "130000", "山西": "140000", "内蒙古": "150000", "辽宁": "210000",
    "上海": "310000", "江苏": "320000", "浙江": "330000", "安徽": "340000", "江西": "360000", "山东": "370000",
    "河南": "410000", "湖北": "420000", "湖南": "430000", "广东": "440000", "重庆": "500000", "四川": "510000",
    "贵州": "520000", "云南": "530000", "陕西": "610000", "甘肃": "620000", "青海": "630000", "新疆": "650000",
}  # fmt: skip


@dataclass(frozen=True)
class Corruption:
    """One corruption: of a facts file (``series``), of a catalogue file (``file``), or of a second source (``live``)."""

    name: str
    caught: str | None
    series: str = ""
    change: Text = str
    year: int = 2024
    file: str = ""
    live: Callable[[pd.DataFrame], pd.DataFrame] | None = None


def of_year(year: int, change: Rows) -> Text:
    """Change the rows of one year."""

    def changed(text: str) -> str:
        head, rows = split(text)
        chosen = rows["year"] == str(year)
        assert chosen.any()
        new = change(rows[chosen].copy())
        return join(head, pd.concat([rows[~chosen], new]))

    return changed


def times(factor: float, *provinces: str, year: int = 2024) -> Text:
    """Multiply the figures of some provinces, or of all."""

    def scaled(rows: pd.DataFrame) -> pd.DataFrame:
        chosen = rows["adcode"].isin([ADCODE[p] for p in provinces]) if provinces else rows["adcode"] != ""
        rows.loc[chosen, "value"] = [f"{float(v) * factor:.10g}" for v in rows.loc[chosen, "value"]]
        return rows

    return of_year(year, scaled)


def put(province: str, value: str, year: int = 2024) -> Text:
    """Replace one figure."""

    def replaced(rows: pd.DataFrame) -> pd.DataFrame:
        rows.loc[rows["adcode"] == ADCODE[province], "value"] = value
        return rows

    return of_year(year, replaced)


def transposed(province: str, first: int, year: int = 2024) -> Text:
    """Exchange two neighbouring digits of one figure."""

    def exchanged(rows: pd.DataFrame) -> pd.DataFrame:
        chosen = rows["adcode"] == ADCODE[province]
        (value,) = rows.loc[chosen, "value"]
        digits = list(value)
        digits[first], digits[first + 1] = digits[first + 1], digits[first]
        assert "".join(digits) != value
        rows.loc[chosen, "value"] = "".join(digits)
        return rows

    return of_year(year, exchanged)


def swap(one: str, other: str, year: int = 2024) -> Text:
    """Exchange the figures of two provinces."""

    def exchanged(rows: pd.DataFrame) -> pd.DataFrame:
        codes = {ADCODE[one]: ADCODE[other], ADCODE[other]: ADCODE[one]}
        return rows.assign(adcode=rows["adcode"].replace(codes))

    return of_year(year, exchanged)


def shift(by: int, start: int = 0, year: int = 2024) -> Text:
    """Move the figures down by some rows, from one row on."""

    def moved(rows: pd.DataFrame) -> pd.DataFrame:
        values = rows["value"].to_list()
        tail = values[start:]
        return rows.assign(value=values[:start] + tail[-by:] + tail[:-by])

    return of_year(year, moved)


def sort_values(year: int = 2024) -> Text:
    """A table sorted by size, read as if it were in the usual order."""
    return of_year(year, lambda rows: rows.assign(value=sorted(rows["value"], key=float, reverse=True)))


def copy_year(source: int, year: int = 2024, provinces: int = 31, skip: int = 0) -> Text:
    """File another year's figures under this one, for some provinces."""

    def copied(text: str) -> str:
        _, rows = split(text)
        other = rows[rows["year"] == str(source)].set_index("adcode")["value"]

        def put_in(own: pd.DataFrame) -> pd.DataFrame:
            chosen = own["adcode"].isin(other.index[skip : skip + provinces])
            own.loc[chosen, "value"] = own.loc[chosen, "adcode"].map(other)
            return own

        return of_year(year, put_in)(text)

    return copied


def first_rows(number: int, year: int = 2024) -> Text:
    """Cut the table off."""
    return of_year(year, lambda rows: rows.head(number))


def without(province: str, year: int = 2024) -> Text:
    return of_year(year, lambda rows: rows[rows["adcode"] != ADCODE[province]])


def column_of(other: str, year: int = 2024) -> Text:
    """Take the column of another series."""

    def taken(text: str) -> str:
        _, rows = split(text_of(other))
        values = rows[rows["year"] == str(year)].set_index("adcode")["value"]

        def put_in(own: pd.DataFrame) -> pd.DataFrame:
            return own[own["adcode"].isin(values.index)].assign(value=lambda t: t["adcode"].map(values))

        return of_year(year, put_in)(text)

    return taken


def replaced(old: str, new: str) -> Text:
    """Replace text in the head or anywhere."""

    def changed(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return changed


def first_of_year(change: Callable[[str], str], year: int = 2024) -> Text:
    """Change the line of the year's first figure."""

    def changed(text: str) -> str:
        head, body = text.split(HEADER)
        lines = body.splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{year},"))
        lines[at] = change(lines[at])
        return head + HEADER + "\n".join(lines) + "\n"

    return changed


def live(factor: float, provinces: int, source: str = "nbs") -> Callable[[pd.DataFrame], pd.DataFrame]:
    """The figures again, from a live source, and some of them otherwise."""

    def given(rows: pd.DataFrame) -> pd.DataFrame:
        factors = [factor if position < provinces else 1.0 for position in range(len(rows))]
        value = rows["value"] * factors
        return rows.assign(
            value=value, value_text=[repr(v) for v in value], source=source, layer="live", payload_sha256="a" * 64
        )

    return given


CORRUPTIONS = [
    # Slips of unit: everybody moves.
    Corruption("GDP per capita in 万元 taken for 元", "plausible_range", "gdp_per_capita", times(1e-4)),
    Corruption("broadband users in 户 taken for 万户", "plausible_range", "fixed_broadband_users", times(1e4)),
    Corruption("all of power generation times 10", "power_parts", "power_generation", times(10)),
    Corruption("all of software revenue divided by 10", "moved_together", "software_revenue", times(0.1)),
    Corruption("all patents divided by 10", "moved_together", "invention_patent_grants", times(0.1)),
    Corruption("all web domains times 10", "moved_together", "domain_names", times(10)),
    Corruption("universities per ten", "moved_together", "higher_education_institutions", times(0.1)),
    Corruption("the head says 亿元 for 万元", "plausible_range", "software_revenue", replaced("unit: 万元", "unit: 亿元")),
    Corruption("the head says 户 for 万户", "plausible_range", "fixed_broadband_users", replaced("unit: 万户", "unit: 户")),
    Corruption("the head says a unit of another kind", DOOR, "gdp", replaced("unit: 亿元", "unit: 亿千瓦时")),
    Corruption("monthly wages for six provinces", "plausible_range", "avg_wage_urban_nonprivate",
               times(1 / 12, "河北", "山西", "辽宁", "安徽", "江西", "河南")),
    Corruption("population of one province in 人", "plausible_range", "population", times(1e4, "四川")),
    Corruption("IPv4 shares as fractions of 1", "ipv4_share_sum", "ipv4_share", times(0.01)),
    # One figure, a slip of digits.
    Corruption("GDP per capita of one province times 10", "gdp_per_capita_identity", "gdp_per_capita", times(10, "贵州")),
    Corruption("GDP per capita of one province divided by 10", "plausible_range", "gdp_per_capita", times(0.1, "四川")),
    Corruption("software revenue of one province times 10", "moved_alone", "software_revenue", times(10, "湖北")),
    Corruption("software revenue of one province divided by 10", "moved_alone", "software_revenue", times(0.1, "湖南")),
    Corruption("websites of one province times 10", "websites_identity", "enterprise_websites", times(10, "江西")),
    Corruption("IPv4 share of one province times 10", "ipv4_share_sum", "ipv4_share", times(10, "湖南")),
    Corruption("racks of one province times 10", "idc_racks_estimate_sum", "idc_racks_estimate", times(10, "安徽")),
    Corruption("power generation of one province divided by 10", "power_parts", "power_generation", times(0.1, "河南")),
    Corruption("thermal generation of one province divided by 10", "moved_alone", "thermal_generation", times(0.1, "山西")),
    Corruption("nuclear generation of one province times 10", "power_parts", "nuclear_generation", times(10, "广东")),
    Corruption("listed companies of one province times 10", "moved_alone", "listed_digital_companies", times(10, "湖北")),
    Corruption("5G stations per 10,000 of one province times 10", "plausible_range", "g5_stations_per_10k", times(10, "甘肃")),
    Corruption("5G stations of one province half as many", "g5_identity", "g5_stations_total", times(0.5, "甘肃")),
    Corruption("patents of one province times 10", "moved_alone", "invention_patent_grants", times(10, "云南")),
    Corruption("mentions in one report times 10", "moved_alone", "gov_report_ai_mentions", times(10, "四川")),
    Corruption("one mention in a report written as ten", None, "gov_report_ai_mentions", put("湖北", "10")),
    Corruption("filed models of one province times 10", "moved_alone", "llm_filings", times(10, "浙江")),
    Corruption("wage of one province doubled", "wages_ratio", "avg_wage_urban_nonprivate", times(2, "贵州")),
    Corruption("wage of one province with two digits exchanged", "moved_alone", "avg_wage_urban_nonprivate", transposed("江苏", 0)),
    Corruption("universities of one province with two digits exchanged", "moved_alone", "higher_education_institutions",
               transposed("四川", 1)),
    Corruption("GDP per capita with two digits exchanged", "gdp_revised_alone", "gdp_per_capita", transposed("四川", 1)),
    Corruption("a decimal point lost", "plausible_range", "g5_stations_per_10k", times(100, "青海")),
    Corruption("GDP per capita rounded to thousands", "gdp_revised_alone", "gdp_per_capita",
               of_year(2024, lambda t: t.assign(value=[str(round(float(v), -3)) for v in t["value"]]))),
    Corruption("one university too many", "higher_education_national", "higher_education_institutions",
               put("四川", "138", year=2023), year=2023),
    Corruption("provinces of a checked year 1 % too high", "g5_stations_national", "g5_stations_total", times(1.02, year=2022), year=2022),
    Corruption("broadband users of a checked year without one digit", "fixed_broadband_national", "fixed_broadband_users",
               put("四川", "360.4", year=2022), year=2022),
    Corruption("government websites of one province times 10", "gov_websites_national", "gov_websites",
               times(10, "安徽", year=2019), year=2019),
    Corruption("share of e-commerce of one province times 2", "ecommerce_identity", "ecommerce_enterprise_share",
               times(2, "四川", year=2023), year=2023),
    Corruption("more rural broadband users than broadband users", "rural_broadband_parts", "rural_broadband_users", times(4, "四川")),
    Corruption("more IT services than software", "it_service_parts", "it_service_revenue", times(2, "北京")),
    Corruption("more companies with a filing than filings", "llm_companies_parts", "llm_companies", put("四川", "9")),
    # Signs, zeros, texts.
    Corruption("one figure with a minus", "plausible_range", "gdp_per_capita", times(-1, "四川")),
    Corruption("power generation of one province with a minus", "plausible_range", "power_generation", times(-1, "新疆")),
    Corruption("a whole column with a minus", "plausible_range", "software_revenue", times(-1)),
    Corruption("a missing figure written as 0", "became_zero", "hydro_generation", put("河北", "0")),
    Corruption("a missing figure written as 0 where bounds forbid it", "plausible_range", "software_revenue", put("青海", "0")),
    Corruption("a text for a figure", DOOR, "gdp_per_capita", put("四川", "约六万")),
    Corruption("a thousands comma", DOOR, "gdp", first_of_year(lambda line: line.replace(line.split(",")[2], '"49,843.1"', 1))),
    Corruption("not a number", DOOR, "gdp", put("四川", "nan")),
    # The wrong row.
    Corruption("河北 and 河南 exchanged in broadband users", "swapped_provinces", "fixed_broadband_users", swap("河北", "河南")),
    Corruption("北京 and 河北 exchanged in wages", "swapped_provinces", "avg_wage_urban_nonprivate", swap("北京", "河北")),
    Corruption("江苏 and 江西 exchanged in patents", "swapped_provinces", "invention_patent_grants", swap("江苏", "江西")),
    Corruption("湖北 and 湖南 exchanged in GDP per capita", "gdp_per_capita_identity", "gdp_per_capita", swap("湖北", "湖南")),
    Corruption("北京 and 天津 exchanged in IPv4 shares", "swapped_provinces", "ipv4_share", swap("北京", "天津")),
    Corruption("广东 and 内蒙古 exchanged in the price of coal power, which is carried", "swapped_provinces",
               "coal_benchmark_price", swap("广东", "内蒙古", year=2020)),
    Corruption("安徽 and 江西 exchanged in the racks", None, "idc_racks_estimate", swap("安徽", "江西")),
    Corruption("broadband users one row down", "shifted_rows", "fixed_broadband_users", shift(1)),
    Corruption("software revenue one row up", "shifted_rows", "software_revenue", shift(-1)),
    Corruption("listed companies one row down", "shifted_rows", "listed_digital_companies", shift(1)),
    Corruption("racks one row down", "racks_with_size", "idc_racks_estimate", shift(1)),
    Corruption("websites one row down from the middle on", "websites_identity", "enterprise_websites", shift(1, start=15)),
    Corruption("patents one row down from the middle on", "moved_apart", "invention_patent_grants", shift(1, start=15)),
    Corruption("wages sorted by size", "moved_apart", "avg_wage_urban_nonprivate", sort_values()),
    Corruption("one row copied over the next", "repeated_value", "avg_wage_urban_nonprivate",
               of_year(2024, lambda t: t.assign(value=t["value"].where(t["adcode"] != "530000", t["value"].shift(1))))),
    Corruption("a row twice", DOOR, "gdp_per_capita", first_of_year(lambda line: f"{line}\n{line}")),
    Corruption("the code of no province", DOOR, "gdp_per_capita", first_of_year(lambda line: line.replace("110000", "710000"))),
    # The wrong column, year or table.
    Corruption("last year's wages again", "stuck", "avg_wage_urban_nonprivate", copy_year(2023)),
    Corruption("last year's filings again", "stuck", "llm_filings", copy_year(2023)),
    Corruption("patents of three years before", "copied_year", "invention_patent_grants", copy_year(2021)),
    Corruption("next year's software revenue", "copied_year", "software_revenue", copy_year(2024, year=2023), year=2023),
    Corruption("ten provinces with last year's broadband users", "stuck", "fixed_broadband_users", copy_year(2023, provinces=10)),
    Corruption("three provinces with last year's broadband users", "partly_stuck", "fixed_broadband_users",
               copy_year(2023, provinces=3, skip=4)),
    Corruption("private wages taken for the others", "wages_ratio", "avg_wage_urban_nonprivate", column_of("avg_wage_urban_private")),
    Corruption("rural broadband users taken for all", "moved_together", "fixed_broadband_users", column_of("rural_broadband_users")),
    Corruption("mobile users taken for broadband users", "broadband_ports_parts", "fixed_broadband_users",
               column_of("mobile_internet_users")),
    Corruption("GDP revised and GDP per capita not", "gdp_revised_alone", "gdp", times(1.03)),
    Corruption("more listed software companies than digital ones", "listed_companies_parts", "listed_software_internet_companies",
               times(1.5, "北京")),
    # Cut off or lost.
    Corruption("the last five provinces cut off", "baseline_rows", "higher_education_institutions", first_rows(26)),
    Corruption("a table cut off after 20 provinces", "baseline_rows", "software_revenue", first_rows(20)),
    Corruption("one province lost", "baseline_rows", "invention_patent_grants", without("青海")),
    Corruption("one nuclear province lost", "baseline_rows", "nuclear_generation", without("广东")),
    Corruption("the whole year lost, and the last one carried", "carried_column", "fixed_broadband_users", first_rows(0)),
    Corruption("the year lost in a series that is not carried", "coverage_kept", "llm_filings", first_rows(0)),
    Corruption("a citation without address", DOOR, "gdp", replaced("    address: ", "    address: ''\n    was: ")),
    # Said to be what it is not.
    Corruption("a proxy passed as as_defined", "fidelity_claimed", file="bindings.yaml",
               change=replaced("{expression: fixed_broadband_users, unit: 万户, fidelity: proxy",
                               "{expression: fixed_broadband_users, unit: 万户, fidelity: as_defined")),
    Corruption("a part passed as as_defined", "fidelity_claimed", file="bindings.yaml",
               change=replaced("avg_wage_urban_nonprivate / 12, unit: 元, fidelity: partial",
                               "avg_wage_urban_nonprivate / 12, unit: 元, fidelity: as_defined")),
    Corruption("an estimate passed as as_defined", "fidelity_claimed", file="bindings.yaml",
               change=replaced("万标准机架, fidelity: estimated", "万标准机架, fidelity: as_defined")),
    Corruption("private wages bound as the others were", "fidelity_claimed", file="bindings.yaml",
               change=replaced("avg_wage_urban_nonprivate / 12", "avg_wage_urban_private / 12")),
    Corruption("a proxy in a unit of its own passed as as_defined", DOOR, file="bindings.yaml",
               change=replaced("{expression: software_revenue, unit: 万元, fidelity: proxy",
                               "{expression: gov_report_ai_mentions, unit: 次, fidelity: as_defined")),
    Corruption("an estimate cited as published", "estimate_named", "idc_racks_estimate",
               replaced("basis: estimated", "basis: published")),
    Corruption("a direction turned over", "directions", file="tree.yaml",
               change=replaced("node: industrial_power_price, parent: energy, unit: 元/千瓦时, direction: -1",
                               "node: industrial_power_price, parent: energy, unit: 元/千瓦时, direction: 1")),
    Corruption("series of six provinces let in", "provinces_complete", file="index.yaml", year=2023,
               change=replaced("min_provinces: 25", "min_provinces: 6")),
    # Columns that tell nothing.
    Corruption("the same number for every province", "constant_indicator", "ai_pilot_zones",
               of_year(2024, lambda t: t.assign(value="2"))),
    Corruption("one province alone not 0", "single_nonzero", "ai_pilot_zones",
               of_year(2024, lambda t: t.assign(value=["3" if c == "110000" else "0" for c in t["adcode"]]))),
    Corruption("a cumulative number that falls", "never_falls", "llm_filings", put("安徽", "0")),
    # A second source.
    Corruption("a live source in another unit", "sources_on_one_scale", "gdp_per_capita", live=live(10.0, 31)),
    Corruption("a live source that differs for one province", "sources_agree", "fixed_broadband_users", live=live(1.05, 1)),
    Corruption("the December of the monthly table is not the yearly figure", "sources_agree", "fixed_broadband_users",
               live=live(1.02, 31, "miit")),
    # What no figure at hand contradicts.
    Corruption("a wage 3 % too high", None, "avg_wage_urban_nonprivate", times(1.03, "四川")),
    Corruption("software revenue with its last digits exchanged", None, "software_revenue", transposed("四川", 5)),
    Corruption("two filed models too many", None, "llm_filings", put("四川", "8")),
]  # fmt: skip
