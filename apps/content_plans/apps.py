from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentPlansConfig(AppConfig):
    name = "apps.content_plans"
    verbose_name = _("Content plans")

    def ready(self) -> None:
        from apps.content_plans import searching  # it needs the models, which are loaded now

        searching.register()
