"""The schedule over the API: posts, slots, repetitions, files."""

from ninja import Router

from apps.schedules.api import files, posts, repeats, slots
from apps.schedules.api.posts import PostOut, find_post

router = Router(tags=["schedule"])
for _part in (posts, slots, repeats, files):
    router.add_router("", _part.router)

__all__ = ["PostOut", "find_post", "router"]
