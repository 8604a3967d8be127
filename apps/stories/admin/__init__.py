"""The admin's pages about stories: importing this package registers them."""

from apps.stories.admin.sources import RedditCredentialsAdmin, SourceAdmin
from apps.stories.admin.stories import StoryAdmin

__all__ = ["RedditCredentialsAdmin", "SourceAdmin", "StoryAdmin"]
