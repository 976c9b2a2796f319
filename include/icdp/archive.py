"""The archive: payloads by SHA-256, written once and read-only, receipts beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from icdp import __version__
from icdp.errors import DataError, NotFoundError
from icdp.files import AnyPath, write_whole


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is known about one taking of a payload.

    Attributes:
        source: id of the source in the catalogue.
        item: which of the source's files or tables this is.
        payload_sha256: digest of the bytes as they came.
        bytes: their number.
        media_type: type by content, not by extension.
        request: address the bytes were asked for at; for facts the path in the repository.
        retrieved_at: ISO 8601 moment of the taking, UTC.
        publisher: who publishes the bytes.
        terms: terms of use as stated by the publisher.
        code_version: version of this package that took them.
        headers: what the site said of them.
    """

    source: str
    item: str
    payload_sha256: str
    bytes: int
    media_type: str
    request: str
    retrieved_at: str
    publisher: str
    terms: str
    code_version: str = __version__
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Digest of the receipt's own content: the same taking has one receipt only."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def retrieved_on(self) -> date:
        """Day of the taking, UTC: from then on the payload is known."""
        return datetime.fromisoformat(self.retrieved_at).astimezone(UTC).date()

    def to_json(self) -> str:
        """Return the receipt as canonical JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, indent=1)


class Listed(NamedTuple):
    """What of a source was accepted for a year; ``absent`` says why it has nothing, where it has nothing."""

    receipts: list[Receipt]
    complete: bool
    absent: str = ""


class _Taking(NamedTuple):
    day: date
    receipts: list[Receipt]
    absent: str


class Archive:
    """A folder, or a bucket, of payloads and receipts; no payload and no receipt in it is ever changed."""

    def __init__(self, root: AnyPath) -> None:
        self.root = root

    def payload_path(self, digest: str) -> AnyPath:
        """Return where the payload with this SHA-256 lies."""
        return self.root / "payloads" / digest[:2] / digest

    def put(self, content: bytes) -> str:
        """Keep ``content``; return its SHA-256. Bytes already there are not written again."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.payload_path(digest)
        if not path.exists():
            write_whole(path, content, mode=0o444)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the payload, verified against its name.

        Raises:
            NotFoundError: no such payload.
            DataError: the bytes on disk are not those that were kept.
        """
        path = self.payload_path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError as exc:
            raise NotFoundError(f"{path}: the archive has no such payload; acquire its source again") from exc
        if hashlib.sha256(content).hexdigest() != digest:
            raise _altered(path)
        return content

    def add_receipt(self, receipt: Receipt) -> str:
        """Keep a receipt; return its id."""
        path = self.root / "receipts" / receipt.source / f"{receipt.id}.json"
        if not path.exists():
            write_whole(path, receipt.to_json().encode(), mode=0o444)
        return receipt.id

    def receipt(self, source: str, identifier: str) -> Receipt:
        """Return a receipt.

        Raises:
            NotFoundError: no such receipt.
            DataError: the receipt on disk is not the one that was kept.
        """
        path = self.root / "receipts" / source / f"{identifier}.json"
        try:
            content = path.read_bytes()
        except FileNotFoundError as exc:
            raise NotFoundError(f"{path}: the archive has no such receipt; acquire {source} again") from exc
        if hashlib.sha256(content).hexdigest() != identifier:
            raise _altered(path)
        return Receipt(**json.loads(content))

    def list_accepted(
        self,
        source: str,
        year: int,
        receipts: list[Receipt],
        *,
        complete: bool,
        absent: str = "",
        day: date | None = None,
    ) -> None:
        """Keep which receipts of a source were accepted for a year, and whether that is all it has.

        The list before it stays known (:meth:`remember`, which has ``day``).
        """
        self.remember(source, year, receipts, day=day, absent=absent)
        path = self.root / "accepted" / source / f"{year}.json"
        listed = {"complete": complete, "absent": absent, "receipts": [receipt.id for receipt in receipts]}
        write_whole(path, json.dumps(listed, indent=1).encode())

    def accepted(self, source: str, year: int) -> Listed | None:
        """Return the receipts accepted for a year and whether they are complete; None when never taken."""
        path = self.root / "accepted" / source / f"{year}.json"
        try:
            listed = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        receipts = [self.receipt(source, identifier) for identifier in listed["receipts"]]
        return Listed(receipts, bool(listed["complete"]), str(listed["absent"]))

    def remember(
        self, source: str, year: int, receipts: list[Receipt], *, day: date | None = None, absent: str = ""
    ) -> None:
        """Add what was accepted for a year to its takings, unless that is what was accepted last.

        Args:
            source: id of the source.
            year: the statistical year.
            receipts: everything accepted for the year from now on.
            day: of the taking; by default that of the newest receipt.
            absent: why there is nothing.
        """
        kept = self._takings(source, year)
        takings = kept or self._only_taking(source, year)
        new = _Taking(day or _newest(receipts), receipts, absent)
        if not takings or takings[-1][1:] != new[1:]:
            takings = [*takings, new]
        for number, taking in enumerate(takings[len(kept) :], start=len(kept) + 1):
            told = {"day": str(taking.day), "absent": taking.absent, "receipts": [r.id for r in taking.receipts]}
            content = json.dumps(told, ensure_ascii=False, indent=1).encode()
            name = f"{number:06d}-{hashlib.sha256(content).hexdigest()[:16]}.json"
            write_whole(self.root / "accepted" / source / str(year) / name, content, mode=0o444)

    def known(self, source: str, year: int, day: date) -> Listed:
        """Return what was known on ``day`` of a source for a year (docs/adr/0010-vintages.md).

        Every taking lists all items accepted at its time. For each item the latest taking speaks that has a payload
        retrieved by then; a taking without the item withdraws it from its own day on.
        """
        takings = self._takings(source, year) or self._only_taking(source, year)
        undecided = {r.item for taking in takings for r in taking.receipts}
        found: dict[str, Receipt] = {}
        for taking in reversed(takings):
            held = {r.item: r for r in taking.receipts}
            for item in sorted(undecided):
                if item in held and held[item].retrieved_on <= day:
                    found[item] = held[item]
                if item in found or (item not in held and taking.day <= day):
                    undecided.remove(item)
        absent = next((taking.absent for taking in reversed(takings) if taking.day <= day), "")
        return Listed([found[item] for item in sorted(found)], complete=True, absent="" if found else absent)

    def _takings(self, source: str, year: int) -> list[_Taking]:
        folder = self.root / "accepted" / source / str(year)
        paths: list[AnyPath] = list(folder.glob("*.json"))
        takings = []
        for path in sorted(paths, key=lambda path: path.name):
            content = path.read_bytes()
            if not path.stem.endswith(f"-{hashlib.sha256(content).hexdigest()[:16]}"):
                raise _altered(path)
            told = json.loads(content)
            receipts = [self.receipt(source, identifier) for identifier in told["receipts"]]
            takings.append(_Taking(date.fromisoformat(told["day"]), receipts, str(told["absent"])))
        return takings

    def _only_taking(self, source: str, year: int) -> list[_Taking]:
        """Return what is listed as accepted: all there is in an archive of a version that kept no takings."""
        listed = self.accepted(source, year)
        if listed is None:
            return []
        return [_Taking(_newest(listed.receipts), listed.receipts, listed.absent)]

    def accepted_years(self, source: str) -> list[int]:
        """Return the years for which something of a source was accepted, or found absent."""
        found: list[AnyPath] = list((self.root / "accepted" / source).glob("*.json"))
        return sorted(int(path.stem) for path in found)

    def taken_years(self, source: str) -> list[int]:
        """Return the years for which a source was ever taken, those of the shipped facts included."""
        kept: list[AnyPath] = list((self.root / "accepted" / source).glob("*"))
        return sorted({int(path.stem) for path in kept})

    def receipts(self, source: str) -> Iterator[Receipt]:
        """Yield every receipt of a source, oldest first."""
        found: list[AnyPath] = list((self.root / "receipts" / source).glob("*.json"))
        yield from sorted((self.receipt(source, path.stem) for path in found), key=lambda r: (r.retrieved_at, r.id))

    def quarantine(self, receipt: Receipt, year: int, reason: str) -> None:
        """Keep why a payload was not accepted; its bytes and receipt stay where they are."""
        name = f"{receipt.retrieved_at.replace(':', '')}-{receipt.id[:16]}.json"
        path = self.root / "quarantine" / receipt.source / name
        told = {
            "source": receipt.source,
            "item": receipt.item,
            "year": str(year),
            "reason": reason,
            "receipt": receipt.id,
        }
        write_whole(path, json.dumps(told, ensure_ascii=False, indent=1).encode())


def _newest(receipts: list[Receipt]) -> date:
    return max((receipt.retrieved_on for receipt in receipts), default=date.min)


def _altered(path: AnyPath) -> DataError:
    return DataError(
        f"{path}: the bytes were altered since they were archived; "
        "restore the file from a backup, or delete it and acquire its source again"
    )
