"""One periodic task a post, as it is often done; a Celery worker of the suite loads it with --include."""

from __future__ import annotations

import httpx
from celery import shared_task


@shared_task
def post(url: str, title: str) -> None:
    httpx.post(f"{url}/posts", json={"account": "naive", "title": title}, timeout=30)
