from apps.stories.models.credentials import RedditCredentials
from apps.stories.models.source import Source
from apps.stories.models.story import Story

__all__ = ["RedditCredentials", "Source", "Story"]
