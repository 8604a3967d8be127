"""The review queue over the API."""

from __future__ import annotations

import pytest

from apps.content.models import Item
from apps.content.services import revise_item
from tests.factories.approvals import make_review
from tests.factories.content import make_text
from tests.factories.workspaces import WorkspaceFactory


def test_queue_names_the_revision_to_decide_on(in_workspace, call):
    reviews = [make_review(in_workspace, text=make_text(f"Item {n}")) for n in range(3)]
    rows = call("viewer")("get", "/reviews/").json()["items"]
    assert [(row["id"], row["item"], row["revision"]) for row in rows] == [(r.pk, r.item_id, 1) for r in reviews]
    assert {**rows[0], "opened_at": None} == {
        "id": reviews[0].pk,
        "item": reviews[0].item_id,
        "title": "Item 0",
        "stage": "text",
        "revision": 1,
        "assignee": None,
        "approved": 0,
        "opened_at": None,
    }


def test_decision_settles_the_review(in_workspace, call):
    review, send = make_review(in_workspace), call("approver")
    answer = send("post", f"/reviews/{review.pk}/decide", {"verdict": "approve", "revision": 1})
    said = answer.json()
    assert (answer.status_code, said["verdict"], said["revision"], said["item"]) == (201, "approve", 1, review.item_id)
    assert Item.objects.get().state == "approved"
    assert send("get", "/reviews/").json()["items"] == []
    assert send("get", f"/items/{review.item_id}/decisions").json()["items"] == [said]
    assert send("post", f"/reviews/{review.pk}/decide", {"verdict": "reject", "revision": 1}).status_code == 409


def test_decision_on_an_older_revision_is_a_conflict(in_workspace, call, actor):
    review = make_review(in_workspace)
    revise_item(item=review.item, actor=actor("editor"), text=make_text("Second"), base=1)
    answer = call("approver")("post", f"/reviews/{review.pk}/decide", {"verdict": "approve", "revision": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "revision_changed")
    assert Item.objects.get().state == "in_review"


@pytest.mark.parametrize("role", ["editor", "analyst", "viewer"])
def test_only_approvers_decide(in_workspace, call, role):
    review = make_review(in_workspace)
    answer = call(role)("post", f"/reviews/{review.pk}/decide", {"verdict": "approve", "revision": 1})
    assert (answer.status_code, Item.objects.get().state) == (403, "in_review")


def test_a_review_waits_for_the_approver_that_is_named(in_workspace, call, actor):
    review, asha, send = make_review(in_workspace), actor("approver").user, call("approver")
    named = send("put", f"/reviews/{review.pk}/assignee", {"assignee": asha.email.upper()})
    assert (named.status_code, named.json()["assignee"], named.json()["approved"]) == (200, asha.email, 0)
    assert send("get", "/reviews/?mine=true").json()["items"] == []
    stranger = send("put", f"/reviews/{review.pk}/assignee", {"assignee": actor("viewer").user.email})
    assert (stranger.status_code, stranger.json()["errors"]) == (422, {"assignee": ["Choose an approver."]})
    assert send("put", f"/reviews/{review.pk}/assignee", {"assignee": None}).json()["assignee"] is None


def test_policy_is_read_by_all_and_written_by_admins(in_workspace, call):
    wanted = {"when": "both", "approvers": 2, "author_may_approve": False, "review_clips": False}
    assert call("viewer")("get", "/reviews/policy").json() == {
        "when": "before",
        "approvers": 1,
        "author_may_approve": True,
        "review_clips": True,
    }
    assert call("approver")("put", "/reviews/policy", wanted).status_code == 403
    send = call("admin")
    assert send("put", "/reviews/policy", wanted).json() == wanted
    assert send("get", "/reviews/policy").json() == wanted
    assert send("put", "/reviews/policy", {**wanted, "approvers": 0}).status_code == 422


def test_review_of_another_workspace_is_not_there(workspace, call):
    review, send = make_review(WorkspaceFactory()), call("owner")
    body = {"verdict": "approve", "revision": 1}
    assert send("post", f"/reviews/{review.pk}/decide", body).status_code == 404
    assert send("post", f"/reviews/{2**70}/decide", body).status_code == 404
    assert send("get", "/reviews/").json()["items"] == []
