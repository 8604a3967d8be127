from django.urls import include, path

from apps.workspaces import views

in_workspace = [
    path("open/", views.open_workspace, name="open"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("w/<slug:slug>/", include((in_workspace, "workspaces"))),
]
