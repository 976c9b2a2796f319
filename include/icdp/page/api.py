"""The JSON API: what is asked goes in, what is published comes out; nothing is written."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath

from icdp.page import answers, evidence, whatif
from icdp.page.asking import (
    NODE,
    Adcode,
    Indicator,
    NodeName,
    OfAll,
    OfEdition,
    Pages,
    Remembering,
    Search,
    cut,
    unmodified,
)
from icdp.page.downloads import download, downloads, served
from icdp.page.models import (
    Approval,
    Changes,
    Checks,
    Comparison,
    Download,
    Edition,
    History,
    Node,
    Paged,
    Problem,
    Profile,
    Province,
    Scores,
    SourceResults,
    Trace,
    WhatIf,
)
from icdp.page.models import Indicator as IndicatorRow
from icdp.page.refusals import Refused

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    304: {"description": "the same as the reader has (If-None-Match)"},
    401: {"model": Problem, "description": "not logged in"},
    403: {"model": Problem, "description": "no right to look"},
    404: {"model": Problem, "description": "nothing by that name"},
    422: {"model": Problem, "description": "a parameter is not as described"},
    503: {"model": Problem, "description": "the published database cannot be read"},
}
router = APIRouter(prefix="/api", responses=_PROBLEMS, route_class=Remembering)
Edition_ = Annotated[str, InPath(pattern=r"^[0-9]{4}-r[1-9][0-9]{0,3}$", description="an edition like `2024-r1`")]
NORMALISE = f"^({'|'.join(whatif.normalisations())})$"
OneAnother = Annotated[list[str], Query(description="2 to 5 provinces", min_length=2, max_length=5)]


@router.get("/editions", response_model=Paged[Edition], summary="Every edition, the newest first")
def editions(state: OfAll, paging: Pages) -> Paged[Edition]:
    """Every edition, the newest first."""
    found = answers.editions(state)
    return Paged[Edition](**state.paged(cut(found, paging), len(found), paging))


@router.get("/scores", response_model=Scores, summary="A ranking")
def scores(
    state: OfEdition,
    paging: Pages,
    node: NodeName = None,
    scale: Annotated[answers.Scale, Query(description="the year's own, or the one common to all years")] = "yearly",
    sort: Annotated[answers.Sort, Query(description="`width` is of the interval of ranks; - turns it round")] = "rank",
    search: Search = None,
    tier: Annotated[int | None, Query(ge=1, le=9)] = None,
) -> Scores:
    """A node's ranking with 5-95 % intervals of ranks and places gained since the year before."""
    return answers.scores(state, node, scale, sort, search, tier, paging)


@router.get("/provinces", response_model=Paged[Province], summary="The provinces")
def provinces(state: OfEdition, paging: Pages) -> Paged[Province]:
    """The provinces by code, with their tiles."""
    found = answers.provinces(state)
    return Paged[Province](**state.paged(cut(found, paging), len(found), paging))


@router.get("/provinces/{adcode}", response_model=Profile, summary="A province")
def province(state: OfEdition, adcode: Adcode) -> Profile:
    """All about one province: its standing on every node, values with citations, neighbours."""
    return answers.profile(state, adcode)


@router.get("/provinces/{adcode}/indicators/{indicator}", response_model=Trace, summary="A value's figures")
def trace(state: OfEdition, adcode: Adcode, indicator: Indicator) -> Trace:
    """From a value back to every figure it was made from, with its citation and the digest of its bytes."""
    return evidence.trace(state, adcode, indicator)


@router.get("/compare", response_model=Comparison, summary="Provinces side by side")
def compare(state: OfEdition, adcode: OneAnother) -> Comparison:
    """Two to five provinces on every node."""
    wanted = list(dict.fromkeys(adcode))
    known = {p.adcode: p for p in answers.provinces(state)}
    for code in wanted:
        if code not in known:
            shown = code[:20]
            raise Refused(404, f"没有区划代码为 {shown} 的省份", f"no province has the code {shown}")
    if len(wanted) < 2:
        raise Refused(422, "请给出 2 至 5 个不同的省份", "give 2 to 5 different provinces")
    rows = answers.standings(state, wanted)
    return Comparison(edition=state.edition, provinces=[known[code] for code in wanted], nodes=list(rows.values()))


