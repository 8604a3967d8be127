"""What an adapter says while it publishes, written down under the lease of its worker."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.common.failpoints import failpoint
from apps.platforms.base import Report
from apps.schedules.models import Post
from apps.uploads.leases import Lease, LeaseLost


class LeaseReport(Report):
    def __init__(self, lease: Lease) -> None:
        self._lease = lease

    def handle(self, handle: str) -> None:
        """The handle is on disk before anything can become public; without the lease, nothing may."""
        lease = self._lease
        kept = Post._base_manager.filter(pk=lease.post.pk, state__in=["submitting", "unknown"], **lease.where)
        if not kept.update(handle=handle):
            raise LeaseLost(_("Another worker owns this post by now."))
        failpoint("uploads.after_handle")
