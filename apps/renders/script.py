"""What is said and shown in each part of a revision."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.common.text.sentences import sentences
from apps.common.text.speakable import speakable
from apps.common.text.tokens import SpokenToken
from apps.content.models import Revision

Spoken = tuple[SpokenToken, ...]


@dataclass(frozen=True)
class PartScript:
    """One part as it is narrated. hook and call_to_action tell how many sentences at the start and end are theirs."""

    number: int
    total: int
    title: str
    hook: str
    call_to_action: str
    lines: tuple[Spoken, ...]
    hook_lines: int
    closing_lines: int
    label: str


def part_scripts(revision: Revision, *, language: str, profanity: str) -> list[PartScript]:
    """Every part of a revision, in order: the hook opens the first, the call to action closes the last."""
    total = len(revision.parts)
    return [_part(revision, part, total, language, profanity) for part in revision.parts]


def _part(revision: Revision, part: dict, total: int, language: str, profanity: str) -> PartScript:
    number, text = part["number"], part["text"]
    hook = revision.hook.strip() if number == 1 else ""
    closing = revision.call_to_action.strip() if number == total else ""
    # A hook that the story itself opens with is not said twice.
    said_hook = "" if hook and _opens_with(text, hook) else hook

    def spoken(passage: str) -> list[Spoken]:
        lines = (
            speakable(line, language=language, profanity=profanity) for line in sentences(passage, language=language)
        )
        return [line for line in lines if any(token.spoken for token in line)]

    opening, body, ending = spoken(said_hook), spoken(text), spoken(closing)
    with override(language):
        label = _("Part %(number)s of %(total)s") % {"number": number, "total": total} if total > 1 else ""
    return PartScript(
        number=number,
        total=total,
        title=part["title"] or revision.title,
        hook=hook,
        call_to_action=closing,
        lines=(*opening, *body, *ending),
        hook_lines=len(opening) or (1 if hook else 0),
        closing_lines=len(ending),
        label=label,
    )


def _opens_with(text: str, hook: str) -> bool:
    return text.strip().casefold().startswith(hook.casefold().rstrip(".!?… "))
