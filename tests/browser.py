"""A headless Chromium for the tests of pages: the one that the system has, started once."""

import os
import shutil
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)  # fmt: skip


def executable():
    """The path of Chromium: NEUROREBIT_CHROMIUM, or the first that is installed, or None."""
    return os.environ.get("NEUROREBIT_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )


@contextmanager
def started():
    """The browser; a test that needs it is skipped, with one line, where it is not there."""
    path = executable()
    if path is None:
        pytest.skip("no Chromium is installed: pages are read by a parser alone")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=path, args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A page in the browser: what it asked for and what it complained of is kept."""

    def __init__(self, browser, path, scheme="light", webgl=True):
        self.context = browser.new_context(
            viewport={"width": 1280, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        if not webgl:
            self.context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
        self.page = self.context.new_page()
        self.asked, self.complaints = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type == "error" else None,
        )
        self.address = path.as_uri()
        self.page.goto(self.address)
        self.page.wait_for_selector("html[data-ready]")

    def run(self, script, *given):
        return self.page.evaluate(script, *given)

    def clipboard(self):
        return self.run("navigator.clipboard.readText()")

    def is_sound(self):
        """No error, and nothing asked for but the page itself."""
        assert self.complaints == []
        assert [url for url in self.asked if not url.startswith(("blob:", "data:"))] == [
            self.address
        ]
