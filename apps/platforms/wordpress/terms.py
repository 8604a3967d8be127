"""Tags and categories by name: found, or made; two workers that make the same one get the same number."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from django.utils.translation import gettext as _

from apps.common.errors import AdapterError
from apps.platforms.wordpress.site import Site


def listed(settings: Mapping[str, Any]) -> list[str]:
    names = (name.strip() for name in str(settings.get("categories") or "").split(","))
    return list(dict.fromkeys(name for name in names if name))


def numbers(site: Site, taxonomy: Literal["tags", "categories"], names: Iterable[str]) -> list[int]:
    """The number of each name, in order, each once."""
    return list(dict.fromkeys(_number(site, taxonomy, name) for name in names))


def _number(site: Site, taxonomy: str, name: str) -> int:
    # Names are kept, and searched, as HTML.
    found = site.call(
        "GET", taxonomy, params={"search": html.escape(name, quote=False), "per_page": 100, "_fields": "id,name"}
    )
    for term in found:
        if html.unescape(term["name"]).casefold() == name.casefold():
            return term["id"]
    try:
        return site.call("POST", taxonomy, params={"_fields": "id"}, json={"name": name})["id"]
    except AdapterError as error:
        # Somebody else has made it since, or the site holds it under another spelling.
        if error.details.get("site_code") == "term_exists" and error.details.get("term_id"):
            return int(error.details["term_id"])
        if error.details.get("site_code") == "rest_cannot_create":
            raise AdapterError(
                _("This user may not make the category “%(name)s”.") % {"name": name},
                permanent=True,
                hint=_("Make it on the site, or connect a user who is an editor."),
            ) from error
        raise
