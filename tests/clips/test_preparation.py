"""From a file to an item in review."""

from __future__ import annotations

from apps.content.models import Item
from tests.clips.conftest import WORDS, fresh
from tests.conformance.speech import mistakes, plain


def test_a_clip_with_speech_becomes_an_item_in_review(add, carry, spoken):
    clip = add(spoken, name="IMG_2043.MOV")
    run = carry("clip", clip)
    assert (run.state, run.error) == ("succeeded", None)
    clip = fresh(clip)
    assert mistakes(plain(WORDS), plain(clip.transcript)) <= 1
    assert (clip.state, clip.width, clip.height, clip.language, clip.remarks) == ("used", 640, 360, "en", [])
    revision = clip.item.current_revision
    assert (clip.item.kind, clip.item.state) == (Item.Kind.CLIP, "in_review")
    assert revision.body == clip.transcript
    assert "brass key" in revision.title
    assert revision.hashtags == []
