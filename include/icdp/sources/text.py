"""Bytes from outside into text, tables and archives, without trusting what they say of themselves."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator

from bs4.dammit import EncodingDetector

from icdp.errors import LayoutChanged

# Sites say gb2312 or gbk and send what only gb18030 has.
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030"}
_MAGIC = (
    (b"%PDF", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0", "application/vnd.ms-office"),
)


def media_type(content: bytes) -> str:
    """Return the type by content; names and headers lie."""
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"["):
        return "application/json"
    return "text/html" if start == b"<" else "text/plain"


def decode(content: bytes, where: str, declared: str | None = None) -> str:
    """Decode text: byte-order mark, then what is declared (gb2312 read as gb18030), then UTF-8, then gb18030.

    Raises:
        LayoutChanged: none of them fits every byte.
    """
    if content.startswith(b"\xef\xbb\xbf"):
        return content[3:].decode("utf-8", errors="strict")
    found = declared or EncodingDetector.find_declared_encoding(content, is_html=True)
    named = _WIDER.get(found.lower(), found.lower()) if found else None
    for encoding in dict.fromkeys(name for name in ("utf-8", named, "gb18030") if name):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise LayoutChanged(f"{where}: neither UTF-8 nor gb18030 nor the declared {found!r}; look at the payload")


def squeezed(text: str) -> str:
    """Return text without any white space and with full-width signs made plain: ``北 京（市）`` becomes ``北京(市)``."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace("—", "-").replace("–", "-")


def zip_members(content: bytes, where: str, limit_megabytes: float = 200.0) -> Iterator[tuple[str, bytes]]:
    """Yield (name, bytes) of a zip file's members.

    Raises:
        LayoutChanged: it is no zip file, or unpacks to more than allowed.
    """
    left = int(limit_megabytes * 1_000_000)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as bundle:
            for member in bundle.infolist():
                if member.is_dir():
                    continue
                with bundle.open(member) as stream:
                    data = stream.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise LayoutChanged(f"{where}: unpacks to more than {limit_megabytes:g} MB; it is refused")
                yield member.filename, data
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as exc:
        raise LayoutChanged(f"{where}: is no zip file that can be read ({exc})") from exc
