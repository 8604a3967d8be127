"""Stories and their sources."""

from __future__ import annotations

from itertools import count
from typing import Any

from apps.stories.models import Source, Story
from apps.stories.readers.base import FetchedStory
from apps.stories.services import SourceDraft, keep_reddit_keys, save_source
from apps.stories.services.intake import draft_story
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Workspace

_numbers = count(1)
_NOUNS = ("lighthouse", "bakery", "orchard", "railway", "harbour", "library", "theatre", "garden", "bridge", "market")
_ENDS = ("in silence", "with a song", "before dawn", "by candlelight", "on a Sunday", "against all advice", "for good")


def story_text(number: int, sentences: int = 24) -> str:
    """A text that is like no other number's, of about ten words a sentence."""
    return " ".join(
        f"Visitor {number * 100 + each} came to the {_NOUNS[(number * 7 + each) % 10]} {_ENDS[(number * 3 + each) % 7]}, "
        f"and {_NOUNS[(number + each * 3) % 10]} number {number} was {_ENDS[(number + each) % 7]} again."
        for each in range(sentences)
    )


def make_story(workspace: Workspace, *, state: str = "new", **fields: Any) -> Story:
    """A saved story that has gone through the same measuring as a fetched one."""
    number = next(_numbers)
    values = {"external_id": f"id{number}", "title": f"Story {number}", "text": story_text(number), **fields}
    known = set(FetchedStory.__dataclass_fields__)
    fetched = FetchedStory(**{key: value for key, value in values.items() if key in known})
    rest = {key: value for key, value in values.items() if key not in known}
    story = draft_story(workspace, fetched, origin=rest.pop("origin", Story.Origin.REDDIT), source=rest.pop("source", None))
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
