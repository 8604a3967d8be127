"""Why an item waits for a person whatever the policy says."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.content.findings import banned_in
from apps.content.models import Item
from apps.content.provenance import unknown_links
from apps.content_plans.integrity import concerns_of, given_to
from apps.templates.provenance import new_links


@dataclass(frozen=True)
class Reason:
    """code: for programs. details: what exactly, such as the links."""

    code: str
    message: str
    details: tuple[str, ...] = ()


def reasons_for(item: Item) -> list[Reason]:
    """What somebody must have looked at before this item goes out; empty when nothing was found."""
    found = {each["code"]: Reason(each["code"], each["message"], tuple(each["details"])) for each in concerns_of(item)}
    links = unknown_links(item)
    if links and (links := new_links(links, given_to(item))):
        said = _("Links and mentions that nobody gave")
        known = found["unknown"].details if "unknown" in found else ()
        found["unknown"] = Reason("unknown", said, tuple(dict.fromkeys([*known, *links])))
    if phrases := banned_in(item):
        found["banned"] = Reason("banned", _("Phrases that the brand voice bans"), tuple(phrases))
    return list(found.values())
