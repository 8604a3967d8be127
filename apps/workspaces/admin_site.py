"""The admin as members of a workspace see it: one sign-in with the site, one workspace at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin, action, actions
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

# The sidebar follows the work: what waits, what is made, what goes out, and what it rests on.
ORDER = (
    "approvals",
    "stories",
    "content_plans",
    "clips",
    "content",
    "renders",
    "schedules",
    "uploads",
    "analytics",
    "platforms",
    "prompt_templates",
    "lifecycle",
    "workspaces",
)


class RundownAdminConfig(AdminConfig):
    default_site = "apps.workspaces.admin_site.RundownAdminSite"


class RundownAdminSite(UnfoldAdminSite):
    """Open to members of any workspace, and to the superuser who runs the installation.

    Models say themselves who sees them: `WorkspaceAdmin` asks the member's role, others Django's own permissions, which
    only a superuser has. `icon` on a model admin names its symbol in the sidebar.
    """

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.disable_action("delete_selected")
        self.add_action(delete_selected)

    index_template = "workspaces/admin/index.html"

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What waits for people stands above the list of everything; models say so themselves with `waiting`."""
        return super().index(request, {"waiting": list(self._waiting(request)), **(extra_context or {})})

    def _waiting(self, request: HttpRequest) -> Iterator[dict[str, Any]]:
        if request.workspace is None:
            return
        for model, model_admin in self._registry.items():
            waiting = getattr(model_admin, "waiting", None)
            if waiting and model_admin.has_view_permission(request):
                label, rows, asked = waiting()
                link = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
                yield {"label": label, "count": rows.count(), "link": link + asked}

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and (request.workspace is not None or request.user.is_superuser)

    def get_urls(self) -> list[Any]:
        # Django's “view on site” looks objects up past every scope, and would show a stranger where they are.
        return [each for each in super().get_urls() if getattr(each, "name", None) != "view_on_site"]

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        if getattr(getattr(view, "__self__", None), "needs_workspace", False):
            view = _in_a_workspace(view)
        return super().admin_view(view, cacheable)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one login with its rate limits and second factor, and the admin has no way around it."""
        if request.user.is_authenticated:
            if self.has_permission(request):
                return HttpResponseRedirect(reverse("admin:index", current_app=self.name))
            raise PermissionDenied(_("You are in no workspace yet. Ask for an invitation."))
        goal = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index", current_app=self.name)
        return HttpResponseRedirect(f"{resolve_url('account_login')}?{urlencode({REDIRECT_FIELD_NAME: goal})}")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(resolve_url("account_change_password"))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """One group an app."""
        return [
            {
                "title": app["name"],
                "separator": position > 0,
                "collapsible": False,
                "items": [self._sidebar_item(request, model) for model in app["models"] if model["admin_url"]],
            }
            for position, app in enumerate(self.get_app_list(request))
        ]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        places = {label: place for place, label in enumerate(ORDER)}
        listed = super().get_app_list(request, app_label)
        return sorted(listed, key=lambda app: places.get(app["app_label"], len(ORDER)))

    def _sidebar_item(self, request: HttpRequest, model: dict[str, Any]) -> dict[str, Any]:
        return {
            "title": model["name"],
            "icon": getattr(self._registry[model["model"]], "icon", "data_object"),
            "link": model["admin_url"],
            "active": request.path.startswith(model["admin_url"]),
            "has_permission": True,
        }


@action(description=gettext_lazy("Delete"), permissions=["delete"])
def delete_selected(model_admin: ModelAdmin, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
    """Asks as Django's does; then each row goes on its own, and only what is gone is said to be."""
    if "post" not in request.POST or not getattr(model_admin, "needs_workspace", False):
        return actions.delete_selected(model_admin, request, queryset)
    model_admin.delete_queryset(request, queryset)
    return None


def _in_a_workspace(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A superuser who is in no workspace has no scope, so that even looking for a row would fail."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.workspace is None:
            raise PermissionDenied(_("This belongs to a workspace, and you are in none."))
        return view(request, *args, **kwargs)

    return page


def workspace_choices(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar's drop-down: the person's workspaces, and the way back to the web pages."""
    from apps.workspaces.queries import workspaces_of  # the admin site is loaded before models are

    choices = [
        {
            "title": each.name,
            "icon": "radio_button_checked" if each == request.workspace else "radio_button_unchecked",
            "link": f"{reverse('workspaces:open', args=[each.slug])}?{urlencode({'next': reverse('admin:index')})}",
        }
        for each in workspaces_of(request.user)
    ]
    if request.workspace is not None:
        link = f"/w/{request.workspace.slug}/"
        choices.append({"title": _("Open the web pages"), "icon": "open_in_new", "link": link})
    return choices


def workspace_name(request: HttpRequest) -> str:
    return request.workspace.name if getattr(request, "workspace", None) else _("Installation")


def stylesheet(request: HttpRequest) -> str:
    """Badges and bars look the same in the admin as on the web pages."""
    return static("rundown/admin.css")


def icon(request: HttpRequest) -> str:
    return static("rundown/icon.svg")


def script(request: HttpRequest) -> str:
    workspace = getattr(request, "workspace", None)
    return static("rundown/admin.js") + (f"?{urlencode({'workspace': workspace.slug})}" if workspace else "")
