"""Every source with its replica, and what it must give: shipped figures, or the replica's own where none are shipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.replica.cac_site import CacSite
from tests.replica.cnnic_site import CnnicSite, synthetic_addresses, websites
from tests.replica.figures import printed
from tests.replica.miit_site import MiitSite, phones
from tests.replica.moe_site import MoeSite
from tests.replica.nbs_site import ROOT, NbsSite
from tests.replica.policies_site import ANSWERING, PoliciesSite, numbers
from tests.replica.register_sites import GovsitesSite, Ipv4Site

from icdp.settings import FACTS

AUTUMN = datetime(2026, 10, 15, 3, 0, tzinfo=UTC)
JANUARY = datetime(2025, 1, 5, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """Where a source answers.

    Attributes:
        site: makes its replica.
        data: part of the path its figures come from.
        root: path of its base address.
        moment: when it is asked for 2024.
    """

    site: Callable[[], Any]
    data: str
    root: str = ""
    moment: datetime = AUTUMN


PLACES = {
    "cac": Place(CacSite, "downloadfile"),
    "cnnic": Place(CnnicSite, ".pdf"),
    "govsites": Place(GovsitesSite, "download", moment=JANUARY),
    "ipv4": Place(Ipv4Site, "110000", moment=JANUARY),
    "miit": Place(MiitSite, "/art/"),
    "moe": Place(MoeSite, ".xls"),
    "nbs": Place(NbsSite, "esData", ROOT),
    "policies": Place(PoliciesSite, "/"),
}


def truth(source: str, series: str, year: int) -> dict[str, float]:
    """Return adcode -> the one right figure."""
    if source == "govsites":  # its replica registers the sites of 2020
        year = 2020
    if source == "policies":
        return {code: float(numbers(code, year)[series]) for code in ANSWERING}
    if (FACTS / "series" / f"{series}.csv").exists() and (own := printed(series, year)):
        return {code: float(text) for code, text in own.items()}
    synthetic: dict[str, Callable[[], dict[str, str]]] = {
        "ipv4_share_registered": lambda: synthetic_addresses(year),
        "websites": lambda: websites(year),
        "fixed_phone_users": lambda: phones(year)[0],
        "mobile_phone_users": lambda: phones(year)[1],
    }
    return {code: float(text) for code, text in synthetic[series]().items()}
