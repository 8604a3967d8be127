from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.workspaces.models import WorkspaceModel


class Feed(WorkspaceModel):
    """A public page of an account. Its handle is an address, so it is unique across the installation."""

    account = models.OneToOneField("platforms.Account", on_delete=models.CASCADE, related_name="feed", editable=False)
    handle = models.CharField(_("address"), max_length=120, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=120)
    description = models.CharField(_("description"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=8, default="en")
    key_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("opened"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")

    def __str__(self) -> str:
        return self.title


class FeedEntry(WorkspaceModel):
    """A published post on a feed's page. `post_key` makes publishing it twice the same as once."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="entries")
    post_key = models.UUIDField(unique=True)
    slug = models.CharField(_("address"), max_length=240)
    series = models.CharField(max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=300)
    text = models.TextField(_("text"), blank=True)
    hashtags = models.JSONField(_("hashtags"), default=list)
    language = models.CharField(_("language"), max_length=8, default="en")
    part = models.PositiveSmallIntegerField(_("part"), default=1)
    parts_total = models.PositiveSmallIntegerField(_("of"), default=1)
    video = models.CharField(max_length=300, blank=True)
    video_bytes = models.PositiveBigIntegerField(default=0)
    video_sha256 = models.CharField(max_length=64, blank=True)
    thumbnail = models.CharField(max_length=300, blank=True)
    captions = models.CharField(max_length=300, blank=True)
    # [{"name": in the default storage, "alt": for those who cannot see it, "size": bytes, "sha256", "type"}]
    pictures = models.JSONField(default=list)
    # {"title", "description", "picture": place among the pictures or null}, for links that are shared
    card = models.JSONField(default=dict)
    duration = models.FloatField(_("seconds"), null=True)
    views = models.PositiveIntegerField(_("views"), default=0)
    published_at = models.DateTimeField(_("published"), default=timezone.now)

    class Meta:
        verbose_name = _("feed entry")
        verbose_name_plural = _("feed entries")
        ordering = ["-published_at", "-pk"]
        indexes = [models.Index(fields=["feed", "-published_at"], name="feed_entry_newest")]
        constraints = [models.UniqueConstraint(fields=["feed", "slug"], name="feed_entry_address_once")]

    def __str__(self) -> str:
        return self.title


class FeedView(models.Model):
    """That somebody watched an entry. visitor, source: hashes that change daily, so that nobody can be followed."""

    entry = models.ForeignKey(FeedEntry, on_delete=models.CASCADE, related_name="+")
    visitor = models.CharField(max_length=64)
    source = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("view")
        verbose_name_plural = _("views")
        indexes = [models.Index(fields=["source", "at"], name="feed_view_by_source")]
        constraints = [models.UniqueConstraint(fields=["entry", "visitor"], name="one_view_per_visitor_and_day")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.at:%Y-%m-%d}"
