"""Templates of prompts."""

from ninja import Router

router = Router(tags=["ai"])
