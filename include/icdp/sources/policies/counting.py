"""Which of the titles found is a policy of the province, and of which year: every title gets its reason.

A policy is counted once, in one year: the earliest year that any of its appearances states by date of writing
(成文日期), document number (发文字号) or publication. Writing comes first, so where it is stated it decides, and
publication in the next year, an interpretation or a later copy moves nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone

from icdp.catalog.model import Province
from icdp.errors import LayoutChanged
from icdp.sources.policies.layout import Layout, Topic
from icdp.sources.policies.platforms import Found, Page
from icdp.sources.text import squeezed

_CHINA = timezone(timedelta(hours=8))
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})")
_NUMBER = re.compile(r"[〔\[(【]((?:19|20)\d{2})[〕\])】]第?\d+号")
_NUMBER_AT_END = re.compile(r"\([^()]*(?:19|20)\d{2}[^()]*号\)$")
_ISSUER = re.compile(r"^(?!关于|印发|转发|批转|发布)(.+?)(?:关于|(?:印发|转发|批转|发布)[《“\"])")
_PASSED_ON = re.compile(r"^(?:.*?(?:关于|政府|办公厅|办公室))?(?:印发|转发|批转|发布)")
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_MILLISECONDS = 13


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry of an answer, the word asked and the SHA-256 of the answer."""

    found: Found
    word: str
    part: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A title of a topic: counted, or why not."""

    hit: Hit
    counted: bool
    reason: str
    level: str = ""
    issuer: str = ""
    year: int | None = None


class Results:
    """The pages of one question, held against the number of results the site tells.

    Args:
        where: name for messages.
    """

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: list[Found] = []
        self.total: int | None = None

    def add(self, page: Page) -> None:
        """Take in the next page.

        Raises:
            LayoutChanged: another total than before, more results than that, or what was on earlier pages again:
                a site that shifts its order between pages leaves others out, though the number is right.
        """
        if self.total not in (None, page.total):
            raise LayoutChanged(f"{self.where}: told {self.total} results, then {page.total}; take it again")
        if again := set(page.found) & set(self.found):
            raise LayoutChanged(
                f"{self.where}: a page repeats {len(again)} of {len(page.found)} results of those before it; the site "
                "ignores the page number or shifts its order, and others may be missing"
            )
        self.total = page.total
        self.found += page.found
        if len(self.found) > self.total or not (page.found or self.complete):
            raise LayoutChanged(f"{self.where}: {self.total} results are told, {len(self.found)} came")

    @property
    def complete(self) -> bool:
        """Whether all that was told has come."""
        return len(self.found) == self.total


def day(text: str) -> date | None:
    """Return the day of a printed date or of seconds or milliseconds since 1970; None when it is none."""
    if re.fullmatch(r"\d{10}|\d{13}", text):
        seconds = int(text) / (1000 if len(text) == _MILLISECONDS else 1)
        found = datetime.fromtimestamp(seconds, _CHINA).date()
    elif match := _DAY.search(unicodedata.normalize("NFKC", text)):
        try:
            found = date(*(int(part) for part in match.groups()))
        except ValueError:
            return None
    else:
        return None
    return found if _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def judged(
    hits: Iterable[Hit], topic: Topic, province: Province, layout: Layout, year: int, where: str
) -> list[Judged]:
    """Judge every distinct title found for a topic, in the order found.

    Raises:
        LayoutChanged: a policy has no date that can be read.
    """
    distinct = {(hit.found.url, squeezed(hit.found.title)): hit for hit in reversed(list(hits))}
    rows = [_by_title(hit, topic, province, layout) for hit in reversed(distinct.values())]
    policies: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        if row.counted:
            policies.setdefault(core(row.hit.found.title, province, layout), []).append(position)
    for positions in policies.values():
        _count_once(rows, positions, year, where)
    return rows


def document(found: Found, province: Province, layout: Layout) -> Judged:
    """Judge a title by all but its topic and its year."""
    return _by_title(Hit(found, "", ""), None, province, layout)


def _by_title(hit: Hit, topic: Topic | None, province: Province, layout: Layout) -> Judged:
    title = squeezed(hit.found.title)
    row = Judged(hit, False, "")
    if topic and not topic.title.search(title):
        return replace(row, reason="标题未及主题 the title does not name the topic")
    for reason, pattern in layout.not_documents.items():
        if pattern.search(title):
            return replace(row, reason=reason)
    if not layout.document.search(_text(title)):
        return replace(row, reason="非政策文种 not called a policy")
    match = _ISSUER.match(title)
    issuer = (match[1] if match else "") or squeezed(hit.found.issuer)
    if not issuer:
        return replace(row, reason="未写明发文机关 no issuer is stated")
    level = layout.level(issuer, province)
    row = replace(row, issuer=issuer, level=level or "")
    if level not in layout.level_counted:
        return replace(row, reason=f"发文层级不计 level not counted: {level or 'other'}")
    return replace(row, counted=True)


def _text(title: str) -> str:
    """Return what a title is about: without issuer, 关于印发…的通知, marks of a book and document number."""
    text = _NUMBER_AT_END.sub("", title)
    text = _PASSED_ON.sub("", text)
    text = re.sub(r"的(?:通知|通告|公告)$", "", text)
    return re.sub(r"[《》“”\"']", "", text).rsplit("关于", 1)[-1]


def core(title: str, province: Province, layout: Layout) -> str:
    """Return what two appearances of one policy have in common.

    ``江苏省人民政府办公厅关于印发江苏省算力行动计划的通知``, ``关于印发《江苏省算力行动计划》的通知`` and
    ``江苏省算力行动计划`` are one.
    """
    return re.sub(r"\W", "", re.sub(f"^{layout.names(province)}", "", _text(squeezed(title))))


def _years(found: Found, where: str) -> tuple[int, date]:
    """Return the earliest year an entry states, and the day it is ordered by."""
    days = [known for text in (found.written, found.published) if (known := day(text))]
    if not days:
        raise LayoutChanged(
            f"{where}: {found.title[:60]!r} is dated {found.published!r}, which cannot be read; look at the payload"
        )
    at_end = _NUMBER_AT_END.search(squeezed(found.title))
    numbers = _NUMBER.findall(squeezed(found.number)) + _NUMBER.findall(at_end[0] if at_end else "")
    return min([known.year for known in days] + [int(year) for year in numbers]), min(days)


def _count_once(rows: list[Judged], positions: Sequence[int], year: int, where: str) -> None:
    """Leave one row of a policy counted, in its year; the others name it."""
    stated = {p: _years(rows[p].hit.found, where) for p in positions}
    of_policy = min(own for own, _ in stated.values())
    first = min(positions, key=lambda p: (stated[p][1], rows[p].hit.found.url))
    for position in positions:
        if position != first:
            reason = f"重复 repeats {rows[first].hit.found.url}"
            rows[position] = replace(rows[position], counted=False, reason=reason, year=of_policy)
        elif of_policy != year:
            reason = f"属 {of_policy} 年 of {of_policy}"
            rows[position] = replace(rows[position], counted=False, reason=reason, year=of_policy)
        else:
            rows[position] = replace(rows[position], year=of_policy)


def by_topic(hits: Sequence[Hit], layout: Layout) -> Mapping[str, list[Hit]]:
    """Return series -> what was found by the words of its topic."""
    return {series: [hit for hit in hits if hit.word in topic.words] for series, topic in layout.topics.items()}
