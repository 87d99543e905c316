"""Pictures of the pages, for docs/pages."""

from pathlib import Path

from playwright.sync_api import Page

# On a wide screen and light, all of them; others where they tell something.
DARK_TOO = {"sign-in", "home", "consent", "device-delete"}
NARROW_TOO = {"home", "devices", "consent", "deactivate"}
# The page's one column, and a little of what is around it.
WIDE = 480
NARROW = 320
# Else what has just come into sight may be missing.
_PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Album:
    def __init__(self, folder: Path):
        self._folder = folder
        self._taken: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, page: Page, name: str, narrow: bool) -> None:
        size = page.viewport_size
        if not narrow:
            self._take(page, name, WIDE)
            if name in DARK_TOO:
                page.emulate_media(color_scheme="dark")
                self._take(page, f"{name}-dark", WIDE)
                page.emulate_media(color_scheme="light")
        elif name in NARROW_TOO:
            self._take(page, f"{name}-narrow", NARROW)
        page.set_viewport_size(size)

    def _take(self, page: Page, name: str, width: int) -> None:
        assert name not in self._taken, f"two pictures are called {name}"
        self._taken.add(name)
        # As high as the page, with no empty room around it. In a higher window there is more above.
        height = 100
        for _ in range(4):
            page.set_viewport_size({"width": width, "height": height})
            height = page.evaluate("document.documentElement.scrollHeight")
        page.evaluate(_PAINTED)
        page.screenshot(path=self._folder / f"{name}.png")
