"""The gate before publication: whom to ask, what was answered, and whether a year is late."""

from __future__ import annotations

from datetime import date

from icdp.catalog import load_catalog
from icdp.decision import Decision, Request
from icdp.errors import NotFoundError
from icdp.publishing import approval
from icdp.publishing.editions import latest, list_editions
from icdp.settings import Settings
from icdp.warehouse import connection as warehouse


def to_decide(settings: Settings, year: int) -> Request | None:
    """Return what a person is to decide before the year is published; None when nobody need be asked."""
    if not settings.require_approval:
        return None
    catalog = load_catalog(settings.catalog)
    with warehouse.write(settings.warehouse) as connection:
        return approval.request(connection, catalog, settings.published, year)


def decide(settings: Settings, year: int, content_sha256: str, answer: dict[str, object]) -> Decision:
    """Keep what a person answered.

    Raises:
        DataError: it is no answer to our question.
    """
    decision = Decision.of(year, content_sha256, answer)
    with warehouse.write(settings.warehouse) as connection:
        approval.keep(connection, decision)
    return decision


def overdue(settings: Settings, day: date) -> str:
    """Tell that the newest year that is due has an edition.

    Args:
        settings: the installation.
        day: the day of looking.

    Raises:
        NotFoundError: it has none, though ``publication.patience_days`` have passed since ``publication.due``.
    """
    rules = load_catalog(settings.catalog).rules.publication
    year = rules.newest_due(day)
    found = latest(list_editions(settings.published / "editions"), year)
    if found is None:
        raise NotFoundError(
            f"{year} has no edition, {rules.patience_days} days after it was due ({year + 1}-{rules.due}); look at the runs "
            "of refresh_statistics, score_index and publish_index for it, and answer what waits for a decision"
        )
    return f"{year}: {found.name}"
