"""The form that puts items on the schedule, in a real browser: a time that was typed is the time that is meant."""

from __future__ import annotations

import pytest

from tests.factories.platforms import AccountFactory
from tests.factories.schedules import ready_item

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_fills_in_a_field_has_chosen_what_it_stands_beside(in_workspace, member, page, visit):
    AccountFactory(workspace=in_workspace)
    ready_item(in_workspace)
    visit(member("editor"), f"/w/{in_workspace.slug}/schedule/")
    chosen = "() => document.querySelector('#add [name=when]:checked').value"
    assert page.evaluate(chosen) == "slot"
    page.locator("#add [name=hours]").fill("7")
    assert page.evaluate(chosen) == "spread"
    page.locator("#add [name=at]").click()
    assert page.evaluate(chosen) == "at"
    # Without a time it is not sent at all, so that nothing that was ticked is lost.
    needed = "() => [...document.querySelectorAll('#add [data-needed]')].map((field) => [field.name, field.required])"
    assert page.evaluate(needed) == [["at", True], ["hours", False]]
