"""Stories and their sources."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

from apps.stories.models import Source, Story
from apps.stories.readers.base import FetchedStory
from apps.stories.services import SourceDraft, keep_reddit_keys, save_source
from apps.stories.services.intake import draft_story
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Workspace

_numbers = count(1)
_SYLLABLES = [
    "ba",
    "be",
    "bi",
    "bo",
    "da",
    "de",
    "di",
    "do",
    "fa",
    "fe",
    "fi",
    "ka",
    "ke",
    "ki",
    "ko",
    "la",
    "le",
    "li",
    "lo",
    "ma",
    "me",
    "mi",
    "mo",
    "na",
    "ne",
    "ni",
    "no",
    "ra",
    "re",
    "ri",
    "ro",
    "sa",
    "se",
    "si",
    "so",
]


def story_text(number: int, sentences: int = 24) -> str:
    """A text of ten words a sentence that is always the same for a number, and like no other number's."""
    rng = Random(number)
    return " ".join(
        " ".join("".join(rng.choices(_SYLLABLES, k=rng.randint(1, 3))) for _word in range(10)).capitalize() + "."
        for _sentence in range(sentences)
    )


def make_story(workspace: Workspace, *, state: str = "new", **fields: Any) -> Story:
    """A saved story that has gone through the same measuring as a fetched one."""
    number = next(_numbers)
    values = {"external_id": f"id{number}", "title": f"Story {number}", "text": story_text(number), **fields}
    known = set(FetchedStory.__dataclass_fields__)
    fetched = FetchedStory(**{key: value for key, value in values.items() if key in known})
    rest = {key: value for key, value in values.items() if key not in known}
    story = draft_story(
        workspace, fetched, origin=rest.pop("origin", Story.Origin.REDDIT), source=rest.pop("source", None)
    )
    for key, value in rest.items():
        setattr(story, key, value)
    story.state = state
    story.save()
    return story


def make_source(workspace: Workspace, **changes: Any) -> Source:
    """A Reddit source of r/tales that takes everything."""
    values = {
        "kind": "reddit",
        "name": f"Source {next(_numbers)}",
        "settings": {"subreddit": "tales", "min_words": 0, "max_words": 50_000, "min_score": None},
        **changes,
    }
    return save_source(workspace=workspace, actor=SYSTEM, draft=SourceDraft(**values))


def make_reddit_keys(workspace: Workspace) -> None:
    from tests.servers.reddit_server import CLIENT_ID, CLIENT_SECRET

    keep_reddit_keys(
        workspace=workspace, actor=SYSTEM, client_id=CLIENT_ID, secret=CLIENT_SECRET, user_agent="rundown-tests/1.0"
    )
