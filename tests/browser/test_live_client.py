"""static/rundown/live.js in a real browser: it follows events, and comes back after the connection has gone."""

from __future__ import annotations

import pytest

from apps.common.transactions import unit_of_work
from apps.lifecycle import retention
from apps.lifecycle.events import emit
from apps.lifecycle.models import Run
from apps.lifecycle.services import advance
from apps.workspaces.actors import SYSTEM
from tests.factories.lifecycle import RunFactory

pytestmark = pytest.mark.django_db(transaction=True)

LISTEN = """
window.heard = [];
for (const name of ["rundown:event", "rundown:live", "rundown:reload"])
  document.addEventListener(name, ({ detail }) => window.heard.push([name, detail]));
"""


@pytest.fixture
def runs(workspace, member, page, visit):
    """The admin's list of runs, open as an editor sees it, with one run in it."""
    run = RunFactory(workspace=workspace)
    page.add_init_script(LISTEN)
    visit(member("editor"), "/admin/lifecycle/run/")
    wait_for(page, "rundown:live")
    return run


def wait_for(page, name: str, count: int = 1) -> None:
    heard = "([name, count]) => window.heard.filter(([each]) => each === name).length >= count"
    page.wait_for_function(heard, arg=[name, count], timeout=20_000)


def tell_progress(run: Run, percent: float) -> None:
    step = {"number": 1, "of": 2, "name": "narrate", "label": "Narrating"}
    with unit_of_work():
        data = {"percent": percent, "step": step, "step_percent": percent, "note": "3 of 9"}
        emit(workspace=run.workspace, type="run.progress", subject=run, data=data)


def test_a_bar_moves_while_the_run_goes_on(runs, page):
    bar = page.locator(f'progress[data-run="{runs.pk}"]')
    assert bar.evaluate("each => each.value") == 0
    tell_progress(runs, 37.5)
    wait_for(page, "rundown:event")
    assert bar.evaluate("each => [each.value, each.title]") == [37.5, "Narrating · 3 of 9"]


def test_after_a_restore_the_page_is_told_to_look_again_and_goes_on(runs, page):
    tell_progress(runs, 10)
    wait_for(page, "rundown:event")
    retention.begin_anew(runs.workspace)
    wait_for(page, "rundown:reload")
    tell_progress(runs, 20)
    wait_for(page, "rundown:event", 2)
    heard = page.evaluate("window.heard.map(([name, detail]) => detail.seq ?? detail.on ?? name)")
    assert heard == [True, 1, False, True, "rundown:reload", 2]


def test_an_editor_cancels_runs_in_the_admin_and_a_change_of_state_is_heard(runs, page):
    page.locator('input[name="_selected_action"]').first.check()
    page.locator('select[name="action"]').select_option("cancel_selected")
    page.get_by_role("button", name="Run").click()
    page.get_by_text("“Cancel” is done: 1 run.").wait_for()
    assert Run._base_manager.get(pk=runs.pk).state == "cancelled"
    wait_for(page, "rundown:live")
    advance(runs, "retry", actor=SYSTEM)
    wait_for(page, "rundown:event")
