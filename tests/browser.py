"""Where tests get a real browser from.

A browser is looked for in this order: ``$BRAYNS_WIDGET_CHROMIUM``, the Chromium that Playwright installed, Chromium or
Chrome on the PATH. Where there is none, the test is skipped and says what to do.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ARTIFACTS = Path(__file__).resolve().parent.parent / "test-artifacts"
"""Screenshots and the like that tests keep for people to look at; not in git."""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Quiet: nothing of the browser itself may use the network or slow a test down. The sandbox cannot work for root.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LAUNCH_TIMEOUT_MS = 60_000


def find_chromium(installed: str) -> Path | None:
    """Path of a Chromium that can be started, or None; Playwright would have ``installed`` its own there."""
    if chosen := os.environ.get("BRAYNS_WIDGET_CHROMIUM"):
        return Path(chosen)
    bundled = Path(installed)
    if bundled.is_file():
        return bundled
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


@contextmanager
def launch() -> Iterator[Browser]:
    """A headless Chromium for tests; it is closed on exit.

    Skips the test, saying so, where the package playwright or a browser is missing.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the extra 'test' (package playwright)")
    with sync_api.sync_playwright() as playwright:
        executable = find_chromium(playwright.chromium.executable_path)
        if executable is None:
            pytest.skip("no browser: run 'playwright install chromium' or set BRAYNS_WIDGET_CHROMIUM")
        root = hasattr(os, "geteuid") and os.geteuid() == 0
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=[*FLAGS, *(["--no-sandbox"] if root else [])],
            timeout=LAUNCH_TIMEOUT_MS,
        )
        try:
            yield browser
        finally:
            browser.close()
