"""PDF documents as lines of words, without trusting what they want to unpack to."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pdfplumber
from pdfplumber.page import Page
from pdfplumber.utils.clustering import cluster_objects

from icdp.errors import LayoutChanged
from icdp.sources.client import Answer
from icdp.sources.text import media_type

# A page of print has some thousand characters; one that has more wants to keep the reader busy.
CHARACTERS = 50_000
CHUNK = 1 << 24
# How far the middles of the words of one line may lie apart, in points: fonts of one line differ in height.
SAME_LINE = 3.0
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
# What stands for a glyph whose meaning the document does not tell.
_UNMAPPED = re.compile(r"\(cid:\d+\)")


@dataclass(frozen=True, slots=True)
class Line:
    """The words of one line from left to right; glyphs without a meaning are left out."""

    page: int
    words: tuple[str, ...]


def no_pdf(answer: Answer) -> str | None:
    """Say why an answer is no PDF (a check for :meth:`icdp.sources.client.Client.get`)."""
    kind = media_type(answer.content)
    if kind != "application/pdf":
        return f"{kind} instead of a PDF"
    return None if len(answer.content) > 500 else f"a PDF of {len(answer.content)} bytes"


def pages_of(content: bytes, where: str, most: int = 400, megabytes: float = 400.0) -> Iterator[Page]:
    """Yield the pages of a PDF one by one.

    Args:
        content: the document.
        where: its name for messages.
        most: pages it may have.
        megabytes: what its streams may unpack to.

    Raises:
        LayoutChanged: it is no PDF that can be read, or larger than allowed.
    """
    if media_type(content) != "application/pdf":
        raise LayoutChanged(f"{where}: is {media_type(content)}, expected a PDF; look at the payload")
    _must_be_small(content, where, megabytes)
    try:
        with pdfplumber.open(io.BytesIO(content)) as book:
            if len(book.pages) > most:
                raise LayoutChanged(f"{where}: the PDF has {len(book.pages)} pages, {most} are allowed")
            for page in book.pages:
                if len(page.chars) > CHARACTERS:
                    raise LayoutChanged(f"{where}: page {page.page_number} has {len(page.chars)} characters")
                yield page
                page.close()
    except LayoutChanged:
        raise
    except Exception as exc:
        raise LayoutChanged(f"{where}: the PDF cannot be read ({exc}); look at the payload") from exc


def lines_of(content: bytes, where: str, most: int, megabytes: float) -> tuple[Line, ...]:
    """Return every line of a PDF that has a word; arguments and errors as in :func:`pages_of`."""
    try:
        return _lines(content, most, megabytes)
    except LayoutChanged as exc:
        raise LayoutChanged(str(exc).replace(_NAME, where, 1)) from exc


_NAME = "the document"


@lru_cache(maxsize=1)
def _lines(content: bytes, most: int, megabytes: float) -> tuple[Line, ...]:
    """Read once what several tables are taken from: reading is slow."""
    found = []
    for page in pages_of(content, _NAME, most, megabytes):
        words = [word | {"middle": (word["top"] + word["bottom"]) / 2} for word in page.extract_words()]
        for line in cluster_objects(words, "middle", SAME_LINE):
            told = (_UNMAPPED.sub("", word["text"]) for word in sorted(line, key=lambda word: float(word["x0"])))
            if kept := tuple(word for word in told if word):
                found.append(Line(page.page_number, kept))
    return tuple(found)


def _must_be_small(content: bytes, where: str, megabytes: float) -> None:
    """Unpack every deflated stream, to no more than the limit, before the reader does so without one."""
    left = int(megabytes * 1_000_000)
    view = memoryview(content)
    for start in _STREAM.finditer(content):
        end = content.find(b"endstream", start.end())
        packed: bytes | memoryview = view[start.end() : end if end >= 0 else None]
        unpacker = zlib.decompressobj()
        try:
            while packed and left >= 0:
                left -= len(unpacker.decompress(packed, CHUNK))
                packed = unpacker.unconsumed_tail
        except zlib.error:  # packed in another way
            continue
        if left < 0:
            raise LayoutChanged(f"{where}: the PDF unpacks to more than {megabytes:g} MB; it is refused")
