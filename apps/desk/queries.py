"""What the pages of the desk show, gathered in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from apps.approvals.models import Review
from apps.approvals.queries import review_queue
from apps.clips import queries as clips
from apps.clips.models import Clip, InboxFile
from apps.content.machine import PIPELINE
from apps.content.models import Asset, Item, Revision
from apps.content.search import matching
from apps.content_plans.models import ContentPlan
from apps.lifecycle.models import Event, Run
from apps.platforms.models import Account
from apps.platforms.queries import accounts
from apps.schedules.machine import FOR_PEOPLE
from apps.schedules.models import Post
from apps.stories.models import Source, Story
from apps.templates.models import Activation
from apps.templates.queries import activations_for
from apps.workspaces.audit import describe

SHOWN = 8


@dataclass(frozen=True)
class Dashboard:
    """What waits for me, what runs, what goes out next, what failed. versions: of AI templates, for who may agree."""

    waiting: list[Review]
    versions: list[Activation]
    running: list[Run]
    next_posts: list[Post]
    failed_runs: list[Run]
    failed_posts: list[Post]
    shut_accounts: list[Account]
    refused_clips: list[Clip]
    refused_files: list[InboxFile]
    published: list[Post]


def dashboard(user) -> Dashboard:
    open_runs = Run.objects.filter(state__in=["queued", "running"]).order_by("created_at")
    running = list(open_runs.prefetch_related("steps")[:SHOWN])
    failed = list(Run.objects.filter(state="failed").order_by("-finished_at")[:SHOWN])
    posts = Post.objects.select_related("variant", "account", "item")
    return Dashboard(
        waiting=list(review_queue(assignee=user)[:SHOWN]),
        versions=list(activations_for(user)[:SHOWN]),
        running=running,
        next_posts=list(posts.filter(state="scheduled").order_by("due_at")[:SHOWN]),
        failed_runs=failed,
        failed_posts=list(posts.filter(state__in=FOR_PEOPLE).order_by("-state_at")[:SHOWN]),
        shut_accounts=list(accounts().filter(state=Account.State.NEEDS_LOGIN).order_by("name", "pk")[:SHOWN]),
        refused_clips=list(clips.refused()[:SHOWN]),
        refused_files=list(clips.refused_files()[:SHOWN]),
        published=list(posts.filter(state="published").order_by("-published_at")[:4]),
    )


@dataclass(frozen=True)
class Subject:
    """What a run is about. page: the name of its page's address, "" where it has none of its own."""

    pk: int
    title: str
    page: str


_SUBJECTS = (
    (Item, "title", "desk:item"),
    (ContentPlan, "title", "plans:plan"),
    (Clip, "name", "clips:clip"),
    (Story, "title", ""),
    (Source, "name", ""),
    (InboxFile, "path", ""),
)


def subjects_of(runs: Iterable[Run]) -> dict[str, Subject]:
    """What the runs are about, by the names that runs know their subjects by."""
    found: dict[str, Subject] = {}
    for model, name, page in _SUBJECTS:
        label = model._meta.label_lower
        ids = [run.subject.partition(":")[2] for run in runs if run.subject.startswith(f"{label}:")]
        rows = model.objects.filter(pk__in=ids).values_list("pk", name)
        found |= {f"{label}:{pk}": Subject(pk, title, page) for pk, title in rows}
    return found


def items(*, state: str = "", search: str = "") -> QuerySet[Item]:
    found = Item.objects.select_related("current_revision", "author")
    if state:
        found = found.filter(state=state)
    if search:
        found = found.filter(pk__in=matching("item", search))
    return found


@dataclass(frozen=True)
class PartView:
    """One part of a revision with the files made of it."""

    number: int
    title: str
    text: str
    video: Asset | None
    preview: Asset | None
    captions: Asset | None
    thumbnail: Asset | None

    @property
    def player(self) -> Asset | None:
        return self.video or self.preview

    @property
    def track(self) -> Asset | None:
        """The captions, when they are in the form that browsers read."""
        return self.captions if self.captions and self.captions.file.name.endswith(".vtt") else None


def parts_of(revision: Revision) -> list[PartView]:
    assets = {(asset.part, asset.kind): asset for asset in Asset.objects.filter(revision=revision)}
    return [
        PartView(
            number=part["number"],
            title=part["title"] or revision.title,
            text=part["text"],
            **{kind: assets.get((part["number"], kind)) for kind in ("video", "preview", "captions", "thumbnail")},
        )
        for part in revision.parts
    ]


@dataclass(frozen=True)
class Step:
    """One of the five steps that people know. state: "done", "now", "failed" or "todo"."""

    name: str
    label: Any
    state: str


def pipeline_steps(item: Item) -> list[Step]:
    names = [name for name, _label, _states in PIPELINE]
    here = names.index(item.pipeline_step)
    states = ["done" if i < here else "now" if i == here else "todo" for i in range(len(names))]
    if item.state in {"rejected", "failed"}:
        states[here] = "failed"
    elif item.state == "analyzed":
        states[here] = "done"
    return [Step(name, label, state) for (name, label, _states), state in zip(PIPELINE, states, strict=True)]


def timeline(item: Item, posts: list[Post]) -> list[Event]:
    """The events of an item and its posts, newest first."""
    subjects = [describe(item), *(describe(post) for post in posts)]
    return list(Event.objects.filter(subject__in=subjects).order_by("-seq")[:60])


def runs_of(item: Item) -> list[Run]:
    return list(Run.objects.filter(subject=describe(item)).prefetch_related("steps").order_by("-created_at")[:6])


def held_up(stories: Iterable[Story]) -> dict[int, Run]:
    """The work on stories that says why it is not done, by story: it waits, or it has failed."""
    subjects = {describe(story): story.pk for story in stories}
    runs = Run.objects.filter(subject__in=subjects, kind="script").order_by("created_at", "pk")
    last = {subjects[run.subject]: run for run in runs}
    return {pk: run for pk, run in last.items() if run.error and run.state in ("queued", "failed")}


def posts_of(item: Item) -> list[Post]:
    return list(Post.objects.filter(item=item).select_related("variant", "account").order_by("variant__part", "pk"))
