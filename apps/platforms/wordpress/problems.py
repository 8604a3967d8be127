"""What a WordPress site means when it refuses, in sentences for the person who can do something about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import nh3
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, RateLimited
from apps.platforms.http import retry_after

# WordPress's own codes for a name and password that do not fit; many versions lose them and say no more than 401.
_WRONG_LOGIN = {
    "incorrect_password": lazy("The site does not know this application password."),
    "invalid_username": lazy("The site does not know this user name."),
    "invalid_email": lazy("The site does not know this email address."),
    "application_passwords_disabled_for_user": lazy("Application passwords are switched off for this user."),
}
_LOGIN_HINT = lazy(
    "Make a new one under Users, Profile, Application Passwords, and connect the account with it. If the site refuses"
    " that too, its web server may drop the Authorization header: its page Tools, Site Health tells."
)
_ROLE_HINT = lazy("Give the user the role of an author or editor, or connect another user.")
# Refusals that trying again does not change, with what the owner of the site can do.
_REFUSALS = {
    "rest_cannot_create": (lazy("This user may not write posts on the site."), _ROLE_HINT),
    "rest_cannot_publish": (lazy("This user may write posts, but not publish them."), _ROLE_HINT),
    "rest_cannot_edit": (lazy("This user may not change the post."), _ROLE_HINT),
    "rest_cannot_edit_others": (lazy("This user may not change the post."), _ROLE_HINT),
    "rest_cannot_assign_term": (lazy("This user may not set tags or categories."), _ROLE_HINT),
    "rest_forbidden_context": (lazy("This user may not write posts on the site."), _ROLE_HINT),
    "rest_forbidden_status": (lazy("This user may not write posts on the site."), _ROLE_HINT),
    "rest_upload_file_too_big": (
        lazy("The site takes no file of this size."),
        lazy("Raise the upload limit of the site, or attach a smaller file."),
    ),
    "rest_upload_no_data": (
        lazy("The site received no file; it is probably larger than the web server allows."),
        lazy("Raise post_max_size and upload_max_filesize of the site's PHP."),
    ),
    "rest_upload_sideload_error": (
        lazy("The site refuses files of this kind."),
        lazy("Allow the kind of file on the site; on a network, its administrator keeps the list."),
    ),
    "rest_upload_limited_space": (lazy("The site has no space left for files."), lazy("Make room on the site.")),
}
_BLOCKED_HINT = lazy("A security plugin or the host may block it; allow this server there.")


def problem(response: httpx.Response) -> AdapterError:
    """The error behind an answer that is not what was asked for."""
    status, body = response.status_code, _body(response)
    code, said = str(body.get("code", "")), nh3.clean(str(body.get("message", "")), tags=set())[:200].strip()
    inner_code, inner_status = _inner(body)
    if status == 429:
        return RateLimited(_("The site asks to wait."), retry_after=retry_after(response), status_code=status)
    if code and 401 in (status, inner_status):
        message = str(_WRONG_LOGIN.get(code, _("The site does not accept the user name and application password.")))
        return NeedsLogin(message, hint=str(_LOGIN_HINT), status_code=status, said=code)
    code = inner_code or code
    if code in _REFUSALS:
        message, hint = _REFUSALS[code]
        return AdapterError(str(message), permanent=True, hint=str(hint), status_code=status, said=said, site_code=code)
    if status == 413:
        message, hint = _REFUSALS["rest_upload_file_too_big"]
        return AdapterError(str(message), permanent=True, hint=str(hint), status_code=status)
    if status >= 500 or status in (408, 425):
        return AdapterError(
            _("The site did not take the call."), retry_after=retry_after(response), status_code=status, said=said
        )
    if not code:
        return unreadable(response)
    if status == 403:
        message = _("The site refused: %(said)s") % {"said": said or code}
        return AdapterError(message, permanent=True, hint=str(_BLOCKED_HINT), status_code=status)
    return AdapterError(
        _("The site refused the post: %(said)s") % {"said": said or code},
        permanent=True,
        status_code=status,
        site_code=code,
        term_id=_data(body).get("term_id"),
    )


def unreadable(response: httpx.Response) -> AdapterError:
    """Not an answer of WordPress's API: its absence, or something that stands in front of it."""
    status = response.status_code
    if status in (404, 410):
        return AdapterError(
            _("There is no WordPress API at this address."),
            permanent=True,
            hint=_("Check the address; if the site is WordPress, its REST API is switched off."),
            status_code=status,
        )
    # Such pages come and go; nobody's post is to be refused by one.
    return AdapterError(_("A page answered instead of the site's API."), hint=str(_BLOCKED_HINT), status_code=status)


def without_passwords(index: Mapping[str, Any]) -> NeedsLogin | None:
    """Whether the site's index says that application passwords are switched off."""
    offered = index.get("authentication")
    if isinstance(offered, dict) and "application-passwords" in offered:
        return None
    return NeedsLogin(
        _("Application passwords are switched off on this site."),
        hint=_("A security plugin does this, or the site lacks https; change it there, then connect again."),
    )


def _body(response: httpx.Response) -> dict[str, Any]:
    """What WordPress said; empty when it did not speak."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _data(body: Mapping[str, Any]) -> dict[str, Any]:
    data = body.get("data")
    return data if isinstance(data, dict) else {}


def _inner(body: Mapping[str, Any]) -> tuple[str, int]:
    """Code and status of the refusal inside "invalid parameter": a status that the user may not see is told so."""
    for detail in (_data(body).get("details") or {}).values():
        if isinstance(detail, dict) and detail.get("code"):
            return str(detail["code"]), int(_data(detail).get("status") or 0)
    return "", 0
