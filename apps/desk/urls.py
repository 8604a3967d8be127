"""The web UI of a workspace; every address begins with /w/<slug>/."""

from __future__ import annotations

from django.urls import path

from apps.desk import accounts, editor, images, schedule, search, timetable, views, voice

app_name = "desk"

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("stories/", views.stories, name="stories"),
    path("stories/<int:story_id>/<slug:action>/", views.act_on_story, name="story-action"),
    path("items/", views.items, name="items"),
    path("items/<int:item_id>/", views.item, name="item"),
    path("items/<int:item_id>/edit/", editor.edit_item, name="item-edit"),
    path("items/<int:item_id>/edit/check/", editor.check_item, name="item-check"),
    path("items/<int:item_id>/edit/write/", editor.write_platform, name="item-write"),
    path("items/<int:item_id>/images/", images.item_images, name="item-images"),
    path("items/<int:item_id>/decide/", views.decide_item, name="item-decide"),
    path("items/<int:item_id>/assign/", views.assign_item, name="item-assign"),
    path("items/<int:item_id>/do/<slug:action>/", views.act_on_item, name="item-action"),
    path("assets/<int:asset_id>/", views.asset, name="asset"),
    path("search/", search.search_page, name="search"),
    path("voice/", voice.voice, name="voice"),
    path("voice/try/", voice.try_voice, name="voice-try"),
    path("voice/drop/", voice.drop_voice, name="voice-drop"),
    path("review/", views.review, name="review"),
    path("schedule/", schedule.schedule, name="schedule"),
    path("schedule/add/", schedule.add, name="schedule-add"),
    path("schedule/missed/", schedule.send_missed, name="schedule-missed"),
    path("schedule/publishing/<slug:action>/", schedule.publishing, name="publishing"),
    path("schedule/reservations/<int:reservation_id>/drop/", schedule.drop_reservation, name="reservation-drop"),
    path("schedule/slots/", timetable.slots, name="schedule-slots"),
    path("schedule/slots/add/", timetable.add_slots, name="slots-add"),
    path("schedule/slots/follow/", timetable.follow_account, name="slots-follow"),
    path("schedule/slots/<int:slot_id>/remove/", timetable.remove_slot, name="slot-remove"),
    path("schedule/repeats/", timetable.repeats, name="schedule-repeats"),
    path("schedule/repeats/add/", timetable.add_recurrence, name="recurrence-add"),
    path("schedule/repeats/<int:recurrence_id>/<slug:action>/", timetable.act_on_recurrence, name="recurrence-action"),
    path("schedule/evergreen/", timetable.set_pool, name="evergreen-set"),
    path("schedule/evergreen/<int:evergreen_pool_id>/add/", timetable.add_to_pool, name="evergreen-add"),
    path(
        "schedule/evergreen/items/<int:evergreen_entry_id>/remove/",
        timetable.remove_from_pool,
        name="evergreen-remove",
    ),
    path("schedule/files/", timetable.files, name="schedule-files"),
    path("schedule/files/export.csv", timetable.export, name="schedule-export"),
    path("schedule/files/template.csv", timetable.template, name="schedule-template"),
    path("schedule/calendars/", timetable.make_calendar, name="calendar-make"),
    path("schedule/calendars/<int:calendar_feed_id>/revoke/", timetable.revoke_calendar, name="calendar-revoke"),
    path("posts/<int:post_id>/move/", schedule.move_post, name="post-move"),
    path("posts/<int:post_id>/<slug:action>/", schedule.act_on_post, name="post-action"),
    path("runs/<int:run_id>/<slug:action>/", views.act_on_run, name="run-action"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/connect/<slug:platform>/", accounts.connect, name="account-connect"),
    path("accounts/<int:account_id>/", accounts.account, name="account"),
    path("accounts/<int:account_id>/login/", accounts.log_in_again, name="account-login"),
    path("accounts/<int:account_id>/do/<slug:action>/", accounts.act_on_account, name="account-action"),
]
