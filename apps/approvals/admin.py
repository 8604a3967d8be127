"""The approval dashboard: what waits, the page to read it on, and decisions by mouse, in bulk and by keyboard."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import Script
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display
from unfold.sections import TemplateSection

from apps.approvals import queries, services
from apps.approvals.models import ApprovalPolicy, Decision, Review
from apps.approvals.reasons import reasons_for
from apps.common.errors import DomainError
from apps.common.numbers import whole
from apps.content.findings import findings_of
from apps.content.models import Asset, Revision
from apps.content.previews import previews_of
from apps.content.queries import diff_to_previous
from apps.content.services import text_of
from apps.content.variants import own_variants
from apps.workspaces.admin_base import OneRow, Waiting, WorkspaceAdmin, row_action

Verdict = Decision.Verdict


class Reading(TemplateSection):
    template_name = "approvals/admin/preview.html"


@admin.register(Review)
class ReviewAdmin(WorkspaceAdmin):
    """The queue. Each row carries the number of the version it shows, and a decision names that version."""

    icon = "rate_review"
    list_display = ("shown_title", "shown_stage", "shown_wait", "shown_for", "shown_version", "shown_approvals")
    list_display_links = ("shown_title",)
    list_sections = (Reading,)
    list_before_template = "approvals/admin/keys.html"
    list_per_page = 50
    list_filter = ("stage", "assignee")
    search_fields = ("item__title",)
    actions = ("approve_selected", "request_changes_selected", "reject_selected", "take_on", "leave_to_any")

    class Media:
        css = {"all": ("rundown/admin-keys.css", "rundown/admin-review.css", "rundown/previews.css")}
        js = (Script("rundown/admin-keys.js", defer=True),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        return queries.review_queue()

    def waiting(self) -> Waiting:
        return _("Waiting for review"), queries.review_queue(), ""

    def get_urls(self) -> list[Any]:
        decide = self.admin_site.admin_view(self.decide_view)
        return [path("<int:review_id>/decide/", decide, name="approvals_review_decide"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        self.policy = services.policy_of(request.workspace)
        extra = {"keys_may_decide": self._may(request, "approve_content"), "title": _("Waiting for review")}
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    @display(description=_("item"), ordering="item__title")
    def shown_title(self, review: Review) -> str:
        return review.item.title

    @display(description=_("stage"), label=True)
    def shown_stage(self, review: Review) -> str:
        return review.get_stage_display()

    @display(description=_("waiting for"), ordering="opened_at")
    def shown_wait(self, review: Review) -> str:
        return timesince(review.opened_at)

    @display(description=_("whom"))
    def shown_for(self, review: Review) -> str:
        return str(review.assignee) if review.assignee else str(_("any approver"))

    @display(description=_("version"))
    def shown_version(self, review: Review) -> str:
        number = review.item.current_revision.number
        return format_html('{}<input type="hidden" name="revision-{}" value="{}">', number, review.pk, number)

    @display(description=_("approved"))
    def shown_approvals(self, review: Review) -> str:
        return f"{review.approved} / {self.policy.approvers}"

    @action(description=_("Approve"), permissions=["approve_content"])
    def approve_selected(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        self._decide_selected(request, queryset, Verdict.APPROVE, "")

    @action(description=_("Request changes"), permissions=["approve_content"])
    def request_changes_selected(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        return self._with_comment(request, queryset, Verdict.REQUEST_CHANGES, "request_changes_selected")

    @action(description=_("Reject"), permissions=["approve_content"])
    def reject_selected(self, request: HttpRequest, queryset: QuerySet[Review]) -> HttpResponse | None:
        return self._with_comment(request, queryset, Verdict.REJECT, "reject_selected")

    take_on = row_action(
        _("Take on myself"),
        lambda review, actor: services.assign_review(review=review, assignee=actor.user, actor=actor),
        permission="approve_content",
    )
    leave_to_any = row_action(
        _("Leave to any approver"),
        lambda review, actor: services.assign_review(review=review, assignee=None, actor=actor),
        permission="approve_content",
    )

    def _with_comment(
        self, request: HttpRequest, queryset: QuerySet[Review], verdict: str, name: str
    ) -> HttpResponse | None:
        """Ask for the comment on a page of its own, then decide."""
        if "comment" in request.POST:
            self._decide_selected(request, queryset, verdict, request.POST["comment"])
            return None
        rows = [(review, request.POST.get(f"revision-{review.pk}", "")) for review in queryset]
        context = {
            **self.admin_site.each_context(request),
            "title": self.get_action(name)[2],
            "rows": rows,
            "action": name,
            "needs_comment": verdict == Verdict.REQUEST_CHANGES,
            "opts": self.opts,
        }
        return TemplateResponse(request, "approvals/admin/comment.html", context)

    def _decide_selected(self, request: HttpRequest, queryset: QuerySet[Review], verdict: str, comment: str) -> None:
        decisions = [(review.item, _number(request.POST.get(f"revision-{review.pk}"))) for review in queryset]
        done, refused = services.decide_many(decisions=decisions, verdict=verdict, actor=request.actor, comment=comment)
        if done:
            text = ngettext("%(count)s item decided.", "%(count)s items decided.", len(done)) % {"count": len(done)}
            self.message_user(request, text, messages.SUCCESS)
        for item, reason in refused:
            self.message_user(request, f"{item.title}: {reason}", messages.ERROR)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page to read and decide on: text, what changed, source, player, decisions."""
        review = self.get_object(request, object_id)
        if review is None:
            return self._settled(request, _number(object_id))
        item, revision = review.item, review.item.current_revision
        text, own = text_of(revision), own_variants(revision)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": item.title,
            "review": review,
            "item": item,
            "revision": revision,
            "changes": diff_to_previous(revision),
            "films": films(revision),
            "findings": findings_of(item, text, own),
            "previews": previews_of(item, text, own),
            "decisions": queries.decisions_of(item.pk),
            "policy": services.policy_of(request.workspace),
            "reasons": reasons_for(item),
            "may_decide": self._may(request, "approve_content"),
            "media": self.media,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "approvals/admin/review.html", context)

    def decide_view(self, request: HttpRequest, review_id: int) -> HttpResponse:
        review = self.get_object(request, str(review_id))
        verdict = request.POST.get("verdict")
        if review is None:
            return self._settled(request, review_id)
        if verdict not in Verdict.values:
            return redirect("admin:approvals_review_change", review_id)
        comment = request.POST.get("comment", "")
        seen = _number(request.POST.get("revision"))
        try:
            services.decide(item=review.item, revision=seen, verdict=verdict, actor=request.actor, comment=comment)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
            return self.change_view(request, str(review_id), extra_context={"comment": comment})
        self.message_user(request, _("Your decision is recorded."), messages.SUCCESS)
        return redirect("admin:approvals_review_changelist")

    def _settled(self, request: HttpRequest, review_id: int) -> HttpResponse:
        """Decided meanwhile, by a button pressed twice or by somebody else."""
        if not Review.objects.filter(pk=review_id).exists():
            raise Http404("no such review")
        self.message_user(request, _("This has been decided meanwhile."), messages.WARNING)
        return redirect("admin:approvals_review_changelist")


