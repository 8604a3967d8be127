"""How long evidence and notices are kept."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.schedules.machine import FOR_PEOPLE
from apps.uploads.models import Evidence, Notice

EVIDENCE_KEPT = timedelta(days=30)
NOTICES_KEPT = timedelta(days=90)


def clean() -> dict[str, int]:
    """Drop what is older than its time, files included; returns how many of each kind."""
    now = timezone.now()
    old = Evidence._base_manager.filter(created_at__lt=now - EVIDENCE_KEPT)
    evidence = 0
    for each in old.iterator():
        each.delete()
        evidence += 1
    settled = Notice._base_manager.filter(created_at__lt=now - NOTICES_KEPT).exclude(post__state__in=FOR_PEOPLE)
    return {"evidence": evidence, "notices": settled.delete()[0]}
