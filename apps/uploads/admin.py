"""Posts with the timeline of their attempts; the buttons are those of the state machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.lifecycle.admin_states import StateFilter, WithState
from apps.lifecycle.services import open_actions
from apps.schedules import queries
from apps.schedules import services as schedule
from apps.schedules.admin_posts import ScheduledPosts
from apps.schedules.machine import FOR_PEOPLE
from apps.schedules.models import Post
from apps.uploads.dead_letters import Settled, drop_all, replay, replay_all
from apps.uploads.models import Attempt, DeadLetter
from apps.uploads.problems import TABLE, explain
from apps.uploads.services import report_published
from apps.workspaces.actors import Actor
from apps.workspaces.admin_base import Waiting, WorkspaceAdmin, WorkspaceTabularInline, link, row_action
from apps.workspaces.models import Workspace


def _settling(label: Any, service: Callable[..., Settled]) -> Callable[..., None]:
    """An action of a list; of what may be online already nothing is sent again together with others."""

    def step(row: Post, actor: Actor) -> None:
        for _post, refusal in service(posts=queries.posts().filter(pk=row.pk), actor=actor).refused:
            raise refusal

    return row_action(label, step, permission="publish_content")


class AttemptInline(WorkspaceTabularInline):
    model = Attempt
    fields = readonly_fields = (
        "number",
        "kind",
        "outcome",
        "started_at",
        "intent_at",
        "shown_took",
        "percent",
        "shown_error",
        "shown_evidence",
    )
    extra = 0

    @display(description=_("error"))
    def shown_error(self, attempt: Attempt) -> str:
        error = attempt.error or {}
        return f"{error.get('message', '')} {error.get('hint', '')}".strip()

    @display(description=_("took"))
    def shown_took(self, attempt: Attempt) -> str:
        return f"{attempt.took.total_seconds():.1f} s" if attempt.took is not None else ""

    @display(description=_("evidence"))
    def shown_evidence(self, attempt: Attempt) -> str:
        links = (link(_page("evidence", attempt.workspace, each.pk), each.name) for each in attempt.evidence.all())
        return format_html_join(" ", "{}", ((each,) for each in links))


def _page(name: str, workspace: Workspace, pk: int) -> str:
    return reverse(f"uploads:{name}", args=[workspace.slug, pk])


@admin.register(Post)
class PostAdmin(WithState, ScheduledPosts, WorkspaceAdmin):
    icon = "send"
    change_permission = "publish_content"
    list_display = (
        "shown_title",
        "account",
        "part",
        "shown_state",
        "due_at",
        "shown_left",
        "published_at",
        "shown_open",
    )
    list_filter = (StateFilter, *ScheduledPosts.schedule_filters)
    list_select_related = ("account", "variant")
    search_fields = ("variant__title", "account__name")
    date_hierarchy = "due_at"
    inlines = (AttemptInline,)
    actions = ScheduledPosts.schedule_actions
    send = _settling(_("Send what was missed or refused"), replay_all)
    actions_submit_line = ("post_now_here", "report_here", "cancel_here")
    fields = readonly_fields = (
        "shown_title",
        "shown_state",
        "account",
        "item",
        "part",
        "due_at",
        "shown_left",
        "not_before",
        "waiting_for",
        "tries",
        "published_at",
        "shown_link",
        "shown_error",
        "shown_page",
        "scheduled_by",
        "forced_by",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return queries.posts()

    def waiting(self) -> Waiting:
        return _("Posts coming up"), Post.objects.filter(state="scheduled"), "?view=upcoming"

    @action(description=_("Post now"))
    def post_now_here(self, request: HttpRequest, obj: Post) -> None:
        service = replay if obj.needs_person else schedule.post_now
        self._do(request, obj, _("Post now"), service)

    @action(description=_("It is online"))
    def report_here(self, request: HttpRequest, obj: Post) -> None:
        self._do(request, obj, _("It is online"), report_published)

    @action(description=_("Cancel"))
    def cancel_here(self, request: HttpRequest, obj: Post) -> None:
        self._do(request, obj, _("Cancel"), schedule.cancel_post)

    def _do(self, request: HttpRequest, post: Post, label: Any, service: Callable[..., Post]) -> None:
        self.do_each(request, [post], label, lambda post, actor: service(post=post, actor=actor))

    def get_actions_submit_line(self, request: HttpRequest, object_id: int) -> list[Any]:
        """The buttons that the post's state and the person's role allow."""
        post = self.get_object(request, str(object_id))
        open_now = {each.action for each in open_actions(post, request.actor)} if post else set()
        buttons = {
            "post_now_here": post is not None and (post.state == "scheduled" or "retry" in open_now),
            "report_here": "report_published" in open_now,
            "cancel_here": "cancel" in open_now,
        }
        shown = super().get_actions_submit_line(request, object_id)
        return [each for each in shown if buttons.get(each.method.__name__, True)]

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        """Moving a post and the buttons call services; nothing else can be changed."""
        self.move(request, obj, form)
        self.press(request, queries.posts().get(pk=obj.pk))

    @display(description=_("title"))
    def shown_title(self, post: Post) -> str:
        return post.variant.title

    @display(description=_("address"))
    def shown_link(self, post: Post) -> str:
        return link(post.url) if post.url else ""

    @display(description="")
    def shown_open(self, post: Post) -> str:
        """Short, so that the title has room."""
        return link(post.url, _("Open")) if post.url else ""

    @display(description=_("error"))
    def shown_error(self, post: Post) -> str:
        error = explain(post)
        return f"{error.get('message', '')} {error.get('hint', '')}".strip()

    @display(description=_("page"))
    def shown_page(self, post: Post) -> str:
        name, label = ("by-hand", _("Post by hand")) if post.needs_person else ("post", _("Attempts"))
        address = _page(name, post.workspace, post.pk)
        return link(address, label)


class CauseFilter(admin.SimpleListFilter):
    title = _("cause")
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(row.code, row.sentence) for row in TABLE]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "missed":
            return queryset.filter(state="missed")
        return queryset.filter(error__code=self.value()) if self.value() else queryset


@admin.register(DeadLetter)
class DeadLetterAdmin(WithState, WorkspaceAdmin):
    """What waits for people: all of it, with why; a click leads to its attempts and the kit to post it by hand."""

    icon = "mark_email_unread"
    change_permission = "publish_content"
    list_display = ("shown_title", "account", "shown_state", "shown_error", "state_at", "shown_page")
    list_filter = (CauseFilter, StateFilter)
    list_display_links = None
    search_fields = ("variant__title", "account__name")
    actions = ("replay", "drop")
    fields = readonly_fields = ("shown_title", "account", "shown_state", "shown_error", "state_at", "shown_page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeadLetter]:
        found = DeadLetter.objects.filter(state__in=FOR_PEOPLE)
        return found.select_related("workspace", "account", "item", "variant").order_by("-state_at")

    def waiting(self) -> Waiting:
        return _("Posts that need a decision"), DeadLetter.objects.filter(state__in=FOR_PEOPLE), ""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The list acts; a single row is changed on its post's own page."""
        return obj is None and super().has_change_permission(request, obj)

    replay = _settling(_("Send again"), replay_all)
    drop = _settling(_("Drop"), drop_all)

    @display(description=_("title"))
    def shown_title(self, post: DeadLetter) -> str:
        return post.variant.title

    @display(description=_("why"))
    def shown_error(self, post: DeadLetter) -> str:
        return explain(post).get("message", "")

    @display(description=_("page"))
    def shown_page(self, post: DeadLetter) -> str:
        address = _page("by-hand", post.workspace, post.pk)
        return link(address, _("Open"))
