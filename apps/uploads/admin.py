"""Posts with the timeline of their attempts; the buttons are those of the state machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.common.errors import DomainError
from apps.lifecycle.services import open_actions
from apps.schedules import queries
from apps.schedules import services as schedule
from apps.schedules.machine import POST_MACHINE
from apps.schedules.models import Post
from apps.uploads.models import Attempt
from apps.uploads.services import report_published
from apps.workspaces.admin_base import WorkspaceAdmin, WorkspaceTabularInline

COLOURS = {"neutral": "", "waiting": "warning", "busy": "info", "good": "success", "bad": "danger"}
STATE_COLOURS = {state.name: COLOURS[state.tone] for state in POST_MACHINE.states}


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return POST_MACHINE.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(state=self.value()) if self.value() else queryset


class AttemptInline(WorkspaceTabularInline):
    model = Attempt
    fields = readonly_fields = ("number", "kind", "outcome", "started_at", "intent_at", "finished_at", "shown_error")
    extra = 0

    @display(description=_("error"))
    def shown_error(self, attempt: Attempt) -> str:
        return (attempt.error or {}).get("message", "")


@admin.register(Post)
class PostAdmin(WorkspaceAdmin):
    icon = "send"
    change_permission = "publish_content"
    list_display = ("shown_title", "account", "part", "shown_state", "due_at", "published_at", "shown_link")
    list_filter = (StateFilter,)
    list_select_related = ("account", "variant")
    search_fields = ("variant__title",)
    date_hierarchy = "due_at"
    inlines = (AttemptInline,)
    actions = ("post_now", "cancel")
    actions_submit_line = ("post_now_here", "report_here", "cancel_here")
    fields = readonly_fields = (
        "shown_title",
        "shown_state",
        "account",
        "item",
        "part",
        "due_at",
        "not_before",
        "waiting_for",
        "tries",
        "published_at",
        "shown_link",
        "shown_error",
        "scheduled_by",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return queries.posts()

    @admin.action(description=_("Post now"))
    def post_now(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._each(request, queryset, schedule.post_now)

    @admin.action(description=_("Cancel"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        self._each(request, queryset, schedule.cancel_post)

    @action(description=_("Post now"))
    def post_now_here(self, request: HttpRequest, obj: Post) -> None:
        self._each(request, [obj], schedule.post_now)

    @action(description=_("It is online"))
    def report_here(self, request: HttpRequest, obj: Post) -> None:
        self._each(request, [obj], report_published)

    @action(description=_("Cancel"))
    def cancel_here(self, request: HttpRequest, obj: Post) -> None:
        self._each(request, [obj], schedule.cancel_post)

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
        """Nothing to save: every field is read-only. The buttons call services."""
        for each in self.get_actions_submit_line(request, obj.pk):
            if each.action_name in request.POST:
                each.method(request, obj)

    def _each(self, request: HttpRequest, posts: Iterable[Post], service: Callable[..., Post]) -> None:
        done = 0
        for post in posts:
            try:
                service(post=post, actor=request.actor)
                done += 1
            except DomainError as error:
                self.message_user(request, f"{post}: {error}", messages.ERROR)
        if done:
            self.message_user(request, _("Done: %(count)s.") % {"count": done}, messages.SUCCESS)

    @display(description=_("title"))
    def shown_title(self, post: Post) -> str:
        return post.variant.title

    @display(description=_("state"), ordering="state", label=STATE_COLOURS)
    def shown_state(self, post: Post) -> tuple[str, str]:
        return post.state, post.get_state_display()

    @display(description=_("address"))
    def shown_link(self, post: Post) -> str:
        if not post.url:
            return ""
        return format_html('<a class="text-primary-600 underline" href="{0}">{0}</a>', post.url)

    @display(description=_("error"))
    def shown_error(self, post: Post) -> str:
        error = post.error or {}
        return f"{error.get('message', '')} {error.get('hint', '')}".strip()
