"""Title, description and tags of a clip, taken from what is said in it and what its file is called."""

from __future__ import annotations

import pytest

from apps.engines.text.base import TextRequest
from apps.engines.text.extractive import ExtractiveEngine

SCHEMA = {"type": "object", "properties": {name: {} for name in ("title", "description", "hashtags")}}
SAID = "My grandmother left me a locked piano. I found the key in the kitchen. The piano was full of letters."


def describe(**variables: object) -> dict:
    return ExtractiveEngine().generate(TextRequest("metadata", "", "", SCHEMA, variables)).data


def test_a_clip_whose_file_says_nothing_is_named_by_its_strongest_sentence():
    assert describe(transcript=SAID, file_name="IMG_2043", language="en") == {
        "title": "My grandmother left me a locked piano",
        "description": "I found the key in the kitchen. The piano was full of letters.",
        "hashtags": ["piano", "grandmother", "locked"],
    }


def test_a_name_that_somebody_gave_is_kept():
    assert describe(transcript=SAID, file_name="the-piano-of-my-grandmother", language="en")["title"] == (
        "The piano of my grandmother"
    )


@pytest.mark.parametrize(
    "name",
    ["IMG_2043", "VID_20260512-WA0003", "Screen Recording 2026-05-12 at 10.12.03", "final_final_v2", "clip",
     "PXL_20260101_123456789", "a1b2c3d4e5f6", "WhatsApp Video 2026-05-01 at 9.41 PM"],
)  # fmt: skip
def test_what_cameras_and_programs_call_files_is_no_title(name):
    assert describe(transcript=SAID, file_name=name, language="en")["title"] == "My grandmother left me a locked piano"


def test_a_clip_in_which_nobody_speaks_invents_nothing():
    assert describe(transcript="", file_name="IMG_2043", language="en") == {
        "title": "IMG_2043",
        "description": "",
        "hashtags": [],
    }
    assert describe(transcript="", file_name="സ്വന്തം വീട്", language="ml")["title"] == "സ്വന്തം വീട്"
