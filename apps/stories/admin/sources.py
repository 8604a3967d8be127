"""Sources: what to read, how often, how it went last time; and the keys for Reddit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordToggleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.common.errors import DomainError
from apps.stories import queries, services
from apps.stories.models import RedditCredentials, Source
from apps.stories.readers.reddit import SORTS, WINDOWS
from apps.stories.services import SourceDraft
from apps.workspaces.admin_base import OneRow, WorkspaceAdmin

COMMON = ("limit", "min_words", "max_words")
REDDIT = (
    "subreddit",
    "sort",
    "period",
    "min_score",
    "max_score",
    "nsfw",
    "flairs",
    "without_flairs",
    "authors",
    "without_authors",
)
FEED = ("url", "follow_links")
NAMES = ("flairs", "without_flairs", "authors", "without_authors")
SORT_LABELS = {
    "hot": _("Hot"),
    "new": _("New"),
    "top": _("Top"),
    "rising": _("Rising"),
    "controversial": _("Controversial"),
}
WINDOW_LABELS = {
    "hour": _("Hour"), "day": _("Day"), "week": _("Week"), "month": _("Month"), "year": _("Year"), "all": _("All time")
}  # fmt: skip
LEFT_OUT = {
    "not_a_text": _("no text of its own"),
    "no_text": _("no text"),
    "deleted": _("deleted or removed"),
    "pinned": _("pinned"),
    "nsfw": _("adult"),
    "low_score": _("score too low"),
    "high_score": _("score too high"),
    "flair": _("flair"),
    "author": _("author"),
    "too_short": _("too short"),
    "too_long": _("too long"),
}


def _number(label: Any, initial: int | None, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, initial=initial, widget=UnfoldAdminIntegerFieldWidget, **options)


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, required=False, widget=UnfoldAdminTextInputWidget, **options)


def _choice(label: Any, choices: list[tuple[str, Any]], initial: str, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, initial=initial, required=False, widget=UnfoldAdminSelectWidget, **options
    )


class SourceForm(forms.ModelForm):
    """A source's settings and timer as fields; what is right and wrong, `services` says."""

    enabled = forms.BooleanField(
        label=_("Fetch by itself"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )
    every_minutes = _number(_("Every … minutes"), 60, help_text=_("Also editable among the periodic tasks."))
    limit = _number(_("Entries to look at"), 50)
    min_words = _number(_("Fewest words"), 150)
    max_words = _number(_("Most words"), 3000)
    subreddit = _text(_("Subreddit"), help_text=_("As in r/name; several joined by “+”."))
    sort = _choice(_("Sorted by"), [(name, SORT_LABELS[name]) for name in SORTS], "top")
    # Not “window”: the page's scripts would take the field for the browser's window.
    period = _choice(
        _("Of the last"),
        [(name, WINDOW_LABELS[name]) for name in WINDOWS],
        "day",
        help_text=_("For top and controversial."),
    )
    min_score = _number(_("Lowest score"), 100, required=False)
    max_score = _number(_("Highest score"), None, required=False)
    nsfw = _choice(
        _("Adult stories"), [("skip", _("Leave out")), ("allow", _("Take too")), ("only", _("Take only"))], "skip"
    )
    flairs = _text(_("Only these flairs"), help_text=_("By comma; empty for all."))
    without_flairs = _text(_("Without these flairs"))
    authors = _text(_("Only these authors"))
    without_authors = _text(_("Without these authors"), initial="AutoModerator")
    url = _text(_("Address of the feed"))
    follow_links = forms.BooleanField(
        label=_("Read the linked page where the feed has only a summary"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    class Meta:
        model = Source
        fields = ("name", "kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            return
        self.initial |= {"enabled": self.instance.enabled, "every_minutes": self.instance.every_minutes}
        for setting, value in self.instance.settings.items():
            name = "period" if setting == "window" else setting
            self.initial[name] = ", ".join(value) if name in NAMES else value
        if "kind" in self.fields:
            self.fields["kind"].disabled = True

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.errors:
            return values
        names = (*COMMON, *(REDDIT if values["kind"] == Source.Kind.REDDIT else FEED))
        settings = {("window" if name == "period" else name): self._value(name, values.get(name)) for name in names}
        self.draft = SourceDraft(values["kind"], values["name"], settings, values["every_minutes"], values["enabled"])
        try:
            services.check_source(
                workspace=self.workspace, draft=self.draft, source=self.instance if self.instance.pk else None
            )
        except DomainError as error:
            for field, problems in error.details.items():
                field = "period" if field == "window" else field
                self.add_error(field if field in self.fields else None, problems)
        return values

    @staticmethod
    def _value(name: str, value: Any) -> Any:
        return [each.strip() for each in (value or "").split(",") if each.strip()] if name in NAMES else value


@admin.register(Source)
class SourceAdmin(WorkspaceAdmin):
    icon = "rss_feed"
    add_permission = change_permission = delete_permission = "manage_sources"
    form = SourceForm
    list_display = ("name", "shown_health", "kind", "shown_interval", "fetched_at", "shown_next", "shown_result")
    list_filter = ("kind", "timer__enabled")
    search_fields = ("name",)
    change_form_outer_before_template = "stories/admin/fetch.html"
    conditional_fields = {
        **dict.fromkeys(REDDIT, "kind == 'reddit'"),
        **dict.fromkeys(FEED, "kind == 'feed'"),
    }
    readonly_fields = ("health_name", "shown_problem", "fetched_at", "shown_next", "shown_result")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        return queries.sources()

    def get_fieldsets(self, request: HttpRequest, obj: Source | None = None) -> list[tuple[Any, dict[str, Any]]]:
        state = [(_("How it goes"), {"fields": self.readonly_fields})] if obj else []
        pairs = (
            ("sort", "period"),
            ("min_score", "max_score"),
            ("flairs", "without_flairs"),
            ("authors", "without_authors"),
        )
        return [
            *state,
            (None, {"fields": ("name", "kind", ("enabled", "every_minutes"))}),
            (_("What to read"), {"fields": ("subreddit", *pairs, "nsfw", *FEED, "limit", ("min_words", "max_words"))}),
        ]

    def get_form(
        self, request: HttpRequest, obj: Source | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        kwargs["fields"] = ["name", "kind"]  # the others are the form's own, not the model's
        form = super().get_form(request, obj, change, **kwargs)
        form.workspace = request.workspace
        return form

    def save_model(self, request: HttpRequest, obj: Source, form: SourceForm, change: bool) -> None:
        stored = queries.sources().get(pk=obj.pk) if change else None
        source = services.save_source(workspace=request.workspace, actor=request.actor, draft=form.draft, source=stored)
        obj.__dict__.update(source.__dict__)

    def delete_model(self, request: HttpRequest, obj: Source) -> None:
        services.delete_source(source=obj, actor=request.actor)

    @display(description=_("health"))
    def health_name(self, source: Source) -> Any:
        return self.shown_health(source)[1]

    @display(
        description=_("health"),
        label={"new": "info", "good": "success", "shaky": "warning", "bad": "danger", "off": "default"},
    )
    def shown_health(self, source: Source) -> tuple[str, Any]:
        if not source.enabled:
            return "off", _("Off")
        labels = {"new": _("Not fetched yet"), "good": _("Good"), "shaky": _("Will try again"), "bad": _("Needs you")}
        return source.health, labels[source.health]

    @display(description=_("interval"))
    def shown_interval(self, source: Source) -> str:
        if not source.enabled:
            return "–"
        minutes = source.every_minutes
        return _t("%(count)s min") % {"count": minutes} if minutes else str(source.timer.schedule)

    @display(description=_("next fetch"))
    def shown_next(self, source: Source) -> Any:
        if not source.enabled:
            return None
        last = source.timer.last_run_at or source.created_at
        at = timezone.now() + source.timer.schedule.remaining_estimate(last)
        return date_format(timezone.localtime(max(at, timezone.now())), "DATETIME_FORMAT")

    @display(description=_("last result"))
    def shown_result(self, source: Source) -> str:
        if source.problem:
            return source.problem["message"]
        if not source.result:
            return "–"
        if source.result["unchanged"]:
            return _t("Nothing new at the source")
        counts = _t("%(new)s new, %(duplicates)s known, of %(seen)s") % source.result
        left = ", ".join(f"{LEFT_OUT.get(name, name)}: {count}" for name, count in source.result["left_out"].items())
        return f"{counts} ({left})" if left else counts

    @display(description=_("problem"))
    def shown_problem(self, source: Source) -> str:
        return f"{source.problem['message']} {source.problem['hint']}" if source.problem else "–"

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.fetch_view)
        return [path("<int:object_id>/fetch/", page, name="stories_source_fetch"), *super().get_urls()]

    def fetch_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What the button “Fetch now” posts."""
        source = queries.sources().filter(pk=object_id).first()
        if source is None:
            raise Http404
        if request.method == "POST":
            services.request_fetch(source=source, actor=request.actor)
            text = _t("“%(name)s” is being fetched; new stories appear in the queue.") % {"name": source.name}
            messages.success(request, text)
        return redirect("admin:stories_source_change", object_id)


class RedditCredentialsForm(forms.ModelForm):
    secret = forms.CharField(
        label=_("Secret"),
        required=False,
        widget=UnfoldAdminPasswordToggleWidget(attrs={"autocomplete": "off"}),
        help_text=_("Kept encrypted and never shown again. Leave it empty to keep the one that is stored."),
    )

    class Meta:
        model = RedditCredentials
        fields = ("client_id", "secret", "user_agent")

    def clean_secret(self) -> str:
        if not self.cleaned_data["secret"] and not self.instance.pk:
            raise forms.ValidationError(_("Enter the secret that Reddit shows for the app."))
        return self.cleaned_data["secret"]


@admin.register(RedditCredentials)
class RedditCredentialsAdmin(OneRow, WorkspaceAdmin):
    icon = "key"
    view_permission = add_permission = change_permission = delete_permission = "manage_sources"
    form = RedditCredentialsForm
    list_display = ("client_id", "user_agent", "changed_at")

    def save_model(self, request: HttpRequest, obj: RedditCredentials, form: forms.ModelForm, change: bool) -> None:
        row = services.keep_reddit_keys(workspace=request.workspace, actor=request.actor, **form.cleaned_data)
        obj.__dict__.update(row.__dict__)
