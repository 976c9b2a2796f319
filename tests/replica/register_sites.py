"""Two registers without history: lists of address blocks, and the zip of government websites. Real shares and counts."""

from __future__ import annotations

import csv
import io
import ipaddress
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from tests.replica.figures import printed
from tests.replica.server import Reply, Request

# The shares are printed with four decimals: of a million addresses each has a whole number.
WHOLE = 1_000_000


def blocks(year: int = 2024) -> dict[str, str]:
    """Return code -> list of blocks that give each province its printed share; blocks one after another from 10.0.0.0."""
    shares = {code: round(float(text) * WHOLE / 100) for code, text in sorted(printed("ipv4_share", year).items())}
    shares["100000"] = WHOLE - sum(shares.values())
    start, lists = int(ipaddress.IPv4Address("10.0.0.0")), {}
    for code, count in shares.items():
        first, last = ipaddress.IPv4Address(start), ipaddress.IPv4Address(start + count - 1)
        lists[code] = "".join(f"{block}\n" for block in ipaddress.summarize_address_range(first, last))
        start += count
    return lists


@dataclass
class Ipv4Site:
    change: Callable[[dict[str, str]], object] = lambda lists: None

    def __call__(self, request: Request) -> Reply:
        lists = blocks()
        self.change(lists)
        name = request.path.removeprefix("/iplist/data/cncity/").removesuffix(".txt")
        return Reply(lists[name].encode(), headers={"Content-Type": "text/plain"})


COLUMNS = ["网站名称", "首页网址", "主办单位", "主管单位", "政府网站标识码"]
DOWNLOAD = "/check_web/databaseInfo/download"


def sites(year: int = 2020) -> list[list[str]]:
    """As many synthetic sites for each province as are printed for ``year``, three ministries, one site twice."""
    rows = []
    for code, count in sorted(printed("gov_websites", year).items()):
        for n in range(int(float(count))):
            identifier = f"{code[:2]}{n:08d}"
            rows.append([f"虚构网站{identifier}", f"http://{identifier}.example", "虚构单位", "虚构单位", identifier])
    rows += [[f"虚构部委{n}", f"http://bm{n}.example", "部委", "部委", f"bm{n:08d}"] for n in range(3)]
    return [*rows, rows[0]]


def register(rows: list[list[str]], columns: list[str] = COLUMNS, encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([columns, *rows])
    return zipped({"政府网站.csv": text.getvalue().encode(encoding)})


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in members.items():
            bundle.writestr(name, data)
    return stream.getvalue()


@dataclass
class GovsitesSite:
    """``files`` are linked from a page; a single one is the answer itself."""

    files: tuple[bytes, ...] = ()

    def __call__(self, request: Request) -> Reply:
        files = self.files or (register(sites()),)
        if request.path == DOWNLOAD and len(files) == 1:
            return Reply(files[0], headers={"Content-Type": "application/octet-stream"})
        if request.path == DOWNLOAD:
            return Reply.of_html("".join(f'<a href="/files/{n}.zip">下载</a>' for n in range(len(files))))
        return Reply(files[int(request.path.removeprefix("/files/").removesuffix(".zip"))])
