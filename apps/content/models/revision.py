from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.text.similar import fingerprint
from apps.content.models.item import Item
from apps.workspaces.models import WorkspaceModel


class Immutable(Exception):
    """A revision is changed by making the next one."""


class Revision(WorkspaceModel):
    """An immutable version of an item's text.

    parts: [{"number": 1, "title": "…", "text": "…"}]; the texts joined are the whole body, letter for letter.
    card: {"title", "description", "picture": place among the images or None}: what stands where somebody shares a link
    to it (OpenGraph); empty means what the text itself says. fingerprint: by which texts that say the same are found.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=300)
    hook = models.TextField(_("hook"), blank=True)
    parts = models.JSONField(_("parts"), default=list)
    call_to_action = models.TextField(_("call to action"), blank=True)
    description = models.TextField(_("description"), blank=True)
    hashtags = models.JSONField(_("hashtags"), default=list)
    card = models.JSONField(_("shared link"), default=dict, blank=True)
    fingerprint = models.CharField(max_length=16, blank=True, editable=False)
    note = models.CharField(_("what changed"), max_length=240, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    author_label = models.CharField(_("by"), max_length=160)
    generation = models.ForeignKey(
        "prompt_templates.Generation", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["item", "number"], name="revision_number_once")]

    def __str__(self) -> str:
        return f"{self.title} (v{self.number})"

    def save(self, *args, **kwargs) -> None:
        if self.pk and not self._state.adding:
            raise Immutable(str(self))
        self.content_hash, self.fingerprint = self.digest(), fingerprint(self.told)
        super().save(*args, **kwargs)

    def digest(self) -> str:
        content: list[Any] = [
            self.title,
            self.hook,
            self.parts,
            self.call_to_action,
            self.description,
            self.hashtags,
        ]
        if self.card:  # older versions have none, and their hashes stay
            content.append(self.card)
        return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()

    @property
    def body(self) -> str:
        return "".join(part["text"] for part in self.parts)

    @property
    def told(self) -> str:
        """What is compared when somebody asks whether this was said before."""
        return "\n".join(piece for piece in (self.hook, self.body, self.description) if piece.strip())

    @property
    def hashtag_line(self) -> str:
        return " ".join(f"#{tag}" for tag in self.hashtags)


class Variant(WorkspaceModel):
    """A revision's text for one platform: of one part, where there are parts."""

    revision = models.ForeignKey(Revision, on_delete=models.CASCADE, related_name="variants")
    platform = models.CharField(_("platform"), max_length=40)
    part = models.PositiveSmallIntegerField(_("part"), default=1)
    parts_total = models.PositiveSmallIntegerField(_("of"), default=1)
    title = models.CharField(_("title"), max_length=300)
    text = models.TextField(_("text"))
    hashtags = models.JSONField(_("hashtags"), default=list)

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["platform", "part"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "platform", "part"], name="variant_once_per_platform_and_part")
        ]

    def __str__(self) -> str:
        return f"{self.title} · {self.platform}"
