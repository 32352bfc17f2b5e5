"""A real browser for the playground: Debian's Chromium, driven by Playwright, which brings no browser of its own."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Dialog, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Start the browser once; skips where there is none."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.skip("no Chromium here; install the Debian package chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """Open a tab with a storage of its own. Fails if a script fails, or if anything but our own question pops up."""
    surprises: list[str] = []

    async def answer(dialog: Dialog) -> None:
        if dialog.type != "confirm":
            surprises.append(f"{dialog.type}: {dialog.message}")
        await dialog.accept()

    async with await browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        page = await context.new_page()
        page.on("dialog", answer)
        page.on("pageerror", lambda error: surprises.append(str(error)))
        yield page
    assert surprises == []
