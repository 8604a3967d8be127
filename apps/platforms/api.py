"""Accounts on platforms."""

# No postponed annotations here: the pagination's wrapper would look for their names in its own module.

from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Router, Schema, Status
from ninja.pagination import paginate

from apps.common.errors import Invalid
from apps.common.pagination import CursorPagination
from apps.common.rows import found
from apps.common.schemas import Body, WallTime, ZoneName
from apps.platforms import health, queries, services, words
from apps.platforms.base import Platform
from apps.platforms.models import Account
from apps.platforms.registry import adapter, platforms

router = Router(tags=["accounts"])


class FieldOut(Schema):
    name: str = Field(examples=["password"])
    label: str = Field(examples=["App password"])
    help: str = ""
    required: bool
    secret: bool = Field(description="It is never given back.")


class ChoiceOut(Schema):
    value: str = Field(examples=["unlisted"])
    label: str = Field(examples=["Everybody with the link"])


class SettingOut(Schema):
    name: str = Field(examples=["visibility"])
    label: str = Field(examples=["Who may see it"])
    help: str = ""
    default: str = Field(examples=["public"])
    choices: list[ChoiceOut] = Field(description="Empty: free text.")


class PlatformOut(Schema):
    slug: str = Field(examples=["feed"])
    label: str = Field(examples=["Feed"])
    capability: Literal["key", "handle", "lookup", "none"] = Field(
        description="How the truth is found when the answer to a publish call was lost."
    )
    certainty: str = Field(description="The same in plain words.")
    abilities: list[str] = Field(examples=[["Text up to 10000 characters"]])
    notice: str = Field(description="What must be accepted to connect an account; empty: nothing.", examples=[""])
    oauth: bool = Field(description="It is connected on the platform's own page, in a browser.")
    asks_handle: bool = Field(description="The platform cannot say whose account it is; `handle` is needed.")
    credentials: list[FieldOut]
    settings: list[SettingOut]
    limits_as_of: str = Field(examples=["2026-11-01"])


class AccountOut(Schema):
    id: int = Field(examples=[3])
    platform: str = Field(examples=["feed"])
    name: str = Field(examples=["Night stories"])
    handle: str = Field(examples=["night-stories"])
    page_url: str = Field(description="Where people see the account.", examples=[""])
    state: Literal["active", "paused", "needs_login", "disconnected"]
    state_reason: str = Field(examples=[""])
    health: Literal["", "good", "trouble", "refused"] = Field(
        description="What the last check of the login found; empty: there was none.", examples=["good"]
    )
    health_message: str = Field(examples=[""])
    checked_at: datetime | None
    expires_at: datetime | None = Field(description="When the login ends by itself.")
    settings: dict[str, Any] = Field(description="The platform's own options.", examples=[{}])
    timezone: str = Field(examples=["Asia/Kolkata"])
    daily_limit: int = Field(description="Posts a day; 0 means no limit.", examples=[0])
    minimum_gap: int = Field(description="Minutes between two posts.", examples=[30])
    catch_up: int = Field(description="Minutes that a late post may still go out.", examples=[180])
    quiet_from: WallTime | None = Field(description="Nothing goes out from this wall time…")
    quiet_until: WallTime | None = Field(description="…until this one.")
    intake: Literal["slots", "at_once", "by_hand"] = Field(description="How ready items are scheduled.")
    by_hand: bool = Field(description="A person posts what is due.")
    created_at: datetime

    @staticmethod
    def resolve_timezone(account: Account) -> str:
        return str(account.timezone)


class StopOut(Schema):
    what: Literal["posts", "recurrences", "pool_items", "reservations", "slots"]
    count: int = Field(examples=[8])
    said: str = Field(examples=["8 scheduled posts are cancelled."])


class DisconnectedOut(AccountOut):
    stopped: list[StopOut] = Field(description="What went with it; nothing that is 0 is listed.")


class Limits(Body):
    timezone: ZoneName | None = Field(None, examples=["Asia/Kolkata"])
    daily_limit: int | None = Field(None, ge=0, le=32_767)
    minimum_gap: int | None = Field(None, ge=0, le=32_767)
    catch_up: int | None = Field(None, ge=0, le=32_767)
    intake: Literal["slots", "at_once", "by_hand"] | None = None
    by_hand: bool | None = None


class AccountIn(Limits):
    platform: str = Field(max_length=40, examples=["feed"])
    name: str = Field("", max_length=120, description="Empty: what the platform calls it.", examples=["Night stories"])
    handle: str = Field(
        "", max_length=120, description="Only where `asks_handle` is set.", examples=["night-stories-2"]
    )
    credentials: dict[str, str] = Field({}, description="As the platform's `credentials` ask.", examples=[{}])
    settings: dict[str, str] = Field({}, description="As the platform's `settings` ask.", examples=[{}])
    accepted: bool = Field(False, description="The platform's notice was read and accepted.")


class AccountChange(Limits):
    name: str | None = Field(None, min_length=1, max_length=120, examples=["Night stories"])
    settings: dict[str, str] | None = Field(None, description="Those to change.", examples=[{}])
    quiet_from: WallTime | None = Field(None, description="Both null: no quiet hours.", examples=["22:00:00"])
    quiet_until: WallTime | None = Field(None, examples=["07:00:00"])


class CredentialsIn(Body):
    credentials: dict[str, str] = Field(description="All that the platform asks.", examples=[{"password": "secret"}])


