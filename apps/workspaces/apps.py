from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class WorkspacesConfig(AppConfig):
    name = "apps.workspaces"
    verbose_name = _("Workspaces")

    def ready(self) -> None:
        from apps.workspaces.services import sync_permissions  # models are not ready when this module loads

        post_migrate.connect(sync_permissions, sender=self, dispatch_uid="workspaces.sync_permissions")
