"""A browser for tests, and the pages that they open in it, one after another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    expect,
    sync_playwright,
)

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"
)
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PATIENCE = 60_000  # milliseconds; only what is wrong takes so long
expect.set_options(timeout=PATIENCE)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


class Tabs:
    """Pages that each test finds as good as new: a process for every page would cost it a second.

    Each has a context of its own, so that what one of them remembers is not known to another.

    Args:
        harmless: a part of what the console may say.
    """

    def __init__(self, browser: Browser, harmless: str = "") -> None:
        self._browser = browser
        self._harmless = harmless
        self._root = ""
        self._pages: list[Page] = []
        self._open: list[Page] = []
        self._troubles: list[str] = []

    def open(self, address: str, *, root: str, scheme: str = "light", width: int = 1280) -> Page:
        """Opens an address. All that is asked for has to begin with `root`."""
        self._root = root
        if len(self._open) == len(self._pages):
            self._pages.append(self._new())
        page = self._pages[len(self._open)]
        self._open.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", media="null")
        page.goto(address)
        return page

    def leave(self) -> list[str]:
        """Empties the pages; what has left one meanwhile, gone wrong in it or been obeyed."""
        for page in self._open:
            if (obeyed := page.evaluate("window.obeyed")) is not None:
                self._troubles.append(f"obeyed: {obeyed}")
            for other in page.context.pages[1:]:
                self._troubles.append(f"opened: {other.url}")
                other.close()
            page.evaluate("localStorage.clear(), sessionStorage.clear()")
            page.goto("about:blank")
            page.context.clear_cookies()
        found = self._troubles
        self._open, self._troubles = [], []
        return found

    def _new(self) -> Page:
        page = self._browser.new_context().new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self._troubles.append(str(error)))
        page.on("dialog", self._asked)
        page.on("request", self._sent)
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if not self._harmless or self._harmless not in message.text:
            self._troubles.append(f"{message.type}: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        self._troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _sent(self, request: Request) -> None:
        if not request.url.startswith(self._root):
            self._troubles.append(request.url)
