"""Title, description and tags of a clip, by the template of the workspace's choice; and the item that carries them."""

from __future__ import annotations

from pathlib import PurePath

from django.utils.translation import gettext as _

from apps.clips.models import Clip
from apps.clips.services.options import settings_of
from apps.common.errors import Conflict, NotFound
from apps.common.text.words import shorten
from apps.common.transactions import unit_of_work
from apps.content.models import Item, Revision
from apps.content.services import Origin, Text, create_item, revise_item, submit_item, text_of
from apps.content.voice import style_for
from apps.lifecycle.models import Run
from apps.lifecycle.runs import Work, start_run
from apps.lifecycle.services import advance
from apps.templates.generation import Written, generate
from apps.templates.models import PromptVersion
from apps.templates.queries import versions_of
from apps.workspaces.actors import SYSTEM, Actor

MOST_WORDS = 24_000  # characters of a transcript that a model is given


def write_metadata(clip: Clip, *, version: PromptVersion | None = None, fresh: bool = False) -> Written:
    """Ask for a clip's title, description and tags. version: instead of the chosen or active one."""
    return generate(
        workspace=clip.workspace,
        kind="metadata",
        variables={
            "file_name": PurePath(clip.name).stem,
            "transcript": shorten(text_to_describe(clip), MOST_WORDS) if text_to_describe(clip) else "",
            "language": language_of(clip),
            "seconds": round(clip.seconds or 0),
        },
        subject=clip,
        actor=SYSTEM,
        version=version or settings_of(clip.workspace).template,
        fresh=fresh,
        style=style_for(clip.workspace, language_of(clip)),
    )


def language_of(clip: Clip) -> str:
    return clip.language or clip.workspace.language


def text_to_describe(clip: Clip) -> str:
    """The transcript as people left it."""
    item = clip.item
    return item.current_revision.body.strip() if item and item.current_revision else clip.transcript


def make_item(clip: Clip, written: Written) -> Item:
    """The clip's item, in review; the clip is used then."""
    data = written.data
    text = Text(
        title=data["title"],
        parts=[{"number": 1, "title": "", "text": clip.transcript}],
        description=data.get("description", ""),
        hashtags=data.get("hashtags", []),
    )
    origin = Origin(name=str(clip.get_origin_display()), title=PurePath(clip.name).stem)
    with unit_of_work():
        item = create_item(
            workspace=clip.workspace,
            actor=SYSTEM,
            kind=Item.Kind.CLIP,
            text=text,
            origin=origin,
            language=language_of(clip),
            generation=written.generation,
        )
        submit_item(item=item, actor=SYSTEM)
        advance(clip, "use", actor=SYSTEM, fields={"item": item}, data={"title": item.title, "item": item.pk})
    return item


def describe_again(*, clip: Clip, actor: Actor, version: int | None = None) -> Run:
    """Queue new metadata by a version of the workspace's choice, or the active one. Raises NotFound, Conflict."""
    actor.require("write_content", clip.workspace)
    if clip.item is None:
        raise Conflict(_("This clip has no item yet."), hint=_("Wait until it is described."))
    if version is not None and not _versions(clip).filter(pk=version).exists():
        raise NotFound(_("There is no such AI template here."))
    args = {"version": version, "base": clip.item.current_revision.number}
    return start_run(workspace=clip.workspace, kind="clip_metadata", subject=clip, actor=actor, args=args)


def rewrite_metadata(*, clip: Clip, work: Work) -> Revision:
    """A new revision of the clip's item with metadata written anew; its transcript stays."""
    work.step("describe", label=_("Writing title, description and tags"), total=1)
    args = work.run.args
    version = _versions(clip).filter(pk=args["version"]).first() if args.get("version") else None
    written = write_metadata(clip, version=version, fresh=True)
    item = Item._base_manager.select_related("workspace", "current_revision").get(pk=clip.item_id)
    before = text_of(item.current_revision)
    text = Text(
        title=written.data["title"],
        parts=before.parts,
        hook=before.hook,
        call_to_action=before.call_to_action,
        description=written.data.get("description", ""),
        hashtags=written.data.get("hashtags", []),
    )
    name = _("Written anew by %(template)s") % {"template": version or written.generation.version}
    return revise_item(item=item, actor=SYSTEM, text=text, base=args["base"], note=name)


def _versions(clip: Clip):
    return versions_of(clip.workspace).filter(template__kind="metadata")
