from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    name = "apps.content"
    verbose_name = _("Content")

    def ready(self) -> None:
        from apps.content import samples  # it needs the models, which are loaded now

        samples.register()
