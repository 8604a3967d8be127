from apps.content.models.asset import Asset
from apps.content.models.item import Item
from apps.content.models.revision import Revision, Variant

__all__ = ["Asset", "Item", "Revision", "Variant"]
