"""What a person can answer when a year waits for publication; light, for Airflow parses it with the DAG files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from icdp.errors import DataError

Choice = Literal["approved", "rejected", "rerun"]
CHOICES: dict[str, Choice] = {"批准 Approve": "approved", "驳回 Reject": "rejected", "重算 Re-run": "rerun"}
"""Answer as shown -> decision."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a person is shown before a year is published.

    Attributes:
        subject: one line.
        body: Markdown: ranking, changes, warnings, coverage.
        content_sha256: digest of the content it is about.
    """

    subject: str
    body: str
    content_sha256: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person answered about a content."""

    year: int
    content_sha256: str
    decision: Choice
    decided_by: str
    decided_at: datetime
    reason: str

    @classmethod
    def of(cls, year: int, content_sha256: str, answer: dict[str, object]) -> Decision:
        """Read an answer of Airflow's human-in-the-loop operator.

        Args:
            year: the statistical year.
            content_sha256: what was shown.
            answer: ``chosen_options``, ``params_input`` (with ``reason``), ``responded_at``, ``responded_by_user``.

        Raises:
            DataError: it is no answer to our question, or nobody's.
        """
        chosen = answer.get("chosen_options")
        if not (isinstance(chosen, list) and len(chosen) == 1 and chosen[0] in CHOICES):
            raise DataError(f"year {year}: {chosen!r} is no answer; one of {', '.join(CHOICES)} is")
        given = answer.get("params_input")
        reason = str(given.get("reason") or "").strip() if isinstance(given, dict) else ""
        user = answer.get("responded_by_user")
        name = str(user.get("name") or user.get("id") or "") if isinstance(user, dict) else ""
        if not name:
            raise DataError(f"year {year}: the answer names nobody; only a logged-in person decides")
        at = answer.get("responded_at")
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
        return cls(year, content_sha256, CHOICES[str(chosen[0])], name, moment, reason)
