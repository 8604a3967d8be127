from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContentPlansConfig(AppConfig):
    name = "apps.content_plans"
    verbose_name = _("Content plans")
