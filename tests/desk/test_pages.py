"""The pages of a workspace: what they show, to whom, and at what cost."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape
from django_scopes import scope

from apps.clips.models import InboxFile
from apps.content.models import Item, Revision
from apps.content.services import revise_item
from apps.lifecycle.models import Run, RunStep
from apps.lifecycle.runs import start_run
from apps.lifecycle.services import advance
from apps.platforms.models import Account
from apps.schedules.models import Post
from apps.stories.models import Story
from apps.uploads.models import Attempt
from apps.workspaces.actors import SYSTEM
from tests.factories.approvals import make_review
from tests.factories.clips import make_clip
from tests.factories.content import make_asset, make_item, make_text
from tests.factories.plans import make_plan
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for
from tests.factories.stories import make_story, story_text
from tests.factories.workspaces import WorkspaceFactory

PAGES = ("", "stories/", "items/", "review/", "schedule/")


@pytest.fixture
def enter(client, member):
    """enter("editor") is a browser signed in as a member with that role."""

    def sign_in(role: str = "owner"):
        client.force_login(member(role))
        return client

    return sign_in


@pytest.fixture
def at(in_workspace):
    """at("items/") is the address of that page."""
    return lambda path="": f"/w/{in_workspace.slug}/{path}"


def html_of(response) -> str:
    assert response.status_code == 200, response.content.decode()[:500]
    return response.content.decode()


def make_run(item: Item, *, state: str = "running", kind: str = "render") -> Run:
    run = start_run(workspace=item.workspace, kind=kind, subject=item)
    Run.objects.filter(pk=run.pk).update(state=state, percent=41, error={"message": "No voice.", "hint": "Choose one."})
    RunStep.objects.create(run=run, number=1, name="narrate", label="Narration", percent=62, note="5/8")
    return run


def fill(workspace, account) -> None:
    """One more of everything that the pages list."""
    make_story(workspace)
    review = make_review(workspace, text=make_text(parts=2))
    make_run(review.item, kind="preview")
    make_run(make_item(workspace, state="failed"), state="failed")
    posts_for(account, title="Tomorrow", at=timezone.now() + timedelta(days=1))
    missed = posts_for(account, title="Yesterday", at=timezone.now() - timedelta(days=1))[0]
    advance(missed, "miss", actor=SYSTEM)


@pytest.mark.parametrize("path", PAGES)
def test_page_costs_the_same_for_one_row_and_for_three(in_workspace, enter, at, path):
    client, account = enter(), AccountFactory(workspace=in_workspace)
    fill(in_workspace, account)
    html_of(client.get(at(path)))
    with CaptureQueriesContext(connection) as one:
        client.get(at(path))
    fill(in_workspace, account)
    fill(in_workspace, account)
    with CaptureQueriesContext(connection) as three:
        client.get(at(path))
    assert len(three) == len(one)


def test_dashboard_shows_what_waits_runs_goes_out_and_failed(in_workspace, enter, at):
    account = AccountFactory(workspace=in_workspace, name="The feed")
    fill(in_workspace, account)
    html = html_of(enter().get(at()))
    for shown in ("The harbour light", "Making a preview", "Narration · 5/8", "41%", "Tomorrow", "Yesterday"):
        assert shown in html
    assert "No voice. Choose one." in html
    assert html.count("data-countdown") == 1


def test_failed_work_is_named_and_leads_to_what_it_was_about(in_workspace, enter, at):
    plan = make_plan(in_workspace, title="Rain barrels")
    run = start_run(workspace=in_workspace, kind="plan", subject=plan)
    Run.objects.filter(pk=run.pk).update(state="failed", finished_at=timezone.now(), error={"message": "No."})
    link = f'<a href="{at(f"plans/{plan.pk}/")}">Rain barrels</a>'
    client = enter()
    assert [page for page in ("", "attention/?list=work") if link not in html_of(client.get(at(page)))] == []


def test_dashboard_asks_about_films_that_were_refused(in_workspace, enter, at):
    make_clip(in_workspace, state="refused", name="bomb.mp4", problem={"message": "It is too long.", "hint": ""})
    file = {"workspace": in_workspace, "size": 1, "mtime_ns": 1}
    InboxFile.objects.create(path="list.mp4", outcome="refused", reason="This is a playlist.", **file)
    InboxFile.objects.create(path="good.mp4", outcome="taken", **file)
    html = html_of(enter().get(at()))
    for shown in ("bomb.mp4", "It is too long.", "list.mp4", "This is a playlist."):
        assert shown in html
    assert "good.mp4" not in html
    assert "All is well." not in html


def test_dashboard_asks_for_the_login_that_an_account_has_lost(in_workspace, enter, at):
    account = AccountFactory(workspace=in_workspace, name="Our hook")
    posts_for(account, at=timezone.now() + timedelta(days=1))
    Account.objects.filter(pk=account.pk).update(state="needs_login", state_reason="The token was revoked.")
    html = html_of(enter().get(at()))
    assert f'{at(f"accounts/{account.pk}/")}#login">Our hook</a>' in html
    for shown in ("The token was revoked.", "Our hook · Needs a new login"):
        assert shown in html


def test_an_upload_is_followed_on_the_schedule_and_on_the_page_of_its_item(in_workspace, enter, at):
    one, two = posts_for(AccountFactory(workspace=in_workspace), parts=2)
    Post.objects.filter(pk=one.pk).update(state="submitting")
    Attempt.objects.create(
        workspace=in_workspace, post=one, number=1, token=one.key, started_at=timezone.now(), percent=37
    )
    client = enter()
    for path in ("schedule/", f"items/{one.item_id}/"):
        html = html_of(client.get(at(path)))
        assert f'data-upload="{one.pk}"' in html
        assert "<span data-upload-percent>37%</span>" in html
        assert f'data-upload="{two.pk}"' not in html
        assert "rundown/uploads.js" in html
    assert at(f"posts/{one.pk}/") in html_of(client.get(at("schedule/")))


def test_empty_workspace_says_what_to_do(in_workspace, enter, at):
    client = enter()
    assert "Nothing waits for a decision. Shortlist a story" in html_of(client.get(at()))
    assert "No items yet" in html_of(client.get(at("items/")))
    assert "No stories here" in html_of(client.get(at("stories/")))
    assert "Nothing waits for a decision" in html_of(client.get(at("review/")))


def test_item_page_shows_text_film_captions_work_and_decisions(in_workspace, enter, at, tmp_path):
    item = make_review(in_workspace, text=make_text(parts=2)).item
    asset = make_asset(item.current_revision, tmp_path)
    make_run(item, kind="preview")
    html = html_of(enter().get(at(f"items/{item.pk}/")))
    for shown in ("Night 1 began.", "Night 2 began.", "It was dark.", "#harbour", at(f"assets/{asset.pk}/"), "41%"):
        assert shown in html
    assert 'class="step-now" aria-current="step">Upload' in html


@pytest.mark.parametrize(
    ("role", "may_decide", "may_edit"),
    [
        ("owner", True, True),
        ("admin", True, True),
        ("editor", False, True),
        ("approver", True, False),
        ("analyst", False, False),
        ("viewer", False, False),
    ],
)
def test_buttons_are_for_those_who_may_press_them(in_workspace, enter, at, role, may_decide, may_edit):
    item, client = make_review(in_workspace).item, enter(role)
    html = html_of(client.get(at(f"items/{item.pk}/")))
    assert ('value="approve"' in html, f"items/{item.pk}/edit/" in html) == (may_decide, may_edit)
    assert ('id="paste"' in html_of(client.get(at("stories/")))) == may_edit
    decided = client.post(at(f"items/{item.pk}/decide/"), {"revision": 1, "verdict": "approve"})
    assert decided.status_code == (302 if may_decide else 403)
    edited = client.get(at(f"items/{item.pk}/edit/"))
    assert edited.status_code == (200 if may_edit else 403)


def test_a_review_is_left_to_one_approver(in_workspace, enter, at, actor):
    item, asha, client = make_review(in_workspace).item, actor("approver").user, enter("approver")
    assert f'<option value="{asha.pk}">' in html_of(client.get(at(f"items/{item.pk}/")))
    html = html_of(client.post(at(f"items/{item.pk}/assign/"), {"assignee": asha.pk}, follow=True))
    assert (f"It waits for {asha} now." in html, f'<option value="{asha.pk}" selected>' in html) == (True, True)
    assert str(asha) in html_of(client.get(at("review/")))
    assert client.post(at(f"items/{item.pk}/assign/"), {"assignee": actor("viewer").user.pk}).status_code == 404


def test_decision_is_on_the_version_that_the_page_showed(in_workspace, enter, at, actor):
    item, client = make_review(in_workspace).item, enter("approver")
    revise_item(item=item, actor=actor("editor"), text=make_text("Second"), base=1)
    said = {"revision": 1, "verdict": "request_changes", "comment": "Shorter, please."}
    answer = client.post(at(f"items/{item.pk}/decide/"), said)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "you saw version 1, the current one is 2" in html
    assert "Shorter, please." in html
    assert Item.objects.get().state == "in_review"


def test_edit_that_came_second_is_kept_on_the_page_beside_the_first(in_workspace, enter, at, actor):
    item, client = make_item(in_workspace), enter("editor")
    revise_item(item=item, actor=actor("editor"), text=make_text("Theirs"), base=1)
    form = {"base": "1", "title": "Mine", "part_title": ["One"], "part_text": ["Two lines\r\nof mine."], "note": "Mine"}
    answer = client.post(at(f"items/{item.pk}/edit/"), form)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody saved version 2 meanwhile." in html
    assert 'value="Mine"' in html
    assert "Two lines\nof mine." in html
    assert "<ins>Theirs</ins>" in html
    assert 'name="base" value="2"' in html
    answer = client.post(at(f"items/{item.pk}/edit/"), {**form, "base": "2"})
    assert (answer.status_code, answer.url) == (302, at(f"items/{item.pk}/"))
    assert Revision.objects.get(number=3).body == "Two lines\nof mine."


def test_edit_without_a_title_is_kept_on_the_page(in_workspace, enter, at):
    item = make_item(in_workspace)
    form = {"base": "1", "title": "", "part_title": [""], "part_text": ["Still here."]}
    answer = enter("editor").post(at(f"items/{item.pk}/edit/"), form)
    assert (answer.status_code, Revision.objects.count()) == (422, 1)
    assert "Still here." in answer.content.decode()


def test_pasted_story_joins_the_queue_and_is_shortlisted(in_workspace, enter, at):
    client = enter("editor")
    client.post(at("stories/"), {"title": "The lamp", "text": story_text(7)})
    story = Story.objects.get()
    assert (story.title, story.state) == ("The lamp", "new")
    client.post(at(f"stories/{story.pk}/shortlist/"))
    assert Story.objects.get().state == "shortlisted"


def test_story_that_is_here_already_keeps_what_was_typed_and_can_be_added_all_the_same(in_workspace, enter, at):
    client, form = enter("editor"), {"title": "The lamp", "text": story_text(8)}
    client.post(at("stories/"), form)
    answer = client.post(at("stories/"), {**form, "title": "The lamp again"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="The lamp again"' in html
    assert escape(form["text"]) in html
    client.post(at("stories/"), {**form, "title": "The lamp again", "again": "1"})
    assert Story.objects.count() == 2


def test_rejected_item_is_restored_by_an_approver(in_workspace, enter, at, actor):
    item, client = make_review(in_workspace).item, enter("approver")
    client.post(at(f"items/{item.pk}/decide/"), {"revision": 1, "verdict": "reject"})
    assert "Restore" in html_of(client.get(at(f"items/{item.pk}/")))
    client.post(at(f"items/{item.pk}/do/restore/"))
    assert Item.objects.get().state == "in_review"


def test_items_are_found_by_title_and_state(in_workspace, enter, at):
    make_item(in_workspace, text=make_text("The lamp"))
    make_item(in_workspace, text=make_text("The boat"), state="ready")
    client = enter("viewer")

    def titles(query: str) -> list[str]:
        return re.findall(r'/items/\d+/">([^<]+)</a>', html_of(client.get(at(f"items/{query}"))))

    assert titles("") == ["The boat", "The lamp"]
    assert titles("?q=LAMP") == ["The lamp"]
    assert titles("?state=ready") == ["The boat"]
    assert titles("?q=lamp&state=ready") == []


def test_scheduled_post_is_sent_now_or_cancelled_from_the_schedule(in_workspace, enter, at):
    account = AccountFactory(workspace=in_workspace)
    first, second = (
        posts_for(account, title=title, at=timezone.now() + timedelta(days=1))[0] for title in ("One", "Two")
    )
    client = enter("editor")
    assert html_of(client.get(at("schedule/"))).count("Post now") == 2
    client.post(at(f"posts/{first.pk}/now/"))
    client.post(at(f"posts/{second.pk}/cancel/"))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.due_at <= timezone.now(), second.state) == (True, "cancelled")
    assert client.post(at(f"posts/{first.pk}/fly/")).status_code == 404


def test_run_is_cancelled_and_tried_again(in_workspace, enter, at):
    run, client = make_run(make_item(in_workspace)), enter("editor")
    client.post(at(f"runs/{run.pk}/cancel/"), {"next": at("items/")})
    assert Run.objects.get().state == "cancelled"
    client.post(at(f"runs/{run.pk}/retry/"))
    assert Run.objects.get().state == "queued"


def test_made_file_is_for_members_and_can_be_sought_in(in_workspace, enter, at, tmp_path, client):
    asset = make_asset(make_item(in_workspace).current_revision, tmp_path)
    assert client.get(at(f"assets/{asset.pk}/")).status_code == 302
    answer = enter("viewer").get(at(f"assets/{asset.pk}/"), headers={"Range": "bytes=0-3"})
    assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"film")
    assert answer["Content-Type"] == "video/mp4"


def test_page_of_another_workspace_is_not_there(in_workspace, enter, at):
    other = WorkspaceFactory()
    with scope(workspace=other):
        item = make_item(other)
    client = enter()
    assert client.get(f"/w/{other.slug}/items/{item.pk}/").status_code == 404
    assert client.get(at(f"items/{item.pk}/")).status_code == 404


def test_an_address_that_is_not_there_gets_a_page_of_ours_on_ones_own_machine_too(client, settings):
    assert settings.LOCAL
    page = client.get("/nothing/here")
    assert (page.status_code, "There is nothing here" in page.content.decode()) == (404, True)
