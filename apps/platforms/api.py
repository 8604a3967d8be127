"""Accounts on platforms."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.pagination import paginate

from apps.common.pagination import CursorPagination
from apps.platforms import queries
from apps.platforms.models import Account

router = Router(tags=["accounts"])


class AccountOut(Schema):
    id: int = Field(examples=[3])
    platform: str = Field(examples=["feed"])
    name: str = Field(examples=["Night stories"])
    handle: str = Field(examples=["night-stories"])
    state: Literal["active", "paused", "needs_login"]
    state_reason: str = Field(examples=[""])
    timezone: str = Field(examples=["Asia/Kolkata"])
    daily_limit: int = Field(description="Posts a day; 0 means no limit.", examples=[0])
    minimum_gap: int = Field(description="Minutes between two posts.", examples=[30])
    intake: Literal["slots", "at_once", "by_hand"] = Field(description="How ready items are scheduled.")
    created_at: datetime

    @staticmethod
    def resolve_timezone(account: Account) -> str:
        return str(account.timezone)


@router.get("/accounts/", response=list[AccountOut], summary="List accounts")
@paginate(CursorPagination)
def list_accounts(request: HttpRequest) -> Any:
    """The workspace's accounts, newest first. Credentials are never shown."""
    request.actor.require("view_content", request.workspace)
    return queries.accounts().visible_to(request.actor.user)
