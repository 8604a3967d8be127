"""By what stories are found."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.common.text.markup import visible
from apps.content import search
from apps.stories.models import Story


def register() -> None:
    search.register(
        search.Source(
            kind="story",
            label=_("Stories"),
            model=Story,
            watched=Story,
            rows=lambda: Story._base_manager.all(),
            document=_document,
            found=lambda: Story.objects.all(),
            address=lambda slug, story: f"{reverse('desk:stories', args=[slug])}?story={story.pk}",
            fields=frozenset({"title", "text", "author", "community", "flair"}),
        )
    )


def _document(story: Story) -> tuple[int, str, Iterable[str]]:
    return story.pk, story.title, (visible(story.text)[0], story.author, story.community, story.flair)
