from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PromptTemplatesConfig(AppConfig):
    name = "apps.templates"
    label = "prompt_templates"
    verbose_name = _("AI templates")

    def ready(self) -> None:
        from apps.templates.builtin_templates import sync  # models are not loaded before

        post_migrate.connect(sync, sender=self, dispatch_uid="built_in_templates")
