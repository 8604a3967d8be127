from django.urls import path

from apps.platforms.feed import views

app_name = "feed"
urlpatterns = [
    path("ingest/<str:handle>/<uuid:key>", views.ingest, name="ingest"),
    path("<str:handle>/", views.feed, name="feed"),
    path("<str:handle>/rss.xml", views.rss, name="rss"),
    path("<str:handle>/feed.json", views.json_feed, name="json"),
    path("<str:handle>/media/<uuid:key>.<str:suffix>", views.media_file, name="media"),
    path("<str:handle>/media/<uuid:key>/<int:number>", views.picture, name="picture"),
    path("<str:handle>/<str:slug>/seen", views.seen, name="seen"),
    path("<str:handle>/<str:slug>/", views.entry, name="entry"),
]
