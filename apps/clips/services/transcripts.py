"""What people make of a transcript: a new revision, whose captions are made anew without listening again."""

from __future__ import annotations

from apps.clips.models import Clip
from apps.clips.services.preparation import check_editable
from apps.content.models import Item, Revision
from apps.content.services import Text, revise_item, text_of
from apps.engines.speech.align import retime
from apps.engines.voice.base import TimedWord
from apps.workspaces.actors import Actor


def edit_transcript(*, clip: Clip, actor: Actor, text: str, base: int, note: str = "") -> Revision:
    """Save corrected words. base: the number of the revision that was corrected. Raises Conflict for a newer one."""
    item = check_editable(Item._base_manager.select_related("workspace", "current_revision").filter(clip=clip).first())
    before = text_of(item.current_revision)
    changed = Text(
        title=before.title,
        parts=[{"number": 1, "title": before.parts[0]["title"], "text": text.replace("\r\n", "\n").strip()}],
        hook=before.hook,
        call_to_action=before.call_to_action,
        description=before.description,
        hashtags=before.hashtags,
    )
    return revise_item(item=item, actor=actor, text=changed, base=base, note=note)


def caption_words(clip: Clip, text: str) -> tuple[TimedWord, ...]:
    """The words of a revision's text with the times at which they are heard in the clip."""
    heard = [TimedWord(word, start, end) for word, start, end, _sure in clip.heard or []]
    return retime(heard, text, duration=clip.seconds or 0.0)
