from __future__ import annotations

from pathlib import PurePath

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.clips.machine import CLIP_MACHINE
from apps.lifecycle.models import StatefulModel

# What is worth knowing about a clip, by the name under which `remarks` keeps it.
REMARKS = {
    "no_sound": _("It has no sound track, so it gets no captions."),
    "no_speech": _("Nobody speaks in it, so it gets no captions."),
    "captions_off": _("Captions are switched off, so nobody listened to it."),
    "english_only": _(
        "The speech model on this machine hears English only, so it gets no captions. "
        "Set SPEECH_MODEL to a multilingual model."
    ),
    "unknown_language": _("The speech model does not know the language, so it gets no captions."),
    "uncertain": _("Many words were hard to hear. Read the transcript before you approve it."),
}


def clip_path(clip: Clip, filename: str) -> str:
    return f"w{clip.workspace_id}/clips/{clip.sha256[:2]}/{clip.sha256[:32]}{PurePath(filename).suffix}"


class Clip(StatefulModel):
    """A video that came in, copied to where nobody alters it. `sha256` is of its bytes: the same file comes in once.

    heard: [["Hello", 0.1, 0.5, 0.93], …], the words with start and end in seconds and how sure the recogniser is; null
    until somebody listened. remarks: names from REMARKS. problem: {"message", "hint"} of what stopped it.
    """

    class Origin(models.TextChoices):
        FOLDER = "folder", _("Watched folder")
        UPLOAD = "upload", _("Upload")

    origin = models.CharField(_("from"), max_length=8, choices=Origin.choices, editable=False)
    name = models.CharField(_("file name"), max_length=255, editable=False)
    file = models.FileField(_("file"), upload_to=clip_path, max_length=300, editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    bytes = models.PositiveBigIntegerField(_("size"), editable=False)
    container = models.CharField(_("container"), max_length=16, blank=True, editable=False)
    seconds = models.FloatField(_("seconds"), null=True, editable=False)
    width = models.PositiveIntegerField(_("width"), null=True, editable=False)
    height = models.PositiveIntegerField(_("height"), null=True, editable=False)
    video_codec = models.CharField(_("picture"), max_length=20, blank=True, editable=False)
    audio_codec = models.CharField(_("sound"), max_length=20, blank=True, editable=False)
    thumbnail = models.FileField(upload_to=clip_path, max_length=300, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=8, blank=True, help_text=_("Empty: found out by listening."))
    heard = models.JSONField(_("words"), null=True, editable=False)
    heard_by = models.CharField(_("heard by"), max_length=120, blank=True, editable=False)
    heard_sure = models.FloatField(_("sure of the words"), null=True, editable=False)
    remarks = models.JSONField(default=list, editable=False)
    problem = models.JSONField(_("problem"), null=True, editable=False)
    item = models.OneToOneField(
        "content.Item", on_delete=models.SET_NULL, null=True, related_name="clip", editable=False,
        verbose_name=_("item"),
    )  # fmt: skip
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("came in"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("clip")
        verbose_name_plural = _("clips")
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["workspace", "sha256"], name="clip_once_by_content")]
        indexes = [models.Index(fields=["workspace", "state", "-created_at"], name="clip_by_state")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return self.item.title if self.item else PurePath(self.name).stem

    @property
    def transcript(self) -> str:
        """What was heard, as one text; the item's revisions hold what people made of it."""
        return " ".join(word[0] for word in self.heard or [])

    @property
    def listener(self) -> str:
        """Engine and model that heard it, without what only tells two files apart."""
        return " · ".join(self.heard_by.split(":")[:2])

    @property
    def sure_percent(self) -> int:
        return round(100 * (self.heard_sure or 0))

    @property
    def remark_texts(self) -> list[str]:
        return [str(REMARKS[name]) for name in self.remarks]

    @property
    def is_over(self) -> bool:
        return CLIP_MACHINE.is_final(self.state)
