"""Several versions that share the work of a kind: which one a subject meets."""

from __future__ import annotations

import hashlib

from apps.templates.models import PromptTemplate, PromptVersion
from apps.templates.queries import active_version, templates_of, versions_of
from apps.workspaces.models import Workspace


def chosen_version(kind: str, workspace: Workspace, subject: str) -> PromptVersion:
    """The version for that subject: by weight where versions share the work, else the active one. Raises NotFound."""
    template = templates_of(workspace).filter(kind=kind).first()
    if template is None or not template.split or not subject:
        return active_version(kind, workspace)
    chosen = share_of(template, subject)
    return versions_of(workspace).filter(pk=chosen).first() or active_version(kind, workspace)


def share_of(template: PromptTemplate, subject: str) -> int:
    """The id of the version that a subject falls to; the same for the same subject as long as the weights stay."""
    digest = hashlib.sha256(f"{template.pk}:{subject}".encode()).digest()
    shares = sorted(template.split, key=lambda share: share["version"])
    point = int.from_bytes(digest[:8]) / 2**64 * sum(share["weight"] for share in shares)
    for share in shares:
        point -= share["weight"]
        if point < 0:
            return share["version"]
    return shares[-1]["version"]
