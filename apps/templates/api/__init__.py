"""AI over the API."""

from ninja import Router

from apps.templates.api import spending, trials, versions

router = Router()
for part in (versions, trials, spending):
    router.add_router("", part.router)
