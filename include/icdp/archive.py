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
        self, source: str, year: int, receipts: list[Receipt], *, complete: bool, absent: str = ""
    ) -> None:
        """Keep which receipts of a source were accepted for a year, and whether that is all it has."""
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

    def remember(self, source: str, year: int, receipts: list[Receipt], absent: str = "") -> None:
        """Add what was taken for a year to its history, unless that is what was taken last."""
        folder = self.root / "accepted" / source / str(year)
        content = json.dumps({"absent": absent, "receipts": [r.id for r in receipts]}, indent=1).encode()
        digest = hashlib.sha256(content).hexdigest()[:16]
        names = _names(folder)
        if not names or not names[-1].endswith(f"-{digest}.json"):
            write_whole(folder / f"{len(names) + 1:06d}-{digest}.json", content, mode=0o444)

    def known(self, source: str, year: int, day: date) -> Listed | None:
        """Return what was known on ``day`` of a source for a year; None when the source was never taken for it.

        Every taking lists all items of that moment. For each item the latest taking speaks that has a payload
        retrieved by then; one that no longer has the item withdraws it from the day of its newest payload on.
        On the last day there is, this is what was taken last (docs/adr/0009-vintages.md).
        """
        history = self._history(source, year)
        if not history:
            return None
        found: dict[str, Receipt] = {}
        decided: set[str] = set()
        items = {r.item for listed in history for r in listed.receipts}
        for listed in reversed(history):
            held = {r.item: r for r in listed.receipts}
            dated = max((r.retrieved_on for r in listed.receipts), default=date.min)
            for item in items - decided:
                if item not in held and dated <= day:
                    decided.add(item)
                elif item in held and held[item].retrieved_on <= day:
                    decided.add(item)
                    found[item] = held[item]
        return Listed([found[item] for item in sorted(found)], complete=True, absent=history[-1].absent)

    def _history(self, source: str, year: int) -> list[Listed]:
        folder = self.root / "accepted" / source / str(year)
        history = []
        for name in _names(folder):
            path = folder / name
            content = path.read_bytes()
            if not name.endswith(f"-{hashlib.sha256(content).hexdigest()[:16]}.json"):
                raise _altered(path)
            listed = json.loads(content)
            receipts = [self.receipt(source, identifier) for identifier in listed["receipts"]]
            history.append(Listed(receipts, complete=True, absent=str(listed["absent"])))
        return history

    def accepted_years(self, source: str) -> list[int]:
        """Return the years for which something of a source was accepted, or found absent."""
        found: list[AnyPath] = list((self.root / "accepted" / source).glob("*.json"))
        return sorted(int(path.stem) for path in found)

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


def _names(folder: AnyPath) -> list[str]:
    found: list[AnyPath] = list(folder.glob("*.json"))
    return sorted(path.name for path in found)


def _altered(path: AnyPath) -> DataError:
    return DataError(
        f"{path}: the bytes were altered since they were archived; "
        "restore the file from a backup, or delete it and acquire its source again"
    )
