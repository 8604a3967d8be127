"""The base of every admin page about rows of a workspace."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from apps.common.transactions import unit_of_work
from apps.workspaces import audit
from apps.workspaces.models import User


class Badge(tuple[str, str]):
    """A colour's name and a text: a badge in a list, which takes pairs, and the text alone in a form."""

    def __new__(cls, colour: str, text: str) -> Badge:
        return super().__new__(cls, (colour, text))

    def __str__(self) -> str:
        return str(self[1])


class RolePermissions:
    """Who may do what with a model, as permissions of the workspace; None: nobody, in the admin."""

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


class MemberFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field: models.ForeignKey, request: HttpRequest, model_admin: Any) -> list[Any]:
        members = {"memberships__workspace": request.workspace}
        return field.get_choices(include_blank=False, limit_choices_to=members)


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

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool) -> None:
        if not change:
            obj.workspace = request.workspace
        with unit_of_work():
            super().save_model(request, obj, form, change)
            self._audit(request, obj, "change" if change else "add", {"fields": form.changed_data})

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        with unit_of_work():
            self._audit(request, obj, "delete", {"name": str(obj)})
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet) -> None:
        with unit_of_work():
            for obj in queryset:
                self._audit(request, obj, "delete", {"name": str(obj)})
            super().delete_queryset(request, queryset)

    def _audit(self, request: HttpRequest, obj: models.Model, action: str, data: dict[str, Any]) -> None:
        name = f"{self.opts.model_name}.{action}"
        audit.record(workspace=request.workspace, actor=request.actor, action=name, target=obj, data=data)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        raise Http404(f"no {opts.verbose_name} {object_id} in this workspace")


class WorkspaceTabularInline(RolePermissions, TabularInline):
    """Rows below a row of the workspace."""


class WorkspaceStackedInline(RolePermissions, StackedInline):
    """Rows below a row of the workspace."""
