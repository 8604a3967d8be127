"""Items over the API."""

from __future__ import annotations

import pytest

from apps.content.models import Item, Revision
from tests.factories.content import make_asset, make_item, make_text
from tests.factories.workspaces import WorkspaceFactory

BODY = {"base": 1, "title": "Second", "parts": [{"text": "A new text."}], "hashtags": ["night"], "note": "Shorter"}


def test_items_come_in_pages_newest_first(in_workspace, call):
    items = [make_item(in_workspace, text=make_text(f"Item {n}")) for n in range(3)]
    send = call("viewer")
    first = send("get", "/items/?limit=2").json()
    second = send("get", f"/items/?limit=2&cursor={first['next']}").json()
    assert [row["id"] for row in [*first["items"], *second["items"]]] == [item.pk for item in reversed(items)]
    assert second["next"] is None


def test_items_are_filtered_by_state_kind_and_title(in_workspace, call):
    make_item(in_workspace, text=make_text("The lamp"))
    make_item(in_workspace, text=make_text("The boat"), state="ready", kind="clip")
    send = call("viewer")

    def titles(query: str) -> list[str]:
        return [row["title"] for row in send("get", f"/items/?{query}").json()["items"]]

    assert titles("state=ready") == ["The boat"]
    assert titles("kind=story") == ["The lamp"]
    assert titles("search=LAMP") == ["The lamp"]
    assert send("get", "/items/?state=lost").status_code == 422


def test_item_comes_with_its_text_files_and_what_one_may_do(in_workspace, call, tmp_path):
    item = make_item(in_workspace, state="in_review", text=make_text(parts=2))
    asset = make_asset(item.current_revision, tmp_path)
    said = call("approver")("get", f"/items/{item.pk}").json()
    assert (said["state"], said["step"], said["revision"], said["approved_revision"]) == (
        "in_review",
        "upload",
        1,
        None,
    )
    assert said["actions"] == ["approve", "request_changes", "reject"]
    assert [part["number"] for part in said["current"]["parts"]] == [1, 2]
    assert [(each["id"], each["kind"], each["bytes"]) for each in said["assets"]] == [
        (asset.pk, "preview", asset.bytes)
    ]
    assert said["assets"][0]["url"] == f"http://testserver/w/{in_workspace.slug}/assets/{asset.pk}/"


def test_revision_names_the_one_it_is_based_on(in_workspace, call):
    item, send = make_item(in_workspace, state="approved"), call("editor")
    made = send("post", f"/items/{item.pk}/revisions", BODY)
    said = made.json()
    assert (made.status_code, said["revision"], said["state"], said["approved_revision"]) == (201, 2, "in_review", None)
    late = send("post", f"/items/{item.pk}/revisions", {**BODY, "title": "Third"})
    assert (late.status_code, late["Content-Type"]) == (409, "application/problem+json")
    assert late.json()["detail"] == "Somebody saved version 2 meanwhile."
    listed = send("get", f"/items/{item.pk}/revisions").json()["items"]
    assert [(row["number"], row["title"], row["note"]) for row in listed] == [
        (2, "Second", "Shorter"),
        (1, "The harbour light", ""),
    ]


def test_draft_is_submitted(in_workspace, call):
    item = make_item(in_workspace)
    answer = call("editor")("post", f"/items/{item.pk}/submit")
    assert (answer.status_code, answer.json()["state"]) == (200, "in_review")


@pytest.mark.parametrize("role", ["approver", "analyst", "viewer"])
def test_only_writers_write(in_workspace, call, role):
    item, send = make_item(in_workspace), call(role)
    assert send("post", f"/items/{item.pk}/revisions", BODY).status_code == 403
    assert send("post", f"/items/{item.pk}/submit").status_code == 403
    assert (Item.objects.get().state, Revision.objects.count()) == ("draft", 1)


def test_item_of_another_workspace_is_not_there(workspace, call):
    item = make_item(WorkspaceFactory())
    send = call("owner")
    for method, path, data in (
        ("get", "", None),
        ("get", "/revisions", None),
        ("post", "/revisions", BODY),
        ("post", "/submit", None),
    ):
        assert send(method, f"/items/{item.pk}{path}", data).status_code == 404
    assert send("get", f"/items/{2**70}").status_code == 404
    assert send("get", "/items/").json()["items"] == []
