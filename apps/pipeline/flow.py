"""What follows what: one function for each state that the system takes further.

Each is called after the commit that reached the state, and again by the sweeper if that call was lost; so each looks at
the row, does nothing when there is nothing to do, and may be repeated.
"""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from apps.approvals.models import Review
from apps.approvals.services import close_reviews, open_review, policy_of
from apps.content.models import Item
from apps.lifecycle.handlers import carried, handles
from apps.lifecycle.models import Run
from apps.lifecycle.runs import cancel_run, start_run
from apps.lifecycle.services import TransitionRefused, advance
from apps.pipeline.clips import schedule_clip
from apps.pipeline.plans import schedule_plan
from apps.renders.services import has_final
from apps.schedules.intake import schedule_ready_item
from apps.schedules.models import Post
from apps.schedules.services import cancel_posts_of
from apps.stories.models import Story
from apps.uploads.leases import close_lost
from apps.uploads.notices import note, note_run, unnoted, unnoted_runs
from apps.workspaces.actors import SYSTEM
from apps.workspaces.audit import describe

# Workers move these under a lease, and the sweeper finds those whose worker is gone.
carried("run", "queued", "running")
carried("post", "claimed", "submitting", "unknown")


@handles("story", "shortlisted", pending=lambda stories: without_run(stories, "script"))
def write_the_script(story: Story) -> None:
    start_run(workspace=story.workspace, kind="script", subject=story)


def _unopened(items: QuerySet[Item]) -> QuerySet[Item]:
    return items.exclude(Exists(Review._base_manager.filter(item=OuterRef("pk"), closed_at=None)))


@handles("item", "in_review", pending=_unopened)
def ask_for_review(item: Item) -> None:
    """Open the review, and show reviewers of the text a quick preview of what it would become."""
    stop_production(item)
    open_review(item=item)
    item = Item._base_manager.select_related("workspace").get(pk=item.pk)
    if item.state == "in_review" and item.format == Item.Format.VIDEO and item.review_stage == Item.Stage.TEXT:
        start_run(workspace=item.workspace, kind="preview", subject=item, queue="media")


@handles("item", "approved")
def produce(item: Item) -> None:
    """Start production of the approved revision, or finish it at once when there is nothing to produce."""
    close_reviews(item=item)
    stop_runs(item, "preview")
    if item.format == Item.Format.TEXT or has_final(item.approved_revision):
        advance(item, "complete", actor=SYSTEM)
    else:
        advance(item, "produce", actor=SYSTEM)


@handles("item", "rendering")
def render(item: Item) -> None:
    """Render, or when everything is rendered, ask for a look at the result or finish, as the policy says."""
    if not has_final(item.approved_revision):
        start_run(workspace=item.workspace, kind="render", subject=item, queue="media")
    elif policy_of(item.workspace).wants(Item.Stage.FINAL, item.kind):
        advance(item, "review_result", actor=SYSTEM, fields={"review_stage": Item.Stage.FINAL})
    else:
        advance(item, "complete", actor=SYSTEM)


@handles("item", "ready")
def put_on_schedule(item: Item) -> None:
    if item.kind == Item.Kind.CLIP:
        schedule_clip(item)
    elif item.kind == Item.Kind.PLAN:
        schedule_plan(item)
    else:
        schedule_ready_item(item=item)


@handles("item", "changes_requested", pending=lambda items: items.none())
@handles("item", "rejected", pending=lambda items: items.none())
def stand_down(item: Item) -> None:
    close_reviews(item=item)
    stop_production(item)


@handles("post", "needs_human", pending=unnoted)
@handles("post", "rejected", pending=unnoted)
@handles("post", "missed", pending=unnoted)
def tell_people(post: Post) -> None:
    """Owners and admins hear of it by mail; the sweeper sends what has gathered."""
    note(post)


@handles("post", "cancelled", pending=lambda posts: posts.none())
def end_attempts(post: Post) -> None:
    """A worker that had taken the post up may have died before it heard of it."""
    close_lost(post)


@handles("run", "succeeded", pending=lambda runs: runs.none())
def go_on_after_render(run: Run) -> None:
    item = item_of(run)
    if run.kind == "render" and item and item.state == "rendering":
        render(item)


@handles("run", "failed", pending=unnoted_runs)
@handles("run", "cancelled", pending=lambda runs: runs.none())
def fail_production(run: Run) -> None:
    """An item whose render failed or was cancelled says so, and can be tried again."""
    item = item_of(run)
    if run.kind == "render" and item and item.state == "rendering" and not _open_runs(item, "render").exists():
        advance(item, "fail", actor=SYSTEM, data={"error": run.error})
    if run.state == "failed":
        note_run(run)


def item_of(run: Run) -> Item | None:
    label, _, pk = run.subject.partition(":")
    if label != "content.item":
        return None
    return Item._base_manager.select_related("workspace", "approved_revision").filter(pk=pk).first()


def stop_production(item: Item) -> None:
    """After an edit or a rejection, nothing of an older revision is made or goes out."""
    stop_runs(item, "render", "preview")
    cancel_posts_of(item=item)


def _open_runs(item: Item, *kinds: str) -> QuerySet[Run]:
    return Run._base_manager.filter(subject=describe(item), kind__in=kinds, state__in=["queued", "running"])


def stop_runs(item: Item, *kinds: str) -> None:
    for run in _open_runs(item, *kinds):
        try:
            cancel_run(run=run, actor=SYSTEM)
        except TransitionRefused:
            continue  # it ended by itself meanwhile


def without_run(rows: QuerySet, kind: str) -> QuerySet:
    """The rows for which work of that kind was never started."""
    label = rows.model._meta.label_lower
    started = Run._base_manager.filter(kind=kind, subject__startswith=f"{label}:").values_list("subject", flat=True)
    return rows.exclude(pk__in=[int(subject.rpartition(":")[2]) for subject in started])
