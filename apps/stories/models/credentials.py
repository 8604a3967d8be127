from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import seal, unseal
from apps.stories.readers.reddit import RedditKeys
from apps.workspaces.models import WorkspaceModel


class RedditCredentials(WorkspaceModel):
    """A workspace's own keys for Reddit's API, encrypted; the secret is never shown again."""

    client_id = models.CharField(_("client id"), max_length=80)
    sealed_secret = models.TextField(editable=False)
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

    @property
    def place(self) -> str:
        """What the secret is bound to: copied to another workspace it does not open."""
        return f"workspace:{self.workspace_id}:reddit"

    def keep_secret(self, secret: str) -> None:
        self.sealed_secret = seal(secret, place=self.place)

    def keys(self) -> RedditKeys:
        """Raises CredentialUnreadable."""
        return RedditKeys(self.client_id, unseal(self.sealed_secret, place=self.place), self.user_agent)