@router.get("/history", response_model=Paged[History], summary="Ranks and scores over the years")
def history(state: OfAll, paging: Pages, node: NodeName = None) -> Paged[History]:
    """Each province over the years, on the yearly and on the common scale; of each year its newest edition."""
    found = answers.history(state, node)
    state.edition = ""
    return Paged[History](**state.paged(cut(found, paging), len(found), paging))


@router.get("/changes", response_model=Changes, summary="What moved the ranks")
def changes(
    state: OfEdition,
    paging: Pages,
    node: NodeName = None,
    against: Annotated[str | None, Query(pattern=r"^[0-9]{4}-r[1-9][0-9]{0,3}$", description="an edition")] = None,
) -> Changes:
    """Changes of score and rank against an earlier edition, in parts that add up to them."""
    return evidence.changes(state, node, against, paging)


@router.get("/indicators", response_model=Paged[IndicatorRow], summary="Coverage of the indicators")
def indicators(state: OfEdition, paging: Pages) -> Paged[IndicatorRow]:
    """What is used for each indicator and how faithful it is, or why it is missing."""
    found = answers.indicators(state)
    return Paged[IndicatorRow](**state.paged(cut(found, paging), len(found), paging))


@router.get("/weights", response_model=Paged[Node], summary="The tree and its weights")
def weights(state: OfEdition, paging: Pages) -> Paged[Node]:
    """The tree, depth first, with weights and the consistency of the judgements."""
    found = answers.tree(state)
    return Paged[Node](**state.paged(cut(found, paging), len(found), paging))


@router.get("/quality", response_model=Checks, summary="Results of the checks")
def quality(
    state: OfEdition,
    paging: Pages,
    severity: evidence.Severity | None = None,
    passed: bool | None = None,
    search: Search = None,
) -> Checks:
    """Results of every check between load and scoring, the failed first."""
    return evidence.checks(state, severity, passed, search, paging)


@router.get("/approvals", response_model=Paged[Approval], summary="Who decided what")
def approvals(state: OfEdition, paging: Pages) -> Paged[Approval]:
    """What persons decided before the edition was published; none where publishing waits for nobody."""
    found = evidence.approvals(state)
    return Paged[Approval](**state.paged(cut(found, paging), len(found), paging))


@router.get("/sources", response_model=SourceResults, summary="What the sources gave")
def sources(
    state: OfEdition, paging: Pages, outcome: evidence.Outcome | None = None, search: Search = None
) -> SourceResults:
    """What each source that was asked gave, and why something of it could not be used."""
    return evidence.sources(state, outcome, search, paging)


@router.get("/whatif", response_model=WhatIf, summary="The edition scored again with something changed")
def what_if(
    request: Request,
    state: OfEdition,
    node: NodeName = None,
    weight: Annotated[
        list[Annotated[str, Query(pattern=whatif.SHARE)]],
        Query(
            max_length=40,
            description="like `policy:0.4`: a node's share among its siblings, who keep their proportions",
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
    drop: Annotated[
        list[Annotated[str, Query(pattern=NODE)]], Query(max_length=40, description="indicators or nodes left out")
    ] = [],  # noqa: B006 - likewise
    normalise: Annotated[str | None, Query(pattern=NORMALISE, description="of every indicator")] = None,
) -> WhatIf:
    """A calculation by the engine, not an edition; nothing is written. Nothing changed gives what was published."""
    changed = whatif.scenario(state, weight, drop, normalise)
    return whatif.whatif(request.app.state.cases.of(state), state, node, changed)


@router.get("/downloads", response_model=Paged[Download], summary="The files of an edition")
def download_list(request: Request, state: OfEdition, paging: Pages) -> Paged[Download]:
    """Every file that the edition's SHA256SUMS lists."""
    found = downloads(request.app.state.published, state.edition, request.url.path)
    return Paged[Download](**state.paged(cut(found, paging), len(found), paging))


@router.get(
    "/downloads/{edition}/{path:path}",
    summary="A file of an edition",
    response_class=Response,
    responses={200: {"description": "its bytes", "content": {"application/octet-stream": {}}}},
)
def download_one(request: Request, edition: Edition_, path: Annotated[str, InPath(max_length=200)]) -> Response:
    """The bytes of one file; a report opens, everything else is saved."""
    target, sha256 = download(request.app.state.published, edition, path)
    etag = f'"{sha256}"'
    unmodified(request, etag)
    return served(target, etag)
