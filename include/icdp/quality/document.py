"""The table of checks in docs/quality.md: ``python -m icdp.quality.document docs/quality.md`` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path

from icdp.catalog import Catalog, load_catalog
from icdp.catalog.checks import Check
from icdp.settings import CATALOG

BEGIN, END = "<!-- checks -->\n", "<!-- /checks -->"
THEMES = {
    "tables": "表 Tables", "totals": "合计 Totals", "identities": "恒等 Identities", "movement": "年际 Year on year",
    "sources": "来源 Sources", "index": "指数 The index",
}  # fmt: skip


def table(catalog: Catalog) -> str:
    """Return every check of the catalogue, by theme, as Markdown."""
    lines = []
    for theme, checks in _by_file(catalog).items():
        lines += [f"### {THEMES.get(theme, theme)} `{theme}.yaml`", ""]
        lines += [
            "| 检查 Check | 级别 Severity | 规则 Rule | 失败意味着 A failure means | 为何查 Why |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| `{c.check}` | {c.severity} | `{c.rule}`{_parameters(c)} | {_cell(c.message_zh)} {_cell(c.message_en)} | "
            f"{_cell(c.reason)} |"
            for c in checks
        ]
        lines.append("")
    return "\n".join(lines)


def _by_file(catalog: Catalog) -> dict[str, list[Check]]:
    themes: dict[str, list[Check]] = {name: [] for name in THEMES}
    for check in catalog.checks.values():
        themes.setdefault(check.file.removesuffix(".yaml"), []).append(check)
    return {name: checks for name, checks in themes.items() if checks}


def _parameters(check: Check) -> str:
    """Return the numbers and names a reader wants; long lists stay in the catalogue."""
    told = check.model_dump(exclude=set(Check.model_fields) | {"left", "right", "sql"}, exclude_defaults=True)
    short = {name: value for name, value in told.items() if not isinstance(value, dict | tuple)}
    ratio = {name: str(getattr(check, name)) for name in ("left", "right") if hasattr(check, name)}
    text = ", ".join(f"{name} `{value}`" for name, value in (ratio | short).items())
    return f": {text}" if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def rewritten(text: str, catalog: Catalog) -> str:
    """Return a document with the table between its two marks made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(catalog)}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(rewritten(path.read_text(encoding="utf-8"), load_catalog(CATALOG)), encoding="utf-8")
