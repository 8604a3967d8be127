"""The brand voice: who may change it, and how it reaches the models.

Every call that drafts text passes `style=style_for(workspace, language)` to `apps.templates.generation.generate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import regex
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.common.errors import Invalid
from apps.common.text.normalise import normalise
from apps.common.transactions import unit_of_work
from apps.content.models import BrandVoice
from apps.lifecycle.events import emit
from apps.templates.generation import Style, takes_voice
from apps.templates.models import Kind
from apps.templates.queries import active_version
from apps.workspaces import audit
from apps.workspaces.actors import Actor
from apps.workspaces.models import Workspace

MOST_EXAMPLES, LONGEST_EXAMPLE, LONGEST_SUMMARY = 10, 4_000, 4_000
MOST_PHRASES, LONGEST_PHRASE = 200, 120
_LANGUAGE = regex.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?")
# What drafts text for people; the other kinds only read or plan.
DRAFTING = (
    Kind.SCRIPT, Kind.METADATA, Kind.BLOG_DRAFT, Kind.SEO_REWRITE, Kind.VARIANT, Kind.HOOK, Kind.CAPTION
)  # fmt: skip
FIELDS = ("summary", "examples", "words", "banned", "reading_level", "creativity")


def voice_of(workspace: Workspace, language: str = "") -> BrandVoice:
    """The language's own voice, else the one for all languages; unsaved and silent where nobody wrote any."""
    wanted = ["", *{language, language.partition("-")[0]}]
    found = {each.language: each for each in BrandVoice._base_manager.filter(workspace=workspace, language__in=wanted)}
    own = found.get(language) or found.get(language.partition("-")[0]) or found.get("")
    return own or BrandVoice(workspace=workspace)


def exact_voice(workspace: Workspace, language: str = "") -> BrandVoice:
    """The one that is written for exactly that language, to be edited; unsaved where there is none."""
    found = BrandVoice._base_manager.filter(workspace=workspace, language=language).first()
    return found or BrandVoice(workspace=workspace, language=language)


def voice_for(workspace: Workspace, *, language: str = "") -> str:
    """What a model is told about how the workspace sounds; "" where nobody said."""
    return told(voice_of(workspace, language))


def style_for(workspace: Workspace, language: str = "") -> Style:
    """The voice as a call to a model takes it."""
    voice = voice_of(workspace, language)
    return Style(text=told(voice), temperature=voice.temperature)


def told(voice: BrandVoice) -> str:
    return render_to_string("content/voice.txt", {"voice": voice}).strip()


@dataclass(frozen=True)
class Reach:
    """Whether the active version of a kind has a place for the voice. number: of that version."""

    kind: str
    label: Any
    told: bool
    number: int


def reach_of(workspace: Workspace) -> list[Reach]:
    """What of that which drafts text is told; a version of one's own may have no place for the voice."""
    found = [(kind, active_version(kind, workspace)) for kind in DRAFTING]
    return [Reach(kind.value, kind.label, takes_voice(version), version.number) for kind, version in found]


def change_brand_voice(*, workspace: Workspace, actor: Actor, language: str = "", **fields: Any) -> BrandVoice:
    """Write some fields of the voice of a language ("" is the one for all). Raises NotAllowed, Invalid."""
    actor.require("manage_brand", workspace)
    unknown = set(fields) - set(FIELDS)
    if unknown:
        raise ValueError(f"not of a voice: {', '.join(sorted(unknown))}")
    if language and not _LANGUAGE.fullmatch(language):
        raise Invalid(_("That is no code of a language."), language=[_("Write it like en or ml.")])
    clean = _clean(fields)
    with unit_of_work():
        voice = BrandVoice._base_manager.select_for_update().filter(workspace=workspace, language=language).first()
        voice = voice or BrandVoice(workspace=workspace, language=language)
        changed = {name: value for name, value in clean.items() if getattr(voice, name) != value}
        if not changed and voice.pk:
            return voice
        data = {name: [getattr(voice, name), value] for name, value in changed.items()}
        for name, value in changed.items():
            setattr(voice, name, value)
        voice.changed_at, voice.changed_by = timezone.now(), actor.label
        voice.save()
        audit.record(workspace=workspace, actor=actor, action="voice.change", target=voice, data=data)
        said = {"language": language, "fields": sorted(changed), "by": actor.label}
        emit(workspace=workspace, type="voice.changed", subject=voice, data=said)
    return voice


def drop_brand_voice(*, workspace: Workspace, actor: Actor, language: str) -> None:
    """Take away the voice of one language, which goes with the one for all again."""
    actor.require("manage_brand", workspace)
    voice = BrandVoice._base_manager.filter(workspace=workspace, language=language).exclude(language="").first()
    if voice is not None:
        with unit_of_work():
            data = {"language": language, **{name: getattr(voice, name) for name in FIELDS}}
            audit.record(workspace=workspace, actor=actor, action="voice.drop", target=voice, data=data)
            voice.delete()


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    problems: dict[str, list[str]] = {}
    clean = dict(fields)
    if "summary" in fields:
        clean["summary"] = _text(fields["summary"], LONGEST_SUMMARY, "summary", problems)
    for name, most, longest in (
        ("examples", MOST_EXAMPLES, LONGEST_EXAMPLE),
        ("words", MOST_PHRASES, LONGEST_PHRASE),
        ("banned", MOST_PHRASES, LONGEST_PHRASE),
    ):
        if name in fields:
            clean[name] = _list(fields[name], most, longest, name, problems)
    for phrase in clean.get("banned", []):
        if not phrase.strip("* -"):
            problems.setdefault("banned", []).append(_("“%(phrase)s” is no phrase.") % {"phrase": phrase})
    for name, choices in (("reading_level", BrandVoice.Level.values), ("creativity", BrandVoice.Creativity.values)):
        if name in fields and fields[name] not in [*choices, None]:
            problems[name] = [_("Choose one of the list.")]
    if problems:
        raise Invalid(_("The brand voice cannot be saved like this."), **problems)
    if "reading_level" in clean:
        clean["reading_level"] = clean["reading_level"] or ""
    return clean


def _text(value: str, longest: int, name: str, problems: dict[str, list[str]]) -> str:
    clean = normalise(value)
    if len(clean) > longest:
        problems.setdefault(name, []).append(_("At most %(most)s characters.") % {"most": longest})
    return clean


def _list(values: Sequence[str], most: int, longest: int, name: str, problems: dict[str, list[str]]) -> list[str]:
    clean = list(dict.fromkeys(filter(None, (_text(value, longest, name, problems) for value in values))))
    if len(clean) > most:
        problems.setdefault(name, []).append(_("At most %(most)s.") % {"most": most})
    return clean
