"""Take the two pictures of the built site: the README's and the one that stands beside a shared link.

    python -m dlgn_site.pictures       # book/assets/screenshot.png and book/assets/preview.png, from _build/html

Needs Chromium. Pixels differ from one machine to the next, so the pictures are committed and no test compares them.
"""

import argparse
import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from dlgn_site.in_browser import open_page, open_site

ROOT = Path(__file__).parents[3]
#: page, width and height in pixels, file, and a style that shows only what matters at that size
PICTURES = (
    ("book/experts/paths", 1100, 760, "screenshot.png", "body {}"),
    (
        "book/intro",
        1200,
        630,
        "preview.png",
        """.bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, footer, .bd-article details,
        .bd-article a.dlgn-start, .bd-article a.dlgn-colab, .dlgn-tools { display: none !important; }
        body { overflow: hidden; } .bd-main .bd-content .bd-article-container { max-width: none !important; padding: 0; }
        .bd-article > section { display: grid; grid-template-columns: 25rem 1fr; column-gap: 2rem; padding: 1.5rem 1rem; }
        .bd-article > section > * { grid-column: 1; }
        .bd-article > section > :has(#fig-intro-paths) { grid-column: 2; grid-row: 1 / 40; }
        .bd-article h1 { font-size: 2.9rem; line-height: 1.15; margin: 0 0 1.5rem; }
        .bd-article h1 + p { font-size: 1.2rem; line-height: 1.5; }
        .bd-article > section > :nth-child(n + 5):not(:has(#fig-intro-paths)) { display: none; }""",
    ),
)


def _take(browser: Browser, address: str, page: str, width: int, height: int, style: str) -> Image.Image:
    tab = open_page(browser, address, page, width, height)
    tab.add_style_tag(content=style)
    tab.wait_for_timeout(1000)  # the theme's colours fade in
    picture = Image.open(io.BytesIO(tab.screenshot()))
    tab.close()
    return picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "book" / "assets", help="folder of the pictures")
    out = parser.parse_args(arguments).out
    try:
        with open_site(ROOT / "_build" / "html") as (browser, address):
            for page, width, height, name, style in PICTURES:
                picture = _take(browser, address, page, width, height, style)
                picture.save(out / name, optimize=True)
                print(f"{out / name}: {width} x {height}, {(out / name).stat().st_size / 1000:.0f} kB")
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
