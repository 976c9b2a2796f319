"""Pictures of the main views, wide and narrow, in both languages: ``make screenshots`` writes them to var/screenshots."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.browser.serving import chromium, served

from icdp.settings import Settings

VIEWS = {
    "ranking": "", "ranking-infrastructure": "node=infrastructure&sort=-width", "map": "view=map", "province": "view=province",
    "compare": "view=compare", "years": "view=compare&mode=years", "weights": "view=weights", "coverage": "view=coverage",
    "quality": "view=quality", "sources": "view=sources", "downloads": "view=downloads",
}  # fmt: skip
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}


def main(folder: Path, only: str = "") -> int:
    """Write a picture of each view."""
    folder.mkdir(parents=True, exist_ok=True)
    with served(Settings.from_environment()) as address, chromium() as browser:
        for size, (width, height) in SIZES.items():
            for language in ("zh", "en"):
                page = browser.new_page(viewport={"width": width, "height": height})
                page.on("console", lambda message: print("console:", message.text) if message.type == "error" else None)
                page.on("pageerror", lambda error: print("error:", error))
                for view, query in VIEWS.items():
                    if only and only not in f"{view}-{size}-{language}":
                        continue
                    page.goto(f"{address}?{query}{'&lang=en' if language == 'en' else ''}")
                    page.wait_for_selector("main h1")
                    page.wait_for_load_state("networkidle")
                    target = folder / f"{view}-{size}-{language}.png"
                    page.screenshot(path=target, full_page=True)
                    print(target)
                page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
