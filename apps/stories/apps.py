from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoriesConfig(AppConfig):
    name = "apps.stories"
    verbose_name = _("Stories")

    def ready(self) -> None:
        from apps.stories import receivers, searching  # noqa: F401  they need the models, which are loaded now

        searching.register()