class AccountPauseIn(Body):
    reason: str = Field("", max_length=240, examples=["Holidays"])


@router.get("/accounts/platforms", response=list[PlatformOut], summary="Platforms and their forms")
def list_platforms(request: HttpRequest) -> list[dict[str, Any]]:
    """What can be connected, and what each asks for."""
    request.actor.require("view_content", request.workspace)
    return [_described(adapter(slug)) for slug in platforms()]


def _described(plug: Platform) -> dict[str, Any]:
    return {
        "slug": plug.slug,
        "label": str(plug.label),
        "capability": plug.capability.value,
        "certainty": words.certainty(plug),
        "abilities": words.abilities(plug),
        "notice": str(plug.notice),
        "oauth": plug.oauth,
        "asks_handle": services.asks_handle(plug),
        "credentials": [
            {**vars(each), "label": str(each.label), "help": str(each.help)} for each in plug.credential_fields
        ],
        "settings": [
            {
                **vars(each),
                "label": str(each.label),
                "help": str(each.help),
                "choices": [{"value": value, "label": str(label)} for value, label in each.choices],
            }
            for each in plug.setting_fields
        ],
        "limits_as_of": plug.limits.as_of.isoformat(),
    }


@router.get("/accounts/", response=list[AccountOut], summary="List accounts")
@paginate(CursorPagination)
def list_accounts(request: HttpRequest) -> QuerySet[Account]:
    """The workspace's accounts, newest first. Credentials are never shown."""
    request.actor.require("view_content", request.workspace)
    return queries.accounts().visible_to(request.actor.user)


@router.post("/accounts/", response={201: AccountOut}, summary="Connect an account")
def connect_account(request: HttpRequest, data: AccountIn) -> Status:
    """Asks the platform whether the credentials work; wrong ones are refused, and nothing is kept."""
    request.actor.require("manage_accounts", request.workspace)
    if data.platform not in platforms():
        raise Invalid(_("There is no such platform."), platform=[_("See GET /api/v1/accounts/platforms.")])
    plug = adapter(data.platform)
    limits = {name: value for name in Limits.model_fields if (value := getattr(data, name)) is not None}
    limits = {**limits, **_zone(limits)}
    account = services.connect_account(
        workspace=request.workspace,
        actor=request.actor,
        platform=data.platform,
        name=data.name,
        handle=data.handle,
        credentials=data.credentials,
        settings=services.clean_settings(plug, data.settings),
        accepted=data.accepted,
        **limits,
    )
    return Status(201, account)


@router.get("/accounts/{int:account_id}", response=AccountOut, summary="One account")
def get_account(request: HttpRequest, account_id: int) -> Account:
    request.actor.require("view_content", request.workspace)
    return find_account(request, account_id)


@router.patch("/accounts/{int:account_id}", response=AccountOut, summary="Change an account")
def change_account(request: HttpRequest, account_id: int, data: AccountChange) -> Account:
    """Only what is sent changes."""
    account = find_account(request, account_id)
    changes = data.dict(exclude_unset=True)
    may_be_empty = {"quiet_from", "quiet_until"}
    changes = {name: value for name, value in changes.items() if value is not None or name in may_be_empty}
    return services.change_account(account=account, actor=request.actor, **{**changes, **_zone(changes)})


@router.put("/accounts/{int:account_id}/credentials", response=AccountOut, summary="Log an account in again")
def replace_account_credentials(request: HttpRequest, account_id: int, data: CredentialsIn) -> Account:
    """Other credentials of the same identity; the account keeps its posts and slots."""
    account = find_account(request, account_id)
    return services.replace_credentials(account=account, actor=request.actor, credentials=data.credentials)


@router.post("/accounts/{int:account_id}/pause", response=AccountOut, summary="Pause an account")
def pause_account(request: HttpRequest, account_id: int, data: AccountPauseIn) -> Account:
    """Nothing more goes out on it until it is resumed."""
    return services.pause_account(account=find_account(request, account_id), actor=request.actor, reason=data.reason)


@router.post("/accounts/{int:account_id}/resume", response=AccountOut, summary="Resume an account")
def resume_account(request: HttpRequest, account_id: int) -> Account:
    return services.resume_account(account=find_account(request, account_id), actor=request.actor)


@router.post("/accounts/{int:account_id}/check", response=AccountOut, summary="Check an account's login now")
def check_account(request: HttpRequest, account_id: int) -> Account:
    """Asks the platform; the answer stands in `health`."""
    request.actor.require("manage_accounts", request.workspace)
    return health.check_account(account=find_account(request, account_id), actor=request.actor)


@router.delete("/accounts/{int:account_id}", response=DisconnectedOut, summary="Disconnect an account")
def disconnect_account(request: HttpRequest, account_id: int) -> Account:
    """Forgets the credentials, cancels what is scheduled and stops what would schedule more; the answer says how much.

    Refused (409) while a post is under way.
    """
    account = find_account(request, account_id)
    account.stopped = services.disconnect_account(account=account, actor=request.actor)
    account.refresh_from_db()
    return account


def find_account(request: HttpRequest, account_id: int) -> Account:
    """An account that the caller may see; raises NotFound."""
    return found(queries.accounts().visible_to(request.actor.user), account_id, _("There is no such account."))


def _zone(fields: dict[str, Any]) -> dict[str, ZoneInfo]:
    return {"timezone": ZoneInfo(fields["timezone"])} if "timezone" in fields else {}
