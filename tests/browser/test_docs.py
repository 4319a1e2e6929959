from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Site, Visit

pytestmark = pytest.mark.browser


def test_the_api_documentation_lists_every_operation(visit: Callable[..., Visit], site: Site) -> None:
    opened = visit(site)
    opened.go("/docs")
    document = site.get("/openapi.json")
    operations = sum(len(methods) for methods in document["paths"].values())
    expect(opened.page.locator(".opblock")).to_have_count(operations)
    assert operations > 3
    opened.page.locator(".opblock", has_text="How each model performs").locator("button").first.click()
    expect(opened.page.get_by_text("only this task type")).to_be_visible()
