"""What every page must pass: accessible, inside its width, photographed."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from PIL import Image

from tests.browser.conftest import SCREENSHOTS, WIDTHS, Window
from tests.browser.sample import PICTURES

LOOKS = [("ja", "desk"), ("en", "phone")]  # what axe looks at; the other two are tried for their width
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}


@cache
def _axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def find_violations(window: Window) -> list[str]:
    """What axe-core finds against WCAG 2.2 AA, one line per rule with its places."""
    window.page.evaluate(_axe())
    found: list[dict[str, Any]] = window.page.evaluate(
        "rules => axe.run(document, rules).then(found => found.violations)", RULES
    )
    return [
        f"{rule['id']}: {rule['help']} at {[node['target'] for node in rule['nodes'][:4]]}"
        f" {_why(rule['nodes'][0])}"
        for rule in found
    ]


def _why(node: dict[str, Any]) -> str:
    """The first reason, and the elements that have to do with it."""
    if not node["any"]:
        return ""
    first = node["any"][0]
    return f"{first['message']} {[other['target'] for other in first.get('relatedNodes', ())]}"


def check_fit(window: Window, name: str) -> None:
    """A heading, no sideways scrolling; leaves ``screenshots/<name>-<lang>-<width>.png``."""
    page = window.page
    language = page.locator("html").get_attribute("lang")
    width = page.viewport_size["width"] if page.viewport_size else 0
    theme = "-dark" if page.locator("html").get_attribute("data-bs-theme") == "dark" else ""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{language}-{width}{theme}.png")
    assert page.locator("h1").first.inner_text().strip(), f"{name} has no heading"
    beyond = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
    assert beyond <= 0, f"{name} is {beyond} px wider than the window of {width} px"


def check_page(window: Window, name: str) -> None:
    """It fits, and axe finds nothing."""
    window.settle()
    check_fit(window, name)
    violations = find_violations(window)
    assert not violations, f"{name}: " + "; ".join(violations)


def check_at_both_widths(window: Window, name: str) -> None:
    """As :func:`check_page`, and it fits when the window is made as narrow, or as wide, as the other kind."""
    check_page(window, name)
    page, before = window.page, window.page.viewport_size
    assert before is not None
    width, height = next(size for size in WIDTHS.values() if size[0] != before["width"])
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    check_fit(window, name)
    page.set_viewport_size(before)


def take_picture(window: Window, name: str) -> None:
    """What the documents show: ``<name>.png``, ``<name>.ja.png`` in the folder ``ENISHI_PICTURES`` names, if it names one."""
    page = window.page
    if not PICTURES or page.viewport_size is None or page.viewport_size["width"] != WIDTHS["desk"][0]:
        return
    window.settle()
    language = page.locator("html").get_attribute("lang")
    folder = Path(PICTURES)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (f"{name}.png" if language == "en" else f"{name}.{language}.png")
    seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    colours = Image.Quantize.MAXCOVERAGE  # keeps rare ones, such as that of a badge
    seen.quantize(256, colours, kmeans=3, dither=Image.Dither.NONE).save(path, optimize=True)
