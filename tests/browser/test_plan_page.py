"""The page of a plan while others work, in a real browser: what a person has opened and holds stays so."""

from __future__ import annotations

import pytest

from apps.content_plans.services import process
from apps.workspaces.actors import SYSTEM
from tests.factories.plans import make_plan

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_open_menu_stays_open_and_keeps_the_keyboard(in_workspace, member, page, visit):
    shown, other = make_plan(in_workspace), make_plan(in_workspace)
    visit(member("editor"), f"/w/{in_workspace.slug}/plans/{shown.pk}/")
    page.wait_for_function("() => document.documentElement.dataset.live === 'on'")
    page.locator("#more > summary").click()
    page.locator("#more button").first.focus()
    held = page.locator("#state").element_handle()
    with page.expect_response(lambda answer: answer.url == page.url):
        process(plan=other, actor=SYSTEM)
    page.wait_for_timeout(300)
    assert held.evaluate("each => [each.isConnected, each.contains(document.activeElement)]") == [True, True]
    process(plan=shown, actor=SYSTEM)
    page.locator("#state .badge", has_text="Queued").wait_for()
    assert page.evaluate("document.querySelector('#more').open && document.activeElement.textContent") == "Duplicate"
