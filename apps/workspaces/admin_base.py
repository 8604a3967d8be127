"""The base of every admin page about rows of a workspace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.core.paginator import Paginator
from django.db import models
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline

from apps.common.errors import DomainError, NotAllowed, NotFound
from apps.common.transactions import unit_of_work
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import AuditEntry, User
from apps.workspaces.roles import PERMISSIONS

SAID = 3  # rows that are named when an action is refused


class Badge(tuple[str, str]):
    """A colour's name and a text: a badge in a list, which takes pairs, and the text alone in a form."""

    def __new__(cls, colour: str, text: str) -> Badge:
        return super().__new__(cls, (colour, text))

    def __str__(self) -> str:
        return str(self[1])


def link(address: str, label: Any = "") -> SafeString:
    """An address as a link that is seen to be one; without a label it shows itself."""
    look = "text-primary-600 underline dark:text-primary-500"
    return format_html('<a class="{}" href="{}" rel="noopener noreferrer">{}</a>', look, address, label or address)


class RolePermissions:
    """Who may do what with a model, as permissions of the workspace; None: nobody, in the admin.

    An action asks for a permission of the workspace by its name: `permissions=["publish_content"]`.
    """

    # The admin site turns away who is in no workspace before any of the pages runs.
    needs_workspace = True

    view_permission: str | None = "view_content"
    add_permission: str | None = None
    change_permission: str | None = None
    delete_permission: str | None = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, self.view_permission)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, self.add_permission)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, self.change_permission)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, self.delete_permission)

    @staticmethod
    def _may(request: HttpRequest, permission: str | None) -> bool:
        if permission is None or request.workspace is None:
            return False
        return request.actor.may(permission, request.workspace)

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> models.Field | None:
        if db_field.remote_field.model is User and "queryset" not in kwargs:
            kwargs["queryset"] = User.objects.filter(memberships__workspace=request.workspace)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


def _held(permission: str) -> Callable[..., bool]:
    return lambda self, request, obj=None: self._may(request, permission)


for _name in PERMISSIONS:
    setattr(RolePermissions, f"has_{_name}_permission", _held(_name))


class Refused:
    """Mixed into a form that a service refused: it is shown again, with the reason and what was typed."""

    refusal: DomainError

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        self.add_error(None, str(self.refusal))
        for name, reasons in self.refusal.details.items():
            if name in self.fields:
                self.add_error(name, reasons)
        return values


class OneRow:
    """Mixed into the admin of what a workspace has one of, or none."""

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_add_permission(request, obj) and not self.model.objects.exists()


def row_action(label: Any, step: Callable[[Any, Actor], Any], *, permission: str) -> Callable[..., None]:
    """An action of a list, which does `step` with each chosen row."""

    @admin.action(description=label, permissions=[permission])
    def act(model_admin: WorkspaceAdmin, request: HttpRequest, queryset: models.QuerySet) -> None:
        model_admin.do_each(request, queryset, label, step)

    return act


class MemberFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field: models.ForeignKey, request: HttpRequest, model_admin: Any) -> list[Any]:
        members = {"memberships__workspace": request.workspace}
        return field.get_choices(include_blank=False, limit_choices_to=members)


# What waits for people, on the first page of the admin: a label, the rows, and the filters of the list that shows them.
Waiting = tuple[Any, models.QuerySet, str]


class WorkspaceAdmin(RolePermissions, ModelAdmin):
    """Rows of the current workspace only; a foreign id does not exist (404); what is saved here is audited.

    The scope opened by the middleware narrows every query, so a subclass need not filter. Actions that are more than
    saving a form call services.
    """

    icon = "data_object"
    compressed_fields = True
    warn_unsaved_form = True
    show_full_result_count = False

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Filters by person offer the workspace's members; Django's own would list everybody of the installation."""
        return [
            (each, MemberFilter) if isinstance(each, str) and self._is_person(each) else each
            for each in super().get_list_filter(request)
        ]

    def _is_person(self, path: str) -> bool:
        return "__" not in path and getattr(self.opts.get_field(path), "related_model", None) is User

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What a service refuses is said on the form, which keeps what was typed."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (NotAllowed, NotFound):
            raise
        except DomainError as refusal:
            request.refusal = refusal
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: models.Model | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        made = super().get_form(request, obj, change, **kwargs)
        if refusal := getattr(request, "refusal", None):
            return type(made)(made.__name__, (Refused, made), {"refusal": refusal})
        return made

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool) -> None:
        raise NotImplementedError("call the service that the web pages and the API call")

    def press(self, request: HttpRequest, obj: models.Model) -> None:
        """Do what the pressed button beside “Save” says; whether it may still be done, its service knows."""
        for name in self._pressed(request):
            getattr(self, name)(request, obj)

    def _pressed(self, request: HttpRequest) -> list[str]:
        return [name for name in self.actions_submit_line if self.get_unfold_action(name).action_name in request.POST]

    def response_change(self, request: HttpRequest, obj: models.Model) -> HttpResponse:
        """A button has said itself what it did, and its page shows what came of it."""
        if self._pressed(request):
            return HttpResponseRedirect(request.get_full_path())
        return super().response_change(request, obj)

    def do_each(
        self, request: HttpRequest, rows: Iterable[models.Model], label: Any, step: Callable[[Any, Actor], Any]
    ) -> None:
        """`step` with each row and who asks for it; a row that refuses says why and stops no other."""
        done, refused = 0, defaultdict(list)
        for row in rows:
            try:
                step(row, request.actor)
                done += 1
            except DomainError as refusal:
                refused[str(refusal)].append(str(row))
        self.tell(request, label, done, refused)

    def tell(self, request: HttpRequest, label: Any, done: int, refused: dict[str, list[str]]) -> None:
        """Say how many rows an action was done with, and of the others why not: by reason, their names."""
        if done:
            about = {"action": label, "count": done, "things": model_ngettext(self.opts, done)}
            self.message_user(request, _("“%(action)s” is done: %(count)s %(things)s.") % about, messages.SUCCESS)
        for reason, names in refused.items():
            more = f" (+{len(names) - SAID})" if len(names) > SAID else ""
            self.message_user(request, f"{', '.join(names[:SAID])}{more}: {reason}", messages.ERROR)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """What hangs on a row goes with it; Django would ask for a permission for each, which nobody has."""
        found, counts, _needed, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        with unit_of_work():
            self._audit(request, obj, "delete", {"name": str(obj)})
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        self.do_each(request, queryset, _("Delete"), lambda row, actor: self.delete_model(request, row))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit trail says of the row, whether it was done here, on the web pages or over the API."""
        if not self._may(request, "view_audit"):
            return super().history_view(request, object_id, extra_context)
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404
        target = f"{obj._meta.concrete_model._meta.label_lower}:{obj.pk}"
        entries = Paginator(AuditEntry.objects.filter(target=target), self.list_per_page)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History: %(what)s") % {"what": obj},
            "opts": self.opts,
            "original": obj,
            "page": entries.get_page(request.GET.get("page")),
        }
        return TemplateResponse(request, "workspaces/admin/history.html", context)

    def _audit(self, request: HttpRequest, obj: models.Model, action: str, data: dict[str, Any]) -> None:
        name = f"{self.opts.model_name}.{action}"
        audit.record(workspace=request.workspace, actor=request.actor, action=name, target=obj, data=data)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404(f"no {opts.verbose_name} {object_id} in this workspace")


class WorkspaceTabularInline(RolePermissions, TabularInline):
    """Rows below a row of the workspace."""
