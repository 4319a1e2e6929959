"""The page where people sign in, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Site
from tests.servers import serving

from augury.access.keyring import KeyRing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
PAGE = "/analytics/models?days=7"


def test_people_sign_in_by_keyboard_and_out_again(visit: Callable[..., Visit], tmp_path: Path) -> None:
    _, secret = KeyRing(tmp_path).create(name="<b>me</b>", scopes=["read"])
    with serving(tmp_path, AUGURY_REQUIRE_KEY="yes") as server:
        opened = visit(Site(server.address), width=390)
        page = opened.page
        opened.go(PAGE)
        expect(page.get_by_label("Your key")).to_be_focused()
        page.keyboard.type("augury_wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("no key of this server")
        opened.complaints.clear()  # the browser itself notes every answer that is an error
        for width in (390, 2560):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        page.evaluate(AXE.read_text())
        for theme in ("dark", "light"):
            page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
            found = page.evaluate("axe.run(document)")
            assert [violation["id"] for violation in found["violations"]] == [], theme

        page.keyboard.type(secret)
        page.keyboard.press("Enter")
        page.wait_for_url(server.address + PAGE)
        assert page.evaluate("document.cookie") == ""  # no script can read it
        opened.go("/sign-in")
        expect(page.locator("main")).to_contain_text("<b>me</b>")
        page.get_by_role("link", name="Open the dashboard").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("status")).to_have_text("You are signed out.")
        opened.go(PAGE)
        expect(page.get_by_label("Your key")).to_be_visible()
