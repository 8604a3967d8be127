"""Many posts at once, as they stand in the database after people have approved and scheduled them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from apps.content.models import Item, Revision, Variant
from apps.platforms.models import Account
from apps.schedules.models import Post
from tests.factories.platforms import AccountFactory
from tests.factories.workspaces import WorkspaceFactory
from tests.servers.platform_server import Apart

CHUNK = 500


def accounts(platform: Apart, slugs: Sequence[str], **fields: object) -> list[Account]:
    """One account on the loopback platform for each slug of an adapter, all in one new workspace."""
    workspace = WorkspaceFactory()
    return [
        AccountFactory(
            workspace=workspace, platform=slug, handle=f"{slug}-{n}", settings={"url": platform.url}, **fields
        )
        for n, slug in enumerate(slugs)
    ]


def posts_on(accounts: Sequence[Account], titles: Sequence[str], *, due: datetime | None = None) -> list[Post]:
    """A post of each title, the accounts taking turns; written in bulk, so that 20,000 take seconds."""
    due, made = due or timezone.now(), []
    for start in range(0, len(titles), CHUNK):
        made += _chunk([(accounts[n % len(accounts)], titles[n]) for n in range(start, len(titles))[:CHUNK]], due)
    return made


def _chunk(pairs: list[tuple[Account, str]], due: datetime) -> list[Post]:
    items = Item._base_manager.bulk_create(
        Item(workspace=account.workspace, kind="story", format="text", title=title, state="scheduled")
        for account, title in pairs
    )
    revisions = []
    for item in items:
        parts = [{"number": 1, "title": item.title, "text": f"All about {item.title}."}]
        revision = Revision(workspace=item.workspace, item=item, number=1, title=item.title, parts=parts)
        revision.author_label, revision.content_hash = "Fault suite", revision.digest()
        revisions.append(revision)
    Revision._base_manager.bulk_create(revisions)
    newest = Revision._base_manager.filter(item=OuterRef("pk")).values("pk")[:1]
    mine = Item._base_manager.filter(pk__in=[item.pk for item in items])
    mine.update(current_revision=Subquery(newest))
    mine.update(approved_revision=F("current_revision"))
    variants = Variant._base_manager.bulk_create(
        Variant(
            workspace=revision.workspace,
            revision=revision,
            platform=account.platform,
            title=title,
            text=revision.parts[0]["text"],
        )
        for revision, (account, title) in zip(revisions, pairs, strict=True)
    )
    return Post._base_manager.bulk_create(
        Post(
            workspace=account.workspace,
            item=variant.revision.item,
            revision=variant.revision,
            variant=variant,
            account=account,
            due_at=due,
            wake_at=due,
            state="scheduled",
        )
        for variant, (account, _title) in zip(variants, pairs, strict=True)
    )
