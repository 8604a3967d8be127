"""Writing items: revisions that never change, edits that take an approval back, files that replace files."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.storage import default_storage

from apps.common.errors import Conflict, Invalid, NotAllowed
from apps.content.models import Asset, Item, Revision
from apps.content.models.revision import Immutable
from apps.content.services import Origin, create_item, keep_asset, make_variants, revise_item, submit_item
from apps.lifecycle.models import Event
from apps.lifecycle.services import advance
from apps.workspaces.models import AuditEntry
from tests.factories.content import make_asset, make_item, make_text


def fresh(item: Item) -> Item:
    return Item._base_manager.select_related("workspace", "current_revision", "approved_revision").get(pk=item.pk)


def events(item: Item) -> list[str]:
    return list(Event.objects.filter(subject=f"content.item:{item.pk}").order_by("seq").values_list("type", flat=True))


def test_new_item_is_a_draft_with_one_revision(in_workspace, actor):
    writer = actor("editor")
    text = make_text(parts=2, hashtags=["harbour", "Harbour", "not a tag"])
    origin = Origin(name="stories.story:3", title="The light", text="Raw.", url="https://example.org/3")
    item = create_item(workspace=in_workspace, actor=writer, kind="story", text=text, origin=origin)
    revision = item.current_revision
    assert (item.state, item.title, item.language, item.author) == ("draft", "The harbour light", "en", writer.user)
    assert (item.source_title, item.source_text, item.source_url) == ("The light", "Raw.", "https://example.org/3")
    assert (revision.number, revision.hashtags, revision.author_label) == (1, ["harbour"], writer.label)
    assert [part["number"] for part in revision.parts] == [1, 2]
    assert revision.body == "Night 1 began. The light went out. Night 2 began. The light went out. "
    assert events(item) == ["item.state"]
    assert AuditEntry.objects.filter(action="item.create").count() == 1


@pytest.mark.parametrize("role", ["approver", "analyst", "viewer"])
def test_only_writers_write(in_workspace, actor, role):
    item = make_item(in_workspace)
    reader = actor(role)
    with pytest.raises(NotAllowed):
        create_item(workspace=in_workspace, actor=reader, kind="story", text=make_text())
    with pytest.raises(NotAllowed):
        revise_item(item=item, actor=reader, text=make_text(), base=1)
    with pytest.raises(NotAllowed):
        submit_item(item=item, actor=reader)
    assert (fresh(item).state, Revision.objects.count()) == ("draft", 1)


def test_text_without_a_title_or_a_story_is_refused_with_the_field(in_workspace, actor):
    with pytest.raises(Invalid) as refusal:
        create_item(workspace=in_workspace, actor=actor("editor"), kind="story", text=make_text(" ", parts=0))
    assert sorted(refusal.value.details) == ["parts", "title"]
    assert Item.objects.count() == 0


def test_revision_cannot_be_saved_again(in_workspace):
    revision = make_item(in_workspace).current_revision
    revision.title = "Another"
    with pytest.raises(Immutable):
        revision.save()
    assert Revision.objects.get().title == "The harbour light"


def test_edit_on_an_old_version_is_refused_and_nothing_is_lost(in_workspace, actor):
    item, writer = make_item(in_workspace), actor("editor")
    revise_item(item=item, actor=writer, text=make_text("Second"), base=1)
    with pytest.raises(Conflict) as refusal:
        revise_item(item=item, actor=writer, text=make_text("Mine"), base=1)
    assert refusal.value.details["current"] == 2
    assert [r.title for r in Revision.objects.order_by("number")] == ["The harbour light", "Second"]
    assert fresh(item).title == "Second"


@pytest.mark.parametrize("state", ["approved", "rendering", "failed", "ready"])
def test_edit_of_an_approved_item_takes_the_approval_back(in_workspace, actor, state):
    item = make_item(in_workspace, state=state)
    revision = revise_item(item=item, actor=actor("editor"), text=make_text("Second"), base=1, note="Shorter")
    item = fresh(item)
    assert (item.state, item.approved_revision, item.current_revision) == ("in_review", None, revision)
    assert (revision.number, revision.note) == (2, "Shorter")
    assert events(item)[-2:] == ["item.state", "item.revised"]


def test_edit_after_requested_changes_submits_again(in_workspace, actor):
    item = make_item(in_workspace, state="in_review")
    advance(item, "request_changes", actor=actor("approver"))
    revise_item(item=item, actor=actor("editor"), text=make_text("Second"), base=1)
    assert fresh(item).state == "in_review"


def test_rejected_item_cannot_be_edited_but_can_be_restored(in_workspace, actor):
    item, approver = make_item(in_workspace, state="in_review"), actor("approver")
    advance(item, "reject", actor=approver)
    with pytest.raises(Conflict):
        revise_item(item=item, actor=actor("editor"), text=make_text("Second"), base=1)
    advance(item, "restore", actor=approver)
    assert fresh(item).state == "in_review"


def test_variants_are_made_once_a_part(in_workspace):
    revision = make_item(in_workspace, text=make_text(parts=2)).current_revision
    made = make_variants(revision=revision, platform="feed")
    again = make_variants(revision=revision, platform="feed")
    assert [(each.part, each.parts_total, each.title) for each in made] == [
        (1, 2, "The harbour light 1"),
        (2, 2, "The harbour light 2"),
    ]
    assert [each.pk for each in again] == [each.pk for each in made]


def test_new_file_replaces_the_older_one_of_its_kind_and_part(in_workspace, tmp_path):
    revision = make_item(in_workspace).current_revision
    first = make_asset(revision, tmp_path, key="a" * 10)
    second = make_asset(revision, tmp_path, key="b" * 10)
    kept = Asset.objects.get()
    assert (kept.pk, kept.key, kept.bytes) == (first.pk, "b" * 10, len(b"film ") + 10)
    assert default_storage.exists(second.file.name)
    assert not default_storage.exists(first.file.name)


def test_same_file_made_again_is_still_there(in_workspace, tmp_path):
    revision = make_item(in_workspace).current_revision
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    for _again in range(2):
        asset = keep_asset(revision=revision, kind="video", part=1, path=path, key="c" * 10, seconds=2.0)
    assert Path(default_storage.path(asset.file.name)).read_bytes() == b"film"
