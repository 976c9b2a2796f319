"""The commands of docs/runbook.md, section by section, as they are pasted into a shell."""

from __future__ import annotations

import re

from icdp.settings import REPOSITORY

TEXT = (REPOSITORY / "docs" / "runbook.md").read_text(encoding="utf-8")


def sections() -> dict[str, str]:
    """Return heading -> text of every section and subsection; a subsection's text is not its section's."""
    parts = re.split(r"^#{2,3} (.+)$", TEXT, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(heading: str) -> list[str]:
    """Return the shell blocks of the one section whose heading has these words."""
    (text,) = [text for title, text in sections().items() if heading in title]
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
