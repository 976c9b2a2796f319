"""Every refusal of the package, each with one message: what, where, what to do."""

from __future__ import annotations


class IcdpError(Exception):
    """Refused for a stated reason; the command line turns it into exit code 1."""


class CatalogError(IcdpError):
    """A catalogue file is unreadable or contradicts itself."""


class DataError(IcdpError):
    """A figure, a table or a key is not what its contract says."""


class JudgementError(IcdpError):
    """An expert's matrix is malformed or inconsistent."""


class QualityError(IcdpError):
    """A check of severity ``error`` failed; the year stops before scoring."""


class LayoutChanged(IcdpError):
    """A source no longer has the layout its adapter was written for."""


class FetchFailed(IcdpError):
    """A site did not answer in time; it may at another try."""


class FetchRefused(IcdpError):
    """A site will not answer as asked, or must not be asked so; another try is the same.

    ``status`` is the HTTP status, where that is the reason.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NothingForYear(IcdpError):
    """A source works, and has nothing for the year asked: not out yet, no longer printed, or its moment has passed."""


class NotFoundError(IcdpError):
    """An edition, a year, a province or an indicator that does not exist."""
