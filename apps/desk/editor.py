"""Writing the next version of an item: its text, its words on each platform, and what a shared link shows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.common.errors import Conflict, DomainError, Invalid, NotFound
from apps.common.text.words import fit
from apps.content.findings import findings_of
from apps.content.images import images_of
from apps.content.models import Item
from apps.content.previews import previews_of
from apps.content.queries import diff_text
from apps.content.services import EDITABLE, Text, revise_item, text_of
from apps.content.variants import NewVariant, own_variants
from apps.content.writing import suggest
from apps.desk.parsing import number, optional_number
from apps.platforms.registry import adapter, platforms


def _item(item_id: int) -> Item:
    related = ("workspace", "current_revision", "approved_revision", "author")
    return get_object_or_404(Item.objects.select_related(*related), pk=item_id)


@require_http_methods(["GET", "POST"])
def edit_item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Write the next revision. What was typed stays on the page when it cannot be saved."""
    request.actor.require("write_content", request.workspace)
    found = _item(item_id)
    if found.state not in EDITABLE:
        return redirect("desk:item", slug, found.pk)
    if request.method == "GET":
        revision = found.current_revision
        return _page(request, found, text_of(revision), own_variants(revision))
    text, own, note = _text(request), _own(request), fit(request.POST.get("note", ""), 240)
    try:
        base = number(request, "base")
        revise_item(item=found, actor=request.actor, text=text, base=base, note=note, variants=own)
    except (Conflict, Invalid) as problem:
        found = _item(item_id)
        changes = diff_text(text, text_of(found.current_revision)) if isinstance(problem, Conflict) else []
        return _page(request, found, text, own, note=note, problem=problem, changes=changes)
    messages.success(request, _("Saved as a new version."))
    return redirect("desk:item", slug, found.pk)


@require_POST
def check_item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """What the form says by now, counted and shown as each platform would; nothing is saved."""
    request.actor.require("write_content", request.workspace)
    found = _item(item_id)
    text, own = _text(request), _own(request)
    return render(request, "desk/item_check.html", _judged(found, text, own))


@require_POST
def write_platform(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Have the words for one platform written, into the form and nowhere else: a person saves them, or does not."""
    request.actor.require("write_content", request.workspace)
    found, name = _item(item_id), request.POST.get("platform", "")
    if name not in platforms():
        raise NotFound(_("There is no such platform."))
    text, own, part = _text(request), _own(request), optional_number(request, "part") or 1
    before = next((each for each in own if (each.platform, each.part) == (name, part)), None)
    context: dict[str, Any] = {"asked": True}
    fresh = "fresh" in request.POST
    try:
        made = suggest(item=found, text=text, plug=adapter(name), actor=request.actor, part=part, fresh=fresh)
    except DomainError as problem:
        context["problem"] = problem
    else:
        said = made.prepared
        title = "" if said.title in (text.title, text.parts[part - 1]["title"]) else said.title
        new = NewVariant(name, said.text, list(said.hashtags), title, part)
        own = [each for each in own if each is not before] + [new]
        context |= {"made": made, "before": before if before and before.text != new.text else None, "written": part}
    judged = _judged(found, text, own)
    seen = next((each for each in judged["previews"] if each.platform == name), None)
    if seen is None:
        raise NotFound(_("This item does not go to that platform."))
    return render(request, "desk/item_written.html", {"text": text, "seen": seen, **judged, **context})


def _page(
    request: HttpRequest, item: Item, text: Text, own: list[NewVariant], *, problem: Any = None, **extra: Any
) -> HttpResponse:
    images = images_of(item.current_revision_id)
    context = {"item": item, "text": text, "images": images, "problem": problem, **_judged(item, text, own), **extra}
    return render(request, "desk/item_edit.html", context, status=problem.status if problem else 200)


def _judged(item: Item, text: Text, own: list[NewVariant]) -> dict[str, Any]:
    return {
        "item": item,
        "previews": previews_of(item, text, own) if text.parts else [],
        "findings": findings_of(item, text, own),
    }


def _own(request: HttpRequest) -> list[NewVariant]:
    """The platforms whose box is ticked: words for each part, which is a post by itself."""
    post = request.POST
    return [
        NewVariant(
            platform,
            post.get(f"text-{platform}-{part}", "").replace("\r\n", "\n"),
            _tags(post.get(f"tags-{platform}-{part}", "")),
            post.get(f"title-{platform}-{part}", "").strip(),
            part,
        )
        for platform in dict.fromkeys(post.getlist("own"))
        for part in range(1, len(post.getlist("part_text")) + 1)
    ]


def _tags(line: str) -> list[str]:
    return line.replace("#", " ").replace(",", " ").split()


def _text(request: HttpRequest) -> Text:
    data = {name: [value.replace("\r\n", "\n") for value in values] for name, values in request.POST.lists()}

    def first(name: str) -> str:
        return data.get(name, [""])[0]

    titles, texts = data.get("part_title", []), data.get("part_text", [])
    card: dict[str, Any] = {"title": first("card_title").strip(), "description": first("card_description").strip()}
    if first("card_picture").isdecimal() and len(first("card_picture")) < 3:
        card["picture"] = int(first("card_picture"))
    return Text(
        title=first("title"),
        hook=first("hook"),
        parts=[{"title": title, "text": text} for title, text in zip(titles, texts, strict=False)],
        call_to_action=first("call_to_action"),
        description=first("description"),
        hashtags=_tags(first("hashtags")),
        card=card,
    )
