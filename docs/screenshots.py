"""The pictures of pages in docs/: ``python docs/screenshots.py`` takes them in a headless Chromium.

It needs ``playwright`` and a Chromium of the system, as the tests of pages do.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from browser import Tab, started  # noqa: E402  # tests/ is no package

import neurorebit as nr  # noqa: E402

SIZE = {"width": 1180, "height": 1400}
PICTURE = ROOT / "docs" / "guide" / "report_page.png"


def main() -> int:
    """Take the first screen of the page of the committed estimate."""
    report = nr.read(ROOT / "reports" / "reference" / "vgg11")
    with tempfile.TemporaryDirectory() as place, started() as browser:
        folder = report.save(Path(place) / "report")
        tab = Tab(browser, folder / "report.html")
        tab.page.set_viewport_size(SIZE)
        tab.page.wait_for_timeout(500)
        tab.page.screenshot(path=PICTURE)
        tab.is_sound()
    sys.stdout.write(f"written: {PICTURE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
