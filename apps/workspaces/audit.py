"""The audit trail: append-only, one hash chain a workspace.

Each row's hash covers the row and the hash before it, so that a changed, removed or inserted row breaks the chain from
there on. The head can be exported and kept elsewhere; `manage.py verify_audit` walks the chain.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import models
from django.utils import timezone
from django_scopes import scopes_disabled

from apps.common.redaction import mask
from apps.common.transactions import before_commit
from apps.workspaces.actors import Actor
from apps.workspaces.models import AuditEntry, AuditHead, Workspace


@dataclass(frozen=True)
class Broken:
    """Where a chain stops being true; seq is the first row that does not fit."""

    workspace: str
    seq: int
    reason: str


def record(
    *, workspace: Workspace, actor: Actor, action: str, target: models.Model | str, data: dict[str, Any] | None = None
) -> None:
    """Note an action in the workspace's trail; written at the end of the current unit of work."""
    entry = AuditEntry(
        workspace=workspace,
        at=timezone.now(),
        actor=actor.label,
        user=actor.user,
        action=action,
        target=target if isinstance(target, str) else describe(target),
        data=mask(data or {}),
    )
    before_commit(_append, entry)


def describe(target: models.Model) -> str:
    """A row's lasting name in logs, such as "content.item:12"."""
    return f"{target._meta.label_lower}:{target.pk}"


def _append(entries: list[AuditEntry]) -> None:
    entries = sorted(entries, key=lambda entry: entry.workspace_id)
    for workspace_id, group in groupby(entries, key=lambda entry: entry.workspace_id):
        AuditHead.objects.get_or_create(workspace_id=workspace_id)
        head = AuditHead.objects.select_for_update().get(workspace_id=workspace_id)
        rows = list(group)
        for row in rows:
            row.seq, row.previous_hash = head.seq + 1, head.hash
            row.hash = digest(row)
            head.seq, head.hash = row.seq, row.hash
        AuditEntry._base_manager.bulk_create(rows)
        head.save(update_fields=["seq", "hash"])


def digest(row: AuditEntry) -> str:
    """SHA-256 over the previous hash and every field of the row, in one canonical form."""
    content = [
        row.previous_hash,
        row.workspace_id,
        row.seq,
        row.at.isoformat(),
        row.actor,
        row.action,
        row.target,
        row.data,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def verify(workspace: Workspace) -> list[Broken]:
    """Every break in the workspace's chain; none means that the trail is as it was written."""
    with scopes_disabled():
        return list(_breaks(workspace))


def _breaks(workspace: Workspace) -> Iterator[Broken]:
    previous, seq = "0" * 64, 0
    for row in AuditEntry.objects.filter(workspace=workspace).order_by("seq").iterator():
        seq += 1
        if row.seq != seq:
            yield Broken(workspace.slug, seq, "missing")
            seq = row.seq
        elif row.previous_hash != previous:
            yield Broken(workspace.slug, seq, "does not follow the row before it")
        if row.hash != digest(row):
            yield Broken(workspace.slug, row.seq, "changed")
        previous = row.hash
    head = AuditHead.objects.filter(workspace=workspace).first()
    if head is None:
        yield Broken(workspace.slug, seq + 1, "the head is missing")
    elif (head.seq, head.hash) != (seq, previous):
        yield Broken(workspace.slug, seq + 1, "rows missing at the end")


def heads() -> dict[str, dict[str, Any]]:
    """The end of every workspace's chain, by slug; kept elsewhere, it also shows a chain that was written anew."""
    rows = AuditHead.objects.select_related("workspace").order_by("workspace__slug")
    return {row.workspace.slug: {"seq": row.seq, "hash": row.hash} for row in rows}


@scopes_disabled()
def verify_contains(slug: str, *, seq: int, digest: str) -> list[Broken]:
    """A break when the chain of that workspace does not have this row, which it once ended with."""
    row = AuditEntry.objects.filter(workspace__slug=slug, seq=seq).first()
    if row is None:
        return [Broken(slug, seq, "the row that was exported is missing")]
    return [] if row.hash == digest else [Broken(slug, seq, "not the row that was exported")]
