from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ContentConfig(AppConfig):
    name = "apps.content"
    verbose_name = _("Content")

    def ready(self) -> None:
        from apps.content import samples, searching_items  # they need the models, which are loaded now
        from apps.content.search import rebuild_if_empty

        samples.register()
        searching_items.register()
        post_migrate.connect(rebuild_if_empty, sender=self)
