from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.stories.readers.reddit import RedditKeys
from apps.workspaces.fields import SealedField
from apps.workspaces.models import WorkspaceModel


class RedditCredentials(WorkspaceModel):
    """A workspace's own keys for Reddit's API, encrypted; the secret is never shown again."""

    client_id = models.CharField(_("client id"), max_length=80)
    credentials = SealedField(_("secret"))
    user_agent = models.CharField(
        _("user agent"),
        max_length=200,
        help_text=_("Who asks, as Reddit's rules want it: “platform:app:version (by /u/name)”."),
    )
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("Reddit keys")
        verbose_name_plural = _("Reddit keys")
        constraints = [models.UniqueConstraint(fields=["workspace"], name="reddit_keys_once_per_workspace")]

    def __str__(self) -> str:
        return self.client_id

    def keys(self) -> RedditKeys:
        """Raises CredentialUnreadable."""
        return RedditKeys(self.client_id, self.credentials["secret"], self.user_agent)
