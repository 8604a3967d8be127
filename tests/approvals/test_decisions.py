"""Decisions: pinned to a revision, by whom the policy wants, each an event and an audit row."""

from __future__ import annotations

import pytest

from apps.approvals.models import Decision, Review
from apps.approvals.queries import review_queue
from apps.approvals.services import (
    RevisionChanged,
    assign_review,
    decide,
    decide_many,
    open_review,
    policy_of,
    set_policy,
)
from apps.common.errors import Conflict, Invalid, NotAllowed
from apps.content.models import Item
from apps.content.services import revise_item
from apps.lifecycle.models import Event
from apps.lifecycle.services import advance
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import AuditEntry
from tests.factories.approvals import make_policy, make_review
from tests.factories.content import make_item, make_text


def state_of(item: Item) -> tuple[str, int | None]:
    """The state, and the number of the approved revision."""
    row = Item._base_manager.select_related("approved_revision").get(pk=item.pk)
    return row.state, row.approved_revision.number if row.approved_revision else None


def test_approval_names_the_revision_and_leaves_event_and_audit_row(in_workspace, actor):
    review, approver = make_review(in_workspace), actor("approver")
    decision = decide(item=review.item, revision=1, verdict="approve", actor=approver, comment=" Fine. ")
    said = {"verdict": "approve", "stage": "text", "revision": 1, "comment": "Fine."}
    assert (decision.revision.number, decision.comment, decision.user) == (1, "Fine.", approver.user)
    assert state_of(review.item) == ("approved", 1)
    assert Event.objects.get(type="review.decided").data == {**said, "by": approver.label}
    assert AuditEntry.objects.get(action="review.decide").data == said
    assert list(review_queue()) == []


def test_decision_on_an_older_revision_is_refused(in_workspace, actor):
    review = make_review(in_workspace)
    revise_item(item=review.item, actor=actor("editor"), text=make_text("Second"), base=1)
    with pytest.raises(RevisionChanged) as refusal:
        decide(item=review.item, revision=1, verdict="approve", actor=actor("approver"))
    assert refusal.value.details["current"] == 2
    assert state_of(review.item) == ("in_review", None)
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("role", ["editor", "analyst", "viewer"])
def test_only_approvers_decide(in_workspace, actor, role):
    review = make_review(in_workspace)
    with pytest.raises(NotAllowed):
        decide(item=review.item, revision=1, verdict="approve", actor=actor(role))
    assert state_of(review.item) == ("in_review", None)


def test_four_eyes_keep_authors_from_approving_their_own(in_workspace, actor):
    make_policy(in_workspace, author_may_approve=False)
    author = actor("owner")
    review = make_review(in_workspace, actor=author)
    with pytest.raises(NotAllowed):
        decide(item=review.item, revision=1, verdict="approve", actor=author)
    decide(item=review.item, revision=1, verdict="approve", actor=actor("approver"))
    assert state_of(review.item) == ("approved", 1)


def test_four_eyes_look_at_who_wrote_the_last_version(in_workspace, actor):
    make_policy(in_workspace, author_may_approve=False)
    author, editor = actor("owner"), actor("admin")
    review = make_review(in_workspace, actor=author)
    revise_item(item=review.item, actor=editor, text=make_text("Second"), base=1)
    with pytest.raises(NotAllowed):
        decide(item=review.item, revision=2, verdict="approve", actor=editor)
    decide(item=review.item, revision=2, verdict="approve", actor=author)
    assert state_of(review.item) == ("approved", 2)


def test_item_moves_on_with_the_last_approver(in_workspace, actor):
    make_policy(in_workspace, approvers=2)
    review, first = make_review(in_workspace), actor("approver")
    decide(item=review.item, revision=1, verdict="approve", actor=first)
    assert state_of(review.item) == ("in_review", None)
    assert review_queue().get().approved == 1
    with pytest.raises(Conflict):
        decide(item=review.item, revision=1, verdict="approve", actor=first)
    decide(item=review.item, revision=1, verdict="approve", actor=actor("owner"))
    assert state_of(review.item) == ("approved", 1)


def test_approvals_of_an_older_revision_do_not_count(in_workspace, actor):
    make_policy(in_workspace, approvers=2)
    review = make_review(in_workspace)
    decide(item=review.item, revision=1, verdict="approve", actor=actor("approver"))
    revise_item(item=review.item, actor=actor("editor"), text=make_text("Second"), base=1)
    assert review_queue().get().approved == 0
    decide(item=review.item, revision=2, verdict="approve", actor=actor("approver"))
    assert state_of(review.item) == ("in_review", None)


def test_requested_changes_need_words(in_workspace, actor):
    review, approver = make_review(in_workspace), actor("approver")
    with pytest.raises(Invalid) as refusal:
        decide(item=review.item, revision=1, verdict="request_changes", actor=approver, comment="  ")
    assert list(refusal.value.details) == ["comment"]
    decide(item=review.item, revision=1, verdict="request_changes", actor=approver, comment="Shorter, please.")
    assert state_of(review.item) == ("changes_requested", None)
    assert Review.objects.get().closed_at is not None


