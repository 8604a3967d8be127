from apps.platforms.feed.models import Feed, FeedEntry, FeedView
from apps.platforms.models.account import Account
from apps.platforms.models.login import PendingLogin

__all__ = ["Account", "Feed", "FeedEntry", "FeedView", "PendingLogin"]
