"""The approval dashboard in the admin."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.approvals.models import Decision
from apps.approvals.services import decide, open_review
from apps.content.models import Item
from apps.content.services import revise_item
from tests.factories.approvals import make_review
from tests.factories.content import make_asset, make_text

QUEUE = reverse("admin:approvals_review_changelist")


@pytest.fixture
def enter(client, member):
    """enter("approver") is a browser signed in as a member with that role."""

    def sign_in(role: str = "approver"):
        client.force_login(member(role))
        return client

    return sign_in


def choose(reviews, action: str, **more) -> dict:
    """The form of the queue: chosen rows, and the versions that the rows show."""
    versions = {f"revision-{review.pk}": 1 for review in reviews}
    return {"action": action, "index": 0, "_selected_action": [review.pk for review in reviews], **versions, **more}


def states() -> list[str]:
    return list(Item.objects.order_by("pk").values_list("state", flat=True))


def test_queue_costs_the_same_for_one_row_and_for_three(in_workspace, enter):
    client = enter()
    make_review(in_workspace)
    client.get(QUEUE)
    with CaptureQueriesContext(connection) as one:
        assert "The harbour light" in client.get(QUEUE).content.decode()
    make_review(in_workspace)
    make_review(in_workspace)
    with CaptureQueriesContext(connection) as three:
        client.get(QUEUE)
    assert len(three) == len(one)


def test_chosen_rows_are_approved_as_the_versions_they_showed(in_workspace, enter, actor):
    first, second = make_review(in_workspace), make_review(in_workspace)
    revise_item(item=second.item, actor=actor("editor"), text=make_text("Second"), base=1)
    html = enter().post(QUEUE, choose([first, second], "approve_selected"), follow=True).content.decode()
    assert states() == ["approved", "in_review"]
    assert "1 item decided." in html
    assert "you saw version 1, the current one is 2" in html


def test_an_approver_takes_a_review_on_and_leaves_it_again(in_workspace, enter):
    review, client = make_review(in_workspace), enter("approver")
    for action, theirs in (("take_on", True), ("leave_to_any", False)):
        html = client.post(QUEUE, choose([review], action), follow=True).content.decode()
        review.refresh_from_db()
        assert ("1 review" in html, review.assignee is not None) == (True, theirs)


def test_rejecting_asks_for_a_comment_first(in_workspace, enter):
    review, client = make_review(in_workspace), enter()
    asked = client.post(QUEUE, choose([review], "reject_selected")).content.decode()
    assert f'name="revision-{review.pk}" value="1"' in asked
    assert states() == ["in_review"]
    client.post(QUEUE, choose([review], "reject_selected", comment="Told too often."))
    assert states() == ["rejected"]
    assert Decision.objects.get().comment == "Told too often."


def test_review_page_shows_text_diff_source_film_and_decisions(in_workspace, enter, actor, tmp_path):
    review = make_review(in_workspace)
    decide(item=review.item, revision=1, verdict="request_changes", actor=actor("owner"), comment="Darker.")
    revision = revise_item(item=review.item, actor=actor("editor"), text=make_text("The dark"), base=1)
    film = make_asset(revision, tmp_path)
    review = open_review(item=review.item)
    html = enter().get(reverse("admin:approvals_review_change", args=[review.pk])).content.decode()
    for shown in ("Night 1 began.", "<ins>dark</ins>", "Darker.", f"/assets/{film.pk}/", "version 2"):
        assert shown in html


def test_decision_on_the_review_page_is_pinned_to_what_it_showed(in_workspace, enter, actor):
    review, client = make_review(in_workspace), enter()
    address = reverse("admin:approvals_review_decide", args=[review.pk])
    revise_item(item=review.item, actor=actor("editor"), text=make_text("Second"), base=1)
    said = {"revision": 1, "verdict": "approve", "comment": "At last."}
    html = client.post(address, said, follow=True).content.decode()
    assert ("you saw version 1, the current one is 2" in html, ">At last.</textarea>" in html) == (True, True)
    assert states() == ["in_review"]
    client.post(address, {**said, "revision": 2})
    assert states() == ["approved"]
    again = client.post(address, {**said, "revision": 2}, follow=True)  # pressed twice
    assert "This has been decided meanwhile." in again.content.decode()
    assert client.post(address, {"revision": "x", "verdict": "approve"}).status_code == 302


@pytest.mark.parametrize("role", ["editor", "analyst", "viewer"])
def test_who_may_not_decide_reads_without_buttons(in_workspace, enter, role):
    review, client = make_review(in_workspace), enter(role)
    assert "approve_selected" not in client.get(QUEUE).content.decode()
    page = client.get(reverse("admin:approvals_review_change", args=[review.pk])).content.decode()
    assert "Night 1 began." in page
    assert 'value="approve"' not in page
    client.post(QUEUE, choose([review], "approve_selected"))
    client.post(reverse("admin:approvals_review_decide", args=[review.pk]), {"revision": 1, "verdict": "approve"})
    assert states() == ["in_review"]


def test_rejection_is_taken_back_in_the_list_of_items(in_workspace, enter, actor):
    review = make_review(in_workspace)
    decide(item=review.item, revision=1, verdict="reject", actor=actor("owner"))
    form = {"action": "restore_selected", "index": 0, "_selected_action": [review.item_id]}
    enter().post(reverse("admin:content_item_changelist"), form)
    assert states() == ["in_review"]
