"""The schedule's part of the admin's page of posts; `uploads` adds what was tried with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Case, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldBooleanWidget

from apps.platforms.models import Account
from apps.schedules import pausing, queries, services
from apps.schedules.machine import FOR_PEOPLE, UNDER_WAY
from apps.schedules.models import Post, Waiting
from apps.workspaces.admin_base import row_action

# What comes next first, then what is over, the latest of it first.
_AHEAD = Q(state__in=("scheduled", "claimed", *UNDER_WAY))
UPCOMING_FIRST = (
    Case(When(_AHEAD, then=0), default=1),
    Case(When(_AHEAD, then="due_at")).asc(),
    "-due_at",
    "pk",
)
# Actions about the whole workspace need no row.
WHOLE = ("pause_everything", "resume_everything")


class AccountFilter(admin.RelatedFieldListFilter):
    """The accounts of this workspace: the scope is open."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[int, str]]:
        return [(each.pk, str(each)) for each in Account.objects.order_by("name")]


class WaitingFilter(admin.SimpleListFilter):
    title = _("waits")
    parameter_name = "waiting_for"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return Waiting.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(state="scheduled", waiting_for=self.value()) if self.value() else queryset


class PostForm(forms.ModelForm):
    """The one thing about a post that is typed: when it is due. Empty leaves it."""

    due_at = forms.SplitDateTimeField(label=_("Due, in UTC"), required=False, widget=UnfoldAdminSplitDateTimeWidget())
    force = forms.BooleanField(
        label=_("Also when something speaks against it"),
        required=False,
        widget=UnfoldBooleanWidget(),
        help_text=_("Quiet hours, a post close by, a full day."),
    )

    def clean_due_at(self) -> Any:
        return self.cleaned_data["due_at"] or self.instance.due_at


class ViewFilter(admin.SimpleListFilter):
    """The views of the web page: what comes up, what needs somebody, what went out."""

    title = _("view")
    parameter_name = "view"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("upcoming", _("Coming up")),
            ("attention", _("Needs a decision")),
            ("published", _("Went out")),
            ("cancelled", _("Cancelled")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        states = {
            "upcoming": ("scheduled", "claimed", *UNDER_WAY),
            "attention": FOR_PEOPLE,
            "published": ("published",),
            "cancelled": ("cancelled",),
        }
        return queryset.filter(state__in=states[self.value()]) if self.value() in states else queryset


def _for_publishers(label: Any, service: Callable[..., Post]) -> Callable[..., None]:
    return row_action(label, lambda post, actor: service(post=post, actor=actor), permission="publish_content")


class ScheduledPosts:
    """The countdown, list filters, and what a person does with the schedule."""

    form = PostForm
    schedule_actions = ("post_now", "force_now", "send", "cancel", "undo", *WHOLE)
    schedule_filters = (ViewFilter, ("account", AccountFilter), WaitingFilter, "due_at")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.POST.get("action") in WHOLE and not request.POST.getlist(ACTION_CHECKBOX_NAME):
            request.POST = request.POST.copy()
            request.POST[ACTION_CHECKBOX_NAME] = "0"
        return super().changelist_view(request, extra_context)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return UPCOMING_FIRST

    def get_fields(self, request: HttpRequest, obj: Post | None = None) -> tuple[str, ...]:
        fields = super().get_fields(request, obj)
        if not self._may_move(request, obj):
            return fields
        place = list(fields).index("due_at") + 1
        return (*fields[:place], "force", *fields[place:])

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> tuple[str, ...]:
        fixed = super().get_readonly_fields(request, obj)
        return tuple(name for name in fixed if name != "due_at") if self._may_move(request, obj) else fixed

    def _may_move(self, request: HttpRequest, post: Post | None) -> bool:
        may = post is not None and self.has_change_permission(request, post)
        return may and (post.state == "scheduled" or post.needs_person)

    def move(self, request: HttpRequest, post: Post, form: Any) -> None:
        """Move the post where the form says; called when it is saved."""
        if "due_at" in form.changed_data:
            at, force = form.cleaned_data["due_at"], form.cleaned_data["force"]
            services.reschedule(post=queries.posts().get(pk=post.pk), actor=request.actor, at=at, force=force)

    post_now = _for_publishers(_("Post now"), services.post_now)
    force_now = _for_publishers(
        _("Post now, whatever the account's own limits say"), partial(services.post_now, force=True)
    )
    cancel = _for_publishers(_("Cancel or drop"), services.cancel_post)
    undo = _for_publishers(_("Undo the cancellation"), services.restore_post)

    @admin.action(description=_("Pause everything of this workspace"), permissions=["publish_content"])
    def pause_everything(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        pausing.pause_workspace(workspace=request.workspace, actor=request.actor)
        self.message_user(request, _("Publishing is paused. What is due waits."), messages.WARNING)

    @admin.action(description=_("Resume publishing"), permissions=["publish_content"])
    def resume_everything(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        pausing.resume_workspace(workspace=request.workspace, actor=request.actor)
        self.message_user(request, _("Publishing goes on."), messages.SUCCESS)

    @display(description=_("time left"), ordering="wake_at")
    def shown_left(self, post: Post) -> str:
        """Until the post is tried, by the server's clock."""
        if post.state != "scheduled" or post.wake_at is None:
            return ""
        if post.account.state != "active":
            return str(post.account.get_state_display())
        if post.wake_at <= timezone.now():
            return str(post.get_waiting_for_display() or _("now"))
        return timeuntil(post.wake_at)
