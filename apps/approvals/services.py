"""Opening reviews and deciding them. Every decision names the revision that its maker saw."""

from __future__ import annotations

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.approvals.models import ApprovalPolicy, Decision, Review
from apps.approvals.reasons import reasons_for
from apps.common.errors import Conflict, Invalid, NotAllowed
from apps.common.transactions import unit_of_work
from apps.content.models import Item, Revision
from apps.content.provenance import record_edits
from apps.lifecycle.events import emit
from apps.lifecycle.services import advance
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

Verdict = Decision.Verdict


class RevisionChanged(Conflict):
    """The decision was made on a version that is no longer the current one."""

    code = "revision_changed"


def policy_of(workspace: Workspace) -> ApprovalPolicy:
    """The workspace's policy; one that never chose has the default, unsaved."""
    return ApprovalPolicy._base_manager.filter(workspace=workspace).first() or ApprovalPolicy(workspace=workspace)


def set_policy(
    *,
    workspace: Workspace,
    actor: Actor,
    when: str,
    approvers: int,
    author_may_approve: bool,
    review_clips: bool | None = None,
) -> ApprovalPolicy:
    """Write the workspace's policy; it holds for reviews that open, and are decided, from now on.

    review_clips: None leaves it as it is.
    """
    actor.require("manage_workspace", workspace)
    policy = policy_of(workspace)
    policy.when, policy.approvers, policy.author_may_approve = when, approvers, author_may_approve
    policy.review_clips = policy.review_clips if review_clips is None else review_clips
    policy.full_clean(exclude=["workspace"])
    data = {
        "when": when,
        "approvers": approvers,
        "author_may_approve": author_may_approve,
        "review_clips": policy.review_clips,
    }
    with unit_of_work():
        policy.save()
        audit.record(workspace=workspace, actor=actor, action="policy.change", target=policy, data=data)
        emit(workspace=workspace, type="policy.changed", subject=policy, data={**data, "by": actor.label})
    return policy


def open_review(*, item: Item) -> Review | None:
    """Begin the wait for a decision on an item in review; the policy itself approves a stage it does not ask for.

    Safe to repeat: an open review of the same stage is returned as it is.
    """
    with unit_of_work():
        item = _locked(item)
        if item.state != "in_review":
            return None
        Review._base_manager.filter(item=item, closed_at=None).exclude(stage=item.review_stage).update(
            closed_at=timezone.now()
        )
        review, created = Review._base_manager.get_or_create(
            item=item, closed_at=None, defaults={"workspace": item.workspace, "stage": item.review_stage}
        )
        policy = policy_of(item.workspace)
        if not _is_wanted(policy, item) and not _needs_person(item):
            _approve_by_policy(item, review, policy)
        elif created:
            data = {"stage": review.stage, "title": item.title, "revision": item.current_revision.number}
            emit(workspace=item.workspace, type="review.opened", subject=item, data=data)
    return review


def decide(*, item: Item, revision: Revision | int, verdict: str, actor: Actor, comment: str = "") -> Decision:
    """Approve, reject or request changes of exactly this revision (the row, or its number).

    Raises RevisionChanged when the item has a newer one, NotAllowed under four eyes, Invalid for a missing comment.
    With several approvers the item moves on when the last of them has approved.
    """
    actor.require("approve_content", item.workspace)
    if verdict not in Verdict.values:
        raise Invalid(_("Approve, reject or request changes."), verdict=[_("Not a decision.")])
    if verdict == Verdict.REQUEST_CHANGES and not comment.strip():
        raise Invalid(_("Say what should change."), comment=[_("Say what should change.")])
    with unit_of_work():
        item = _locked(item)
        current = _current(item, revision)
        policy = policy_of(item.workspace)
        review = _open_review_of(item)
        if verdict == Verdict.APPROVE:
            _check_four_eyes(policy, current, actor)
        decision = _record(review, current, verdict, actor, comment)
        if verdict != Verdict.APPROVE:
            advance(item, verdict, actor=actor, data={"comment": comment, "revision": current.number})
            _close(review)
        elif approvals_of(review, current) >= policy.approvers:
            _approve(item, review, current, actor)
    return decision


def approvals_of(review: Review, revision: Revision) -> int:
    return Decision._base_manager.filter(review=review, revision=revision, verdict=Verdict.APPROVE).count()


def decide_many(
    *, decisions: list[tuple[Item, int]], verdict: str, actor: Actor, comment: str = ""
) -> tuple[list[Decision], list[tuple[Item, str]]]:
    """Decide a selection; each on its own, so that one that cannot be decided does not hold up the others."""
    done, refused = [], []
    for item, number in decisions:
        try:
            done.append(decide(item=item, revision=number, verdict=verdict, actor=actor, comment=comment))
        except (Conflict, NotAllowed, Invalid) as error:
            refused.append((item, str(error)))
    return done, refused


