"""A finished clip finds its place on the schedule, reviewed as the policy says."""

from __future__ import annotations

import pytest

from apps.approvals.models import Decision
from apps.approvals.services import set_policy
from apps.clips.services import set_settings, settings_of
from apps.common.errors import Invalid, NotAllowed
from apps.content.models import Asset, Item
from apps.lifecycle.models import Event
from apps.lifecycle.services import advance
from apps.pipeline import flow
from apps.schedules.models import Post
from apps.workspaces.actors import SYSTEM
from tests.factories.clips import make_used_clip
from tests.factories.platforms import AccountFactory
from tests.factories.workspaces import WorkspaceFactory


def latest(clip) -> Item:
    rows = Item._base_manager.select_related("workspace", "current_revision", "approved_revision")
    return rows.get(pk=clip.item_id)


def finish(clip) -> Item:
    """As production would leave it."""
    item = latest(clip)
    Asset.objects.create(
        workspace=item.workspace, revision=item.current_revision, kind="video", part=1, file="x.mp4", key="k", seconds=9
    )
    return item


def choose(workspace, actor, *accounts, **changes):
    values = {"folder_on": True, "captions_on": True, "accounts": [each.pk for each in accounts], **changes}
    return set_settings(workspace=workspace, actor=actor, **values)


def test_a_clip_goes_into_the_next_free_slot_of_the_chosen_accounts_and_says_so(in_workspace, actor):
    chosen = AccountFactory(workspace=in_workspace, name="Chosen", intake="by_hand")
    other = AccountFactory(workspace=in_workspace, name="Other")
    from apps.schedules.models import Slot
    from apps.schedules.timetable import add_default_slots

    for account in (chosen, other):
        if not Slot.objects.filter(account=account).exists():
            add_default_slots(account=account)
    choose(in_workspace, actor("admin"), chosen)
    clip = make_used_clip(in_workspace)
    item = finish(clip)
    advance(item, "approve", actor=SYSTEM, fields={"approved_revision": item.current_revision})
    flow.produce(latest(clip))
    flow.put_on_schedule(latest(clip))
    flow.put_on_schedule(latest(clip))
    post = Post.objects.get()
    assert (post.account, post.slot_id is not None, latest(clip).state) == (chosen, True, "scheduled")
    event = Event.objects.get(type="video_scheduled")
    assert event.data == {
        "item": item.pk,
        "title": item.title,
        "clip": clip.pk,
        "file": clip.name,
        "post": post.pk,
        "account": chosen.pk,
        "account_name": "Chosen",
        "platform": chosen.platform,
        "due_at": post.due_at.isoformat(),
    }


def test_only_clips_are_announced(in_workspace, actor):
    from apps.content.services import Text, create_item, submit_item

    account = AccountFactory(workspace=in_workspace, intake="at_once")
    text = Text(title="No clip", parts=[{"title": "", "text": "Words."}])
    item = create_item(workspace=in_workspace, actor=SYSTEM, kind="plan", text=text, format="text")
    submit_item(item=item, actor=SYSTEM)
    advance(item, "approve", actor=SYSTEM, fields={"approved_revision": item.current_revision})
    flow.produce(Item.objects.select_related("workspace", "approved_revision").get(pk=item.pk))
    flow.put_on_schedule(Item.objects.select_related("workspace", "approved_revision").get(pk=item.pk))
    assert account.posts.count() == Post.objects.count()
    assert not Event.objects.filter(type="video_scheduled").exists()


@pytest.mark.parametrize(("review_clips", "state", "decisions"), [(True, "in_review", 0), (False, "ready", 1)])
def test_clips_are_looked_at_unless_the_written_policy_lets_them_pass(
    in_workspace, actor, review_clips, state, decisions
):
    owner = actor("owner")
    policy = {"when": "both", "approvers": 1, "author_may_approve": True, "review_clips": review_clips}
    set_policy(workspace=in_workspace, actor=owner, **policy)
    clip = make_used_clip(in_workspace)
    flow.ask_for_review(finish(clip))
    if latest(clip).state == "approved":
        flow.produce(latest(clip))
    assert latest(clip).state == state
    found = Decision.objects.filter(actor_label="Approval policy")
    assert found.count() == decisions
    assert [each.comment for each in found] == ["This workspace does not review clips."] * decisions


def test_settings_are_for_those_who_manage_and_name_only_what_is_here(in_workspace, actor):
    stranger = AccountFactory(workspace=WorkspaceFactory())
    with pytest.raises(NotAllowed):
        choose(in_workspace, actor("editor"))
    with pytest.raises(Invalid) as refused:
        choose(in_workspace, actor("admin"), stranger, caption_preset="comic", language="klingon", template=10**9)
    assert sorted(refused.value.details) == ["accounts", "caption_preset", "language", "template"]
    saved = choose(in_workspace, actor("admin"), captions_on=False, caption_preset="clean", language="en")
    assert (settings_of(in_workspace), saved.captions_on, saved.caption_preset) == (saved, False, "clean")
