"""Take the two pictures of the built site: the README's and the one that stands beside a shared link.

    python -m dlgn_site.pictures       # book/assets/screenshot.png and book/assets/preview.png, from _build/html

Needs Chromium. Pixels differ from one machine to the next, so the pictures are committed and no test compares them.
"""

import argparse
import functools
import io
import shutil
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

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
        .bd-article a.dlgn-start, .bd-article a.dlgn-colab { display: none !important; }
        body { overflow: hidden; } .bd-main .bd-content .bd-article-container { max-width: none !important; padding: 0; }
        .bd-article > section { display: grid; grid-template-columns: 25rem 1fr; column-gap: 2rem; padding: 1.5rem 1rem; }
        .bd-article > section > * { grid-column: 1; }
        .bd-article > section > div.cell:first-of-type { grid-column: 2; grid-row: 1 / 40; }
        .bd-article h1 { font-size: 2.9rem; line-height: 1.15; margin: 0 0 1.5rem; }
        .bd-article h1 + p { font-size: 1.2rem; line-height: 1.5; }
        .bd-article > section > :nth-child(n + 5) { display: none; }""",
    ),
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _take(browser: object, address: str, page: str, width: int, height: int, style: str) -> Image.Image:
    tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    tab.goto(f"{address}/{page}.html", wait_until="load")
    tab.evaluate("window.MathJax?.startup.promise.then(() => true)")
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
    program = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if program is None:
        print("no Chromium on this machine (Debian: the package chromium)", file=sys.stderr)
        return 1
    serve = functools.partial(_Quiet, directory=ROOT / "_build" / "html")
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for page, width, height, name, style in PICTURES:
            picture = _take(browser, f"http://127.0.0.1:{server.server_port}", page, width, height, style)
            picture.save(out / name, optimize=True)
            print(f"{out / name}: {width} x {height}, {(out / name).stat().st_size / 1000:.0f} kB")
        browser.close()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
