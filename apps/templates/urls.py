"""Pages about AI; every address begins with /w/<slug>/ai/."""

from __future__ import annotations

from django.urls import path

from apps.templates import money_views, views

app_name = "ai"

urlpatterns = [
    path("", views.templates, name="templates"),
    path("templates/<slug:kind>/", views.template, name="template"),
    path("templates/<slug:kind>/try/", views.try_it, name="try"),
    path("templates/<slug:kind>/cases/", views.add_case, name="case-add"),
    path("templates/<slug:kind>/do/<slug:action>/", views.act, name="act"),
    path("versions/<int:version_id>/", views.version, name="version"),
    path("versions/<int:version_id>/cases/", views.run_cases, name="cases-run"),
    path("cases/<int:prompt_case_id>/remove/", views.remove_case, name="case-remove"),
    path("activations/<int:activation_id>/<slug:action>/", views.decide, name="decide"),
    path("spending/", money_views.spending, name="spending"),
    path("spending/<int:generation_id>/", money_views.generation, name="generation"),
    path("provider/", money_views.provider, name="provider"),
    path("provider/check/", money_views.check, name="provider-check"),
    path("provider/remove/", money_views.remove, name="provider-remove"),
]
