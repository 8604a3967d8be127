from apps.content.models.asset import Asset
from apps.content.models.item import Item
from apps.content.models.revision import Revision, Variant
from apps.content.models.search import SearchEntry
from apps.content.models.voice import BrandVoice

__all__ = ["Asset", "BrandVoice", "Item", "Revision", "SearchEntry", "Variant"]
