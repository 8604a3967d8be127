"""From a story to an item: a script in parts that fit, and what stands around it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from apps.common.errors import Conflict
from apps.common.text.parts import split_parts
from apps.common.transactions import unit_of_work
from apps.content.models import Item
from apps.content.services import Origin, Text, create_item, submit_item
from apps.content.voice import style_for
from apps.lifecycle.models import Run
from apps.lifecycle.runs import Work, start_run
from apps.lifecycle.services import advance
from apps.stories.models import Story
from apps.templates.generation import Written, generate
from apps.workspaces.actors import SYSTEM, Actor


def request_script(*, story: Story, actor: Actor) -> Run:
    """Shortlist a new story, and queue its script or return the run that writes it already. Raises Conflict."""
    actor.require("write_content", story.workspace)
    if story.state == "new":
        advance(story, "shortlist", actor=actor, data={"title": story.title})
    _check_writable(story)
    return start_run(workspace=story.workspace, kind="script", subject=story, actor=actor)


def _check_writable(story: Story) -> None:
    if story.state == "used":
        raise Conflict(_("This story has its script already."), hint=_("Open the item that was made from it."))
    if story.state == "rejected":
        raise Conflict(_("This story is rejected."), hint=_("Restore it first."))


def write_script(*, story: Story, work: Work | None = None, actor: Actor = SYSTEM) -> Item:
    """An item in review whose parts, joined, are the story's text letter for letter; the story is used then.

    Raises Conflict when the story has a script already, and what `generate` raises; then the story stays as it is.
    """
    actor.require("write_content", story.workspace)
    _check_writable(story)
    if work is not None:
        work.plan(3)
    _step(work, "parts", _("Cutting the story into parts"))
    parts = cut_parts(story)
    _step(work, "write", _("Writing hook, title and description"))
    written = generate(
        workspace=story.workspace,
        kind="script",
        variables={"title": story.title, "story": story.text, "language": story.language, "parts": len(parts)},
        subject=story,
        actor=actor,
        style=style_for(story.workspace, story.language),
    )
    _step(work, "item", _("Making the item"))
    return _make_item(story, parts, written, actor)


def _step(work: Work | None, name: str, label: str) -> None:
    if work is not None:
        work.step(name, label=label)


def cut_parts(story: Story) -> list[str]:
    """The story's text cut at ends of sentences, in pieces of the workspace's spoken length."""
    workspace = story.workspace
    return split_parts(
        story.text,
        min_seconds=workspace.min_part_seconds,
        max_seconds=workspace.max_part_seconds,
        language=story.language,
    )


def part_title(title: str, number: int, total: int) -> str:
    return title if total == 1 else _("%(title)s · Part %(number)s of %(total)s") % {
        "title": title, "number": number, "total": total
    }  # fmt: skip


def _make_item(story: Story, parts: list[str], written: Written, actor: Actor) -> Item:
    data: dict[str, Any] = written.data
    title = data["title"] or story.title
    text = Text(
        title=title,
        parts=[
            {"number": number, "title": part_title(title, number, len(parts)), "text": part}
            for number, part in enumerate(parts, 1)
        ],
        hook=data["hook"],
        call_to_action=data["call_to_action"],
        description=data["description"],
        hashtags=data["hashtags"],
    )
    origin = Origin(name=_origin_name(story), title=story.title, text=story.text, url=story.url)
    with unit_of_work():
        item = create_item(
            workspace=story.workspace,
            actor=actor,
            kind=Item.Kind.STORY,
            text=text,
            origin=origin,
            language=story.language,
            generation=written.generation,
        )
        submit_item(item=item, actor=actor)
        # Last, and only from a state that allows it: of two scripts at once, one is rolled back with its item.
        advance(story, "use", actor=actor, fields={"item": item}, data={"title": story.title, "item": item.pk})
    return item


def _origin_name(story: Story) -> str:
    if story.origin == Story.Origin.REDDIT:
        return f"r/{story.community}"
    return story.community or str(story.get_origin_display())
