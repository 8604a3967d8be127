"""API tokens of the workspace: made, shown once, revoked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.common.errors import DomainError
from apps.workspaces import tokens as services
from apps.workspaces.forms import TokenForm


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own tokens, or all for who manages members; posting makes one and shows its secret this once."""
    form = TokenForm(request.POST or None, actor=request.actor, workspace=request.workspace)
    secret = ""
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in ("name", "scopes")}
        try:
            _token, secret = services.create(
                workspace=request.workspace, actor=request.actor, expires_at=form.expires_at, **fields
            )
            form = TokenForm(actor=request.actor, workspace=request.workspace)
        except DomainError as error:
            form.refuse(error)
    rows = services.visible(workspace=request.workspace, actor=request.actor)
    return render(request, "workspaces/tokens.html", {"form": form, "tokens": rows, "secret": secret})


@require_POST
def revoke(request: HttpRequest, slug: str, token_id: int) -> HttpResponse:
    token = services.find(workspace=request.workspace, actor=request.actor, pk=token_id)
    services.revoke(token=token, actor=request.actor)
    messages.success(request, _("“%(name)s” no longer works.") % {"name": token.name})
    return redirect("workspaces:tokens", slug)
