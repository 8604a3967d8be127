"""Small forms of things for the desk's templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.lifecycle.machines import registered
from apps.lifecycle.models import Event, StatefulModel

register = template.Library()


@register.simple_tag
def badge(row: StatefulModel) -> SafeString:
    """A row's state, in the colour that its machine gives it."""
    state = row.current
    return format_html('<span class="badge badge-{}" data-state>{}</span>', state.tone, state.label)


@register.filter
def at(mapping: dict[str, Any], key: str) -> Any:
    return mapping.get(key, "")


@register.filter
def minutes(seconds: float | None) -> str:
    """61.4 as "1:01"."""
    if seconds is None:
        return ""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


@register.filter
def sentence(event: Event) -> str:
    """What happened, in words."""
    data = event.data
    machine = next((each for each in registered().values() if event.type == f"{each.name}.state"), None)
    if machine and data.get("to"):
        what = _("%(kind)s: %(state)s") % {"kind": _(machine.name), "state": machine.state(data["to"]).label}
        by = data.get("by", "")
        return f"{what} · {by}" if by else what
    texts = {
        "review.opened": _("Review opened"),
        "review.decided": _("Decided: %(verdict)s by %(by)s"),
        "item.revised": _("Version %(revision)s by %(by)s"),
        "asset.made": _("Part %(part)s: %(kind)s made"),
    }
    text = texts.get(event.type, event.type)
    try:
        return text % data
    except (KeyError, TypeError):
        return event.type
