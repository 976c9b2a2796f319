"""Where things lie and which channel is used: the only place that reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from icdp.errors import DataError
from icdp.files import AnyPath

INCLUDE = Path(__file__).resolve().parents[1]
REPOSITORY = INCLUDE.parent
CATALOG = INCLUDE / "catalog"
FACTS = INCLUDE / "facts"
JUDGEMENTS = INCLUDE / "judgements" / "baseline"

CHANNELS = ("facts", "live")


def _upath(url: str) -> AnyPath:
    # Not at the top: it costs every command a tenth of a second, and most archives are local.
    from upath import UPath

    return UPath(url)


@dataclass(frozen=True, slots=True)
class Settings:
    """Paths and switches of one installation.

    Attributes:
        home: root of all state (``ICDP_HOME``); all but the published editions can be rebuilt.
        channel: ``facts`` (shipped figures) or ``live`` (fetched) (``ICDP_CHANNEL``).
        require_approval: whether publishing waits for a person (``ICDP_REQUIRE_APPROVAL``).
        catalog: directory of the index as data.
        judgements: directory of the experts' panel (``ICDP_JUDGEMENTS``: an imported panel's id, or a directory).
        facts: directory of the shipped figures.
        archive_url: where the archive lies when not under ``home``, e.g. ``s3://bucket/archive`` (``ICDP_ARCHIVE``).
        staging_url: where staging lies when not under ``home``: in an archive on object storage, where the workers of
            several machines reach it.
        object_storage: opens both; inside Airflow its ObjectStoragePath, which knows connections.
        base_urls: source -> address it is reached at instead of its own (``ICDP_<SOURCE>_BASE_URL``).
    """

    home: Path
    channel: str = "facts"
    require_approval: bool = False
    catalog: Path = CATALOG
    judgements: Path = JUDGEMENTS
    facts: Path = FACTS
    archive_url: str | None = None
    staging_url: str | None = None
    object_storage: Callable[[str], AnyPath] = _upath
    base_urls: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_environment(cls) -> Settings:
        """Read ``ICDP_HOME``, ``ICDP_CHANNEL``, ``ICDP_ARCHIVE``, ``ICDP_JUDGEMENTS``, ``ICDP_REQUIRE_APPROVAL``, ``ICDP_<SOURCE>_BASE_URL``.

        Raises:
            DataError: a variable holds a value outside its list.
        """
        channel = os.environ.get("ICDP_CHANNEL", "facts")
        if channel not in CHANNELS:
            raise DataError(
                f"ICDP_CHANNEL={channel!r} is not one of {', '.join(CHANNELS)}; unset it or use one of them"
            )
        approval = os.environ.get("ICDP_REQUIRE_APPROVAL", "false").lower()
        if approval not in ("true", "false"):
            raise DataError(
                f"ICDP_REQUIRE_APPROVAL={approval!r} is neither true nor false; unset it or use one of them"
            )
        archive = os.environ.get("ICDP_ARCHIVE") or None
        home = Path(os.environ.get("ICDP_HOME") or REPOSITORY / "var").expanduser().resolve()
        return cls(
            home=home,
            channel=channel,
            require_approval=approval == "true",
            judgements=_judgements(home),
            archive_url=archive,
            staging_url=f"{archive.rstrip('/')}/staging" if archive and "://" in archive else None,
            base_urls=_base_urls(),
        )

    @property
    def archive(self) -> AnyPath:
        """Payloads by SHA-256 and their receipts."""
        return self.object_storage(self.archive_url) if self.archive_url else self.home / "archive"

    @property
    def panels(self) -> Path:
        """Imported panels, one folder a revision."""
        return _panels(self.home)

    @property
    def staging(self) -> AnyPath:
        """Parsed tables waiting for the warehouse, one folder a year."""
        return self.object_storage(self.staging_url) if self.staging_url else self.home / "staging"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file of the pipeline; readers never open it."""
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """What readers open: ``icdp.duckdb`` and ``editions/``."""
        return self.home / "published"


def _panels(home: Path) -> Path:
    return home / "judgements"


def _judgements(home: Path) -> Path:
    """Return the directory that ``ICDP_JUDGEMENTS`` names, or the project's baseline.

    Raises:
        DataError: it names none.
    """
    name = os.environ.get("ICDP_JUDGEMENTS")
    if not name:
        return JUDGEMENTS
    for directory in (_panels(home) / name, Path(name).expanduser()):
        if (directory / "panel.yaml").is_file():
            return directory.resolve()
    raise DataError(
        f"ICDP_JUDGEMENTS={name!r} is neither an imported panel (see `icdp judgements list`) nor a directory with a "
        "panel.yaml; correct or unset it"
    )


def _base_urls() -> dict[str, str]:
    """Read every ``ICDP_<SOURCE>_BASE_URL``: a mirror, or a test's server.

    Raises:
        DataError: the address is neither https nor on this machine.
    """
    found = {}
    for name, url in os.environ.items():
        if (match := re.fullmatch(r"ICDP_([A-Z0-9]+)_BASE_URL", name)) and url:
            if not re.match(r"https://|http://(127\.0\.0\.1|localhost)[:/]", url):
                raise DataError(f"{name}={url!r} is neither https nor on this machine; correct or unset it")
            found[match[1].lower()] = url
    return found


def inherited_environment(**more: str) -> dict[str, str]:
    """Return the environment for a child process: ours plus ``more``."""
    return {**os.environ, **more}
