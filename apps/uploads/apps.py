from typing import Any

from django.apps import AppConfig
from django.db import transaction
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class UploadsConfig(AppConfig):
    name = "apps.uploads"
    verbose_name = _("Uploads")

    def ready(self) -> None:
        from apps.lifecycle import health  # models are loaded by now
        from apps.uploads.health import publishing
        from apps.uploads.models import Evidence

        health.register("publishing", publishing)
        post_delete.connect(_drop_file, sender=Evidence, dispatch_uid="uploads.drop_evidence")


def _drop_file(instance: Any, **_kwargs: Any) -> None:
    """A screenshot goes with its row, also when a whole post or workspace is deleted."""
    storage, name = instance.file.storage, instance.file.name
    transaction.on_commit(lambda: storage.delete(name), robust=True)
