"""One WordPress site over its REST API: where the API is, how one asks it, and what its refusals mean."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.base import NeedsLogin, OutcomeUnknown, PlatformConfig
from apps.platforms.guard import guarded_httpx_client
from apps.platforms.wordpress.problems import problem, unreadable, without_passwords

NAMESPACE = "wp/v2"


class Site:
    """Made by `opened`. index: of the API. root: its address, in whichever of its two forms the site answers."""

    def __init__(self, http: httpx.Client, root: str, index: Mapping[str, Any]) -> None:
        self._http, self._root, self._index = http, root, index

    def login_page(self) -> str:
        """Where somebody allows an application to have a password of its own; raises AdapterError where nobody can."""
        offered = self._index["authentication"]["application-passwords"]
        page = str((offered.get("endpoints") or {}).get("authorization", "")) if isinstance(offered, dict) else ""
        if not page.startswith(("https://", "http://")):
            raise AdapterError(
                _("This site has no page where applications are allowed."),
                permanent=True,
                hint=_("Make an application password on the site, and paste it here."),
            )
        return page

    def call(self, method: str, route: str, *, changes: bool = False, **options: Any) -> Any:
        """The answer's JSON. changes: whether the call could make something public, so that a lost answer matters.

        options: of httpx. Raises AdapterError, its kinds included.
        """
        return self.response(method, route, changes=changes, **options).json()

    def response(self, method: str, route: str, *, changes: bool = False, **options: Any) -> httpx.Response:
        """As `call`, for whoever needs the headers; its body is certainly JSON."""
        response = self._sent(method, f"{self._root}{NAMESPACE}/{route}", changes, options)
        if response.is_success and _is_json(response):
            return response
        if changes and (response.is_success or response.status_code >= 500):
            raise OutcomeUnknown(
                _("The site did not say whether it published."), reason=f"HTTP {response.status_code}, unreadable"
            )
        raise problem(response)

    def _sent(self, method: str, url: str, changes: bool, options: dict[str, Any]) -> httpx.Response:
        # In the plain form the route is itself a parameter; httpx would replace it by the others.
        params = {**httpx.URL(url).params, **(options.pop("params", None) or {})}
        try:
            return self._http.request(method, httpx.URL(url).copy_with(params=params), **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _unreachable(error) from error
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            if changes:
                raise OutcomeUnknown(_("The site did not say whether it published."), reason=reason) from error
            raise AdapterError(_("The site did not answer."), reason=reason) from error


@contextmanager
def opened(config: PlatformConfig, credentials: Mapping[str, Any], timeout: float) -> Iterator[Site]:
    """The site of an account, found and ready; all calls together end within `timeout` seconds."""
    address = address_of(credentials.get("site", ""), config.private_hosts)
    # WordPress shows application passwords in groups of four and takes them with or without the spaces.
    name = credentials.get("username", "")
    auth = httpx.BasicAuth(name, credentials.get("password", "")) if name else None
    with guarded_httpx_client(config, timeout, auth=auth, follow_redirects=False) as http:
        yield Site(http, *_find_api(http, address))


def login_address(page: str, redirect_uri: str, state: str) -> str:
    """The site's page with our name on it. WordPress knows no `state`, but leaves what stands in the way back alone."""
    back = f"{redirect_uri}?{urlencode({'state': state})}"
    # One installation is one application; but no two passwords of a user may have the same name.
    name = f"Rundown {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    known = {"app_name": name, "app_id": str(uuid.uuid5(uuid.NAMESPACE_URL, redirect_uri))}
    query = {**known, "success_url": back, "reject_url": f"{back}&error=access_denied"}
    return str(httpx.URL(page).copy_merge_params(query))


def address_of(site: str, private_hosts: frozenset[str] = frozenset()) -> str:
    """The site's address without a closing slash; https unless it is a server of one's own.

    Raises AdapterError for what is no address, and for one that would send the password readable for all.
    """
    site = site.strip().rstrip("/").removesuffix("/wp-admin").removesuffix("/wp-json")
    try:
        url = httpx.URL(site if "://" in site else f"https://{site}")
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise AdapterError(
            _("That is not the address of a site."), permanent=True, hint=_("Give it as https://example.org.")
        )
    if url.scheme == "http" and url.host not in private_hosts:
        raise AdapterError(
            _("Without https, the password would be readable on its way to the site."),
            permanent=True,
            hint=_("Begin the address with https://."),
        )
    return str(url.copy_with(query=None, fragment=None)).rstrip("/")


def _find_api(http: httpx.Client, address: str) -> tuple[str, dict[str, Any]]:
    """Address and content of the index: /wp-json/, or ?rest_route=/ on a site with plain permalinks. Both are asked for
    next to nothing."""
    refused: AdapterError | None = None
    for root in (f"{address}/wp-json/", f"{address}/?rest_route=/"):
        try:
            response = http.get(httpx.URL(root).copy_merge_params({"_fields": "name,namespaces,authentication"}))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise _unreachable(error) from error
        except httpx.TransportError as error:
            raise AdapterError(_("The site did not answer."), reason=str(error) or type(error).__name__) from error
        if response.is_success and _is_json(response) and NAMESPACE in response.json().get("namespaces", ()):
            if refusal := without_passwords(response.json()):
                raise refusal
            return root, response.json()
        if response.is_redirect:
            raise _moved(response, address)
        # A site with plain permalinks answers the first form with a page of its own, found or not.
        known = problem(response) if not response.is_success else unreadable(response)
        if refused is None or _is_json(response):
            refused = known
        if isinstance(known, NeedsLogin) or response.status_code == 429 or response.status_code >= 500:
            raise known
    raise refused or unreadable(response)


def _is_json(response: httpx.Response) -> bool:
    try:
        return isinstance(response.json(), dict | list)
    except ValueError:
        return False


def _moved(response: httpx.Response, address: str) -> AdapterError:
    target = str(response.next_request.url if response.next_request else response.headers.get("location", ""))
    target = target.partition("?")[0].removesuffix("/wp-json/").rstrip("/")
    return AdapterError(
        _("%(address)s leads to another address: %(target)s.") % {"address": address, "target": target[:200]},
        permanent=True,
        hint=_("Connect the account with the address that it leads to."),
    )


def _unreachable(error: Exception) -> AdapterError:
    return AdapterError(_("The site could not be reached."), hint=_("It is tried again by itself."), reason=str(error))
