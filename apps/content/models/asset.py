from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.content.models.revision import Revision
from apps.workspaces.models import WorkspaceModel


def asset_path(asset: Asset, filename: str) -> str:
    return f"w{asset.workspace_id}/items/{asset.revision.item_id}/r{asset.revision.number}/{filename}"


class Asset(WorkspaceModel):
    """A file made from a revision; `key` is the hash of everything it was made from.

    Images are given, not made: there may be several, in the order of `position`, and they go out with the first part.
    alt: the words for those who cannot see it.
    """

    class Kind(models.TextChoices):
        NARRATION = "narration", _("Narration")
        CAPTIONS = "captions", _("Captions")
        PREVIEW = "preview", _("Preview")
        VIDEO = "video", _("Video")
        THUMBNAIL = "thumbnail", _("Thumbnail")
        IMAGE = "image", _("Image")

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="assets")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    part = models.PositiveSmallIntegerField(_("part"), default=1)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    alt = models.TextField(_("description for the blind"), blank=True)
    file = models.FileField(_("file"), upload_to=asset_path, max_length=300)
    key = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64, blank=True)
    bytes = models.PositiveBigIntegerField(_("size"), default=0)
    seconds = models.FloatField(_("seconds"), null=True)
    meta = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["part", "kind", "position"]
        constraints = [models.UniqueConstraint(fields=["revision", "kind", "part", "position"], name="asset_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.part}"
