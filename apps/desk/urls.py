"""The web UI of a workspace; every address begins with /w/<slug>/."""

from __future__ import annotations

from django.urls import path

from apps.desk import accounts, views

app_name = "desk"

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("stories/", views.stories, name="stories"),
    path("stories/<int:story_id>/<slug:action>/", views.act_on_story, name="story-action"),
    path("items/", views.items, name="items"),
    path("items/<int:item_id>/", views.item, name="item"),
    path("items/<int:item_id>/edit/", views.edit_item, name="item-edit"),
    path("items/<int:item_id>/decide/", views.decide_item, name="item-decide"),
    path("items/<int:item_id>/do/<slug:action>/", views.act_on_item, name="item-action"),
    path("assets/<int:asset_id>/", views.asset, name="asset"),
    path("review/", views.review, name="review"),
    path("schedule/", views.schedule, name="schedule"),
    path("posts/<int:post_id>/<slug:action>/", views.act_on_post, name="post-action"),
    path("runs/<int:run_id>/<slug:action>/", views.act_on_run, name="run-action"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/connect/<slug:platform>/", accounts.connect, name="account-connect"),
    path("accounts/<int:account_id>/", accounts.account, name="account"),
    path("accounts/<int:account_id>/login/", accounts.log_in_again, name="account-login"),
    path("accounts/<int:account_id>/do/<slug:action>/", accounts.act_on_account, name="account-action"),
]
