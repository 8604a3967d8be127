"""The story queue: read, shortlist, reject, by mouse and by keyboard; paste, upload and import."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Script
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display
from unfold.sections import TemplateSection
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.common.errors import DomainError
from apps.common.numbers import whole
from apps.content.search_admin import FoundByWords
from apps.lifecycle.admin_states import StateFilter, WithState
from apps.lifecycle.services import open_actions
from apps.stories import queries, services
from apps.stories.machine import STORY_MACHINE
from apps.stories.models import Story
from apps.stories.services.intake import MAX_FILE_BYTES, check_new_story, decode
from apps.workspaces.admin_base import Waiting, WorkspaceAdmin


class Preview(TemplateSection):
    template_name = "stories/admin/preview.html"


class StoryForm(forms.ModelForm):
    """A story pasted, or read from a text file."""

    title = forms.CharField(
        label=_("Title"),
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Left empty, the first line of the text is the title."),
    )
    text = forms.CharField(
        label=_("Text"), required=False, strip=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 16})
    )
    file = forms.FileField(
        label=_("Or a text file"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("Plain text, at most 1 MB; its first line is the title."),
    )

    url = forms.URLField(
        label=_("Address"), required=False, max_length=1000, assume_scheme="https", widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = Story
        fields = ("author",)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        file = values.get("file")
        if file and values.get("text", "").strip():
            raise forms.ValidationError(_("Give either a text or a file, not both."))
        try:
            if file:
                values["text"] = decode(file.read(MAX_FILE_BYTES + 1), file.name)
            check_new_story(workspace=self.workspace, title=values.get("title", ""), text=values.get("text", ""))
        except DomainError as error:
            field = "file" if file else next((name for name in error.details if name in self.fields), None)
            self.add_error(field, f"{error.message} {error.hint}")
        return values


class ImportForm(forms.Form):
    file = forms.FileField(widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.tsv,.json,.zip"}))


@admin.register(Story)
class StoryAdmin(WithState, FoundByWords, WorkspaceAdmin):
    icon = "auto_stories"
    add_permission = "write_content"
    form = StoryForm
    list_display = (
        "title", "shown_state", "shown_score", "words", "minutes", "shown_source", "shown_age",
    )  # fmt: skip
    list_display_links = ("title",)
    list_filter = (
        StateFilter,
        "origin",
        "source",
        "nsfw",
        ("words", RangeNumericFilter),
        ("score", RangeNumericFilter),
    )
    list_filter_submit = True
    list_filter_sheet = True
    list_sections = (Preview,)
    list_before_template = "stories/admin/keys.html"
    list_per_page = 50
    search_kind = "story"
    actions = ("shortlist_selected", "reject_selected", "restore_selected")
    actions_list = ("import_page",)
    change_form_outer_before_template = "stories/admin/decide.html"
    readonly_fields = (
        "shown_state",
        "whole_text",
        "shown_source",
        "score",
        "flair",
        "words",
        "minutes",
        "posted_at",
        "fetched_at",
        "item",
    )

    class Media:
        css = {"all": ("rundown/admin-keys.css",)}
        js = (Script("rundown/admin-keys.js", defer=True),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Story]:
        return queries.stories()

    def waiting(self) -> Waiting:
        return _("New stories"), Story.objects.filter(state="new"), "?state=new"

    def get_fieldsets(self, request: HttpRequest, obj: Story | None = None) -> list[tuple[Any, dict[str, Any]]]:
        if obj is None:
            return [(None, {"fields": ("title", "text", "file", "url", "author")})]
        about = ("shown_state", "shown_source", "author", "url", "score", "flair", "words", "minutes")
        return [
            (None, {"fields": ("title", "whole_text")}),
            (_("About it"), {"fields": (*about, "posted_at", "fetched_at", "item")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Story | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def get_form(self, request: HttpRequest, obj: Story | None = None, **kwargs: Any) -> type[forms.ModelForm]:
        kwargs["fields"] = ["author"]  # the others are the form's own, not the model's
        if obj is not None:
            kwargs["form"] = forms.ModelForm
        form = super().get_form(request, obj, **kwargs)
        form.workspace = request.workspace
        return form

    def save_model(self, request: HttpRequest, obj: Story, form: StoryForm, change: bool) -> None:
        values = form.cleaned_data
        story = services.add_story(
            workspace=request.workspace,
            actor=request.actor,
            title=values["title"],
            text=values["text"],
            url=values["url"],
            author=values["author"],
            origin=Story.Origin.FILE if values["file"] else Story.Origin.PASTED,
        )
        obj.__dict__.update(story.__dict__)

    @display(description=_("text"))
    def whole_text(self, story: Story) -> str:
        return format_html('<div class="rd-story" lang="{}">{}</div>', story.language, story.text)

    @display(description=_("score"), ordering="score")
    def shown_score(self, story: Story) -> str:
        return "–" if story.score is None else f"{story.score:,}"

    @display(description=_("minutes"), ordering="spoken_seconds")
    def minutes(self, story: Story) -> str:
        whole = round(story.spoken_seconds)
        return f"{whole // 60}:{whole % 60:02d}"

    @display(description=_("from"), ordering="origin")
    def shown_source(self, story: Story) -> str:
        return (
            f"r/{story.community}"
            if story.origin == Story.Origin.REDDIT
            else story.community or story.get_origin_display()
        )

    @display(description=_("came in"), ordering="fetched_at")
    def shown_age(self, story: Story) -> Any:
        return story.fetched_at

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        keys = {"keys_may_write": self._may(request, "write_content"), "keys_states": self._tabs(request)}
        return super().changelist_view(request, {**keys, **(extra_context or {})})

    def _tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        counts, here, address = (
            queries.counts_by_state(),
            request.GET.get("state"),
            reverse("admin:stories_story_changelist"),
        )
        everything = {"label": _("All"), "count": sum(counts.values()), "link": address, "active": not here}
        return [everything] + [
            {
                "label": label,
                "count": counts.get(name, 0),
                "link": f"{address}?{urlencode({'state': name})}",
                "active": name == here,
            }
            for name, label in STORY_MACHINE.choices
        ]

    @action(description=_("Shortlist"), permissions=["write_content"])
    def shortlist_selected(self, request: HttpRequest, queryset: QuerySet[Story]) -> None:
        self._decide(request, queryset, "shortlist")

    @action(description=_("Reject"), permissions=["write_content"])
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[Story]) -> None:
        self._decide(request, queryset, "reject")

    @action(description=_("Restore"), permissions=["write_content"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Story]) -> None:
        self._decide(request, queryset, "restore")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        story = queries.stories().filter(pk=whole(object_id)).first()
        buttons = [each for each in open_actions(story, request.actor) if each.action != "use"] if story else []
        return super().change_view(request, object_id, form_url, {"buttons": buttons, **(extra_context or {})})

    def decide_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What a button of the story's page posts."""
        story = queries.stories().filter(pk=object_id)
        if not story:
            raise Http404
        if request.method == "POST" and request.POST.get("action") in {"shortlist", "reject", "restore"}:
            self._decide(request, story, request.POST["action"])
        return redirect("admin:stories_story_change", object_id)

    def _decide(self, request: HttpRequest, stories: QuerySet[Story], name: str) -> None:
        decided = services.decide_stories(stories=stories.select_related("workspace"), action=name, actor=request.actor)
        label = STORY_MACHINE.transition(name).label
        if decided.done:
            count = len(decided.done)
            text = ngettext("%(label)s: %(count)s story.", "%(label)s: %(count)s stories.", count)
            messages.success(request, text % {"label": label, "count": count})
        for story, error in decided.refused:
            messages.warning(request, f"“{story.title}”: {error}")

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view
        return [
            path("import/", page(self.import_view), name="stories_story_import"),
            path("<int:object_id>/decide/", page(self.decide_view), name="stories_story_decide"),
            *super().get_urls(),
        ]

    @action(description=_("Import a file"), url_path="import-file", icon="upload_file", permissions=["add"])
    def import_page(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:stories_story_import")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        outcome = self._import(request) if request.method == "POST" else {}
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import stories"),
            "opts": self.opts,
            "form": ImportForm(),
            **outcome,
        }
        template = "stories/admin/report.html" if request.headers.get("HX-Request") else "stories/admin/import.html"
        return TemplateResponse(request, template, context)

    @staticmethod
    def _import(request: HttpRequest) -> dict[str, Any]:
        file = request.FILES.get("file")
        try:
            report = services.import_stories(
                workspace=request.workspace,
                actor=request.actor,
                name=file.name if file else "",
                content=file.read(settings.MAX_UPLOAD_BYTES) if file else b"",
                dry_run=request.POST.get("step") != "import",
            )
        except DomainError as error:
            return {"error": error}
        return {"report": report}