def assign_review(*, review: Review, assignee, actor: Actor) -> Review:
    """Say whom a review waits for; None means anyone who may approve."""
    actor.require("approve_content", review.workspace)
    if assignee is not None and not Actor.of(assignee).may("approve_content", review.workspace):
        raise Invalid(_("%(person)s may not approve here.") % {"person": assignee}, assignee=[_("Choose an approver.")])
    with unit_of_work():
        review.assignee = assignee
        review.save(update_fields=["assignee"])
        data = {"assignee": str(assignee or "")}
        audit.record(workspace=review.workspace, actor=actor, action="review.assign", target=review.item, data=data)
        emit(workspace=review.workspace, type="review.assigned", subject=review.item, data=data)
    return review


def close_reviews(*, item: Item) -> None:
    """End the waits of an item that has left review by another way."""
    Review._base_manager.filter(item=item, closed_at=None).update(closed_at=timezone.now())


def _locked(item: Item) -> Item:
    rows = Item._base_manager.select_related("workspace").select_for_update(of=("self",))
    return rows.get(pk=item.pk)


def _current(item: Item, revision: Revision | int) -> Revision:
    current = item.current_revision
    number = revision if isinstance(revision, int) else revision.number
    if number != current.number or (isinstance(revision, Revision) and revision.pk != current.pk):
        raise RevisionChanged(
            _("“%(title)s” has changed: you saw version %(seen)s, the current one is %(now)s.")
            % {"title": item.title, "seen": number, "now": current.number},
            hint=_("Read the new version, then decide."),
            current=current.number,
        )
    return current


def _open_review_of(item: Item) -> Review:
    """The item's open review; one is opened here if the receiver that does it has not run yet."""
    if item.state != "in_review":
        raise Conflict(
            _("“%(title)s” is not in review: it is %(state)s.")
            % {"title": item.title, "state": item.get_state_display().lower()},
            hint=_("Reload to see what happened meanwhile."),
            state=item.state,
        )
    review = Review._base_manager.filter(item=item, closed_at=None, stage=item.review_stage).first()
    return review or Review._base_manager.create(workspace=item.workspace, item=item, stage=item.review_stage)


def _check_four_eyes(policy: ApprovalPolicy, revision: Revision, actor: Actor) -> None:
    if policy.author_may_approve or revision.author_id is None or actor.user is None:
        return
    if revision.author_id == actor.user.pk:
        raise NotAllowed(
            _("You wrote this version, and this workspace asks for a second pair of eyes."),
            hint=_("Ask another approver."),
        )


def _record(review: Review, revision: Revision, verdict: str, actor: Actor, comment: str) -> Decision:
    try:
        with unit_of_work():
            decision = Decision._base_manager.create(
                workspace=review.workspace,
                review=review,
                revision=revision,
                verdict=verdict,
                comment=comment.strip(),
                user=actor.user,
                actor_label=actor.label,
            )
    except IntegrityError as error:
        raise Conflict(
            _("You have approved this version already."), hint=_("It waits for another approver.")
        ) from error
    data = {"verdict": verdict, "stage": review.stage, "revision": revision.number, "comment": decision.comment}
    audit.record(workspace=review.workspace, actor=actor, action="review.decide", target=review.item, data=data)
    emit(workspace=review.workspace, type="review.decided", subject=review.item, data={**data, "by": actor.label})
    return decision


def _approve(item: Item, review: Review, revision: Revision, actor: Actor) -> None:
    advance(
        item,
        "approve",
        actor=actor,
        fields={"approved_revision": revision},
        where={"current_revision": revision},
        data={"revision": revision.number, "stage": review.stage},
    )
    record_edits(item)
    _close(review)


def _is_wanted(policy: ApprovalPolicy, item: Item) -> bool:
    """Whether people review this stage; a text that no video follows has no later one."""
    last = item.format == Item.Format.TEXT and item.kind != Item.Kind.CLIP
    return policy.wants(item.review_stage, item.kind) or last


def _needs_person(item: Item) -> bool:
    """Whether something about this revision wants a look that nobody has taken yet."""
    approved = Decision._base_manager.filter(
        revision=item.current_revision, verdict=Verdict.APPROVE, user__isnull=False
    )
    return bool(reasons_for(item)) and not approved.exists()


def _approve_by_policy(item: Item, review: Review, policy: ApprovalPolicy) -> None:
    unreviewed = item.kind == Item.Kind.CLIP and not policy.review_clips
    label = Actor(kind="system", label=_("Approval policy"))
    Decision._base_manager.create(
        workspace=item.workspace,
        review=review,
        revision=item.current_revision,
        verdict=Verdict.APPROVE,
        actor_label=label.label,
        comment=_("This workspace does not review clips.")
        if unreviewed
        else _("This workspace reviews the other stage."),
    )
    _approve(item, review, item.current_revision, label)


def _close(review: Review) -> None:
    review.closed_at = timezone.now()
    review.save(update_fields=["closed_at"])
