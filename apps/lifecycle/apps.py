from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LifecycleConfig(AppConfig):
    name = "apps.lifecycle"
    verbose_name = _("Runs and events")

    def ready(self) -> None:
        from apps.lifecycle import checks  # noqa: F401  importing registers them, and needs the models loaded
