from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PromptTemplatesConfig(AppConfig):
    name = "apps.templates"
    label = "prompt_templates"
    verbose_name = _("AI templates")