def test_rejected_item_can_be_restored_and_is_reviewed_anew(in_workspace, actor):
    review, approver = make_review(in_workspace), actor("approver")
    decide(item=review.item, revision=1, verdict="reject", actor=approver)
    assert (state_of(review.item)[0], list(review_queue())) == ("rejected", [])
    item = advance(Item.objects.select_related("workspace").get(), "restore", actor=approver)
    again = open_review(item=item)
    assert [each.pk for each in review_queue()] == [again.pk]
    decide(item=item, revision=1, verdict="approve", actor=approver)
    assert state_of(item) == ("approved", 1)


def test_unknown_verdict_is_refused(in_workspace, actor):
    review = make_review(in_workspace)
    with pytest.raises(Invalid):
        decide(item=review.item, revision=1, verdict="publish", actor=actor("owner"))
    assert (state_of(review.item), Decision.objects.count()) == (("in_review", None), 0)


def test_one_refusal_does_not_hold_up_the_others(in_workspace, actor):
    first, second = make_review(in_workspace), make_review(in_workspace)
    revise_item(item=second.item, actor=actor("editor"), text=make_text("Second"), base=1)
    seen = [(first.item, 1), (second.item, 1)]
    done, refused = decide_many(decisions=seen, verdict="approve", actor=actor("approver"))
    assert [each.review.pk for each in done] == [first.pk]
    assert [item.pk for item, _reason in refused] == [second.item.pk]
    assert "you saw version 1, the current one is 2" in refused[0][1]
    assert (state_of(first.item), state_of(second.item)) == (("approved", 1), ("in_review", None))


def test_review_after_production_lets_the_text_pass_by_policy(in_workspace, actor):
    make_policy(in_workspace, when="after")
    item = make_item(in_workspace, state="in_review")
    open_review(item=item)
    decision = Decision.objects.get()
    assert state_of(item) == ("approved", 1)
    assert (decision.verdict, decision.user, decision.actor_label) == ("approve", None, "Approval policy")
    item = Item.objects.select_related("workspace").get()
    advance(item, "produce", actor=SYSTEM)
    advance(item, "review_result", actor=SYSTEM, fields={"review_stage": "final"})
    review = open_review(item=item)
    assert (review.stage, review.closed_at) == ("final", None)
    decide(item=item, revision=1, verdict="approve", actor=actor("approver"))
    assert state_of(item) == ("approved", 1)


def test_review_before_production_lets_the_result_pass_by_policy(in_workspace, actor):
    policy = make_policy(in_workspace, when="before")
    assert (policy.wants("text"), policy.wants("final")) == (True, False)
    item = make_item(in_workspace, state="rendering")
    advance(item, "review_result", actor=SYSTEM, fields={"review_stage": "final"})
    open_review(item=item)
    assert state_of(item) == ("approved", 1)


def test_both_stages_are_reviewed_when_the_policy_says_so(in_workspace, actor):
    make_policy(in_workspace, when="both")
    approver, item = actor("approver"), make_item(in_workspace, state="in_review")
    assert open_review(item=item).stage == "text"
    decide(item=item, revision=1, verdict="approve", actor=approver)
    item = Item.objects.select_related("workspace").get()
    advance(item, "produce", actor=SYSTEM)
    advance(item, "review_result", actor=SYSTEM, fields={"review_stage": "final"})
    assert open_review(item=item).stage == "final"
    decide(item=item, revision=1, verdict="approve", actor=approver)
    assert Decision.objects.filter(user=approver.user).count() == 2


def test_opening_a_review_twice_opens_one(in_workspace):
    review = make_review(in_workspace)
    assert open_review(item=review.item).pk == review.pk
    assert Event.objects.filter(type="review.opened").count() == 1


def test_policy_is_changed_by_who_manages_the_workspace(in_workspace, actor):
    wanted = {"when": "both", "approvers": 2, "author_may_approve": False}
    with pytest.raises(NotAllowed):
        set_policy(workspace=in_workspace, actor=actor("approver"), **wanted)
    set_policy(workspace=in_workspace, actor=actor("owner"), **wanted)
    policy = policy_of(in_workspace)
    assert (policy.when, policy.approvers, policy.author_may_approve) == ("both", 2, False)
    assert AuditEntry.objects.get(action="policy.change").data == {**wanted, "review_clips": True}


def test_review_can_wait_for_one_approver(in_workspace, actor):
    review, owner, approver, other = make_review(in_workspace), actor("owner"), actor("approver"), actor("approver")
    assign_review(review=review, assignee=approver.user, actor=owner)
    assert list(review_queue(assignee=approver.user)) == [review]
    assert list(review_queue(assignee=other.user)) == []
    with pytest.raises(Invalid):
        assign_review(review=review, assignee=actor("viewer").user, actor=owner)
