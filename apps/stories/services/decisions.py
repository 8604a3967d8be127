"""What people decide about stories, one or many at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.common.errors import DomainError
from apps.lifecycle.services import advance
from apps.stories.models import Story
from apps.workspaces.actors import Actor


@dataclass
class Decided:
    """done: the stories that moved. refused: the others, with the reason."""

    done: list[Story] = field(default_factory=list)
    refused: list[tuple[Story, DomainError]] = field(default_factory=list)


def decide_stories(*, stories: Iterable[Story], action: str, actor: Actor) -> Decided:
    """Shortlist, reject or restore each of them; one that cannot be moved does not stop the others."""
    decided = Decided()
    for story in stories:
        try:
            advance(story, action, actor=actor, data={"title": story.title})
        except DomainError as error:
            decided.refused.append((story, error))
        else:
            decided.done.append(story)
    return decided
