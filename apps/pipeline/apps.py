from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PipelineConfig(AppConfig):
    name = "apps.pipeline"
    verbose_name = _("Pipeline")

    def ready(self) -> None:
        from apps.pipeline import flow, receivers  # noqa: F401  they connect signals and need all models loaded
