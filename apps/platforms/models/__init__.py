from apps.platforms.feed.models import Feed, FeedEntry, FeedView
from apps.platforms.models.account import Account

__all__ = ["Account", "Feed", "FeedEntry", "FeedView"]