def _number(text: str | None) -> int:
    """Of a version; 0 is none."""
    return whole(text or "", digits=9) or 0


def films(revision: Revision) -> list[tuple[Asset, Asset | None]]:
    """What there is to watch of a revision: of each part the video, else its preview, with the captions."""
    assets = {(asset.part, asset.kind): asset for asset in Asset.objects.filter(revision=revision)}
    found = []
    for part in revision.parts:
        film = assets.get((part["number"], "video")) or assets.get((part["number"], "preview"))
        if film:
            found.append((film, assets.get((part["number"], "captions"))))
    return found


@admin.register(ApprovalPolicy)
class ApprovalPolicyAdmin(OneRow, WorkspaceAdmin):
    """The written policy; without a row, review is of the text, by one person, who may be its author."""

    icon = "policy"
    change_permission = add_permission = "manage_workspace"
    list_display = ("when", "approvers", "author_may_approve", "review_clips")
    fields = ("when", "approvers", "author_may_approve", "review_clips")

    def save_model(self, request: HttpRequest, obj: ApprovalPolicy, form: Any, change: bool) -> None:
        saved = services.set_policy(workspace=request.workspace, actor=request.actor, **form.cleaned_data)
        obj.__dict__.update(saved.__dict__)


@admin.register(Decision)
class DecisionAdmin(WorkspaceAdmin):
    """Every decision ever made, to read."""

    icon = "gavel"
    list_display = ("revision", "verdict", "actor_label", "comment", "at")
    list_filter = ("verdict",)
    list_select_related = ("revision",)
    search_fields = ("revision__title", "comment", "actor_label")
