from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django_scopes import scope

from apps.common.errors import DomainError
from apps.platforms.models import Account
from apps.platforms.registry import adapter
from apps.platforms.services import connect_account, replace_credentials
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import Workspace


class Command(BaseCommand):
    help = (
        "Log in to TikTok in a browser window, and keep the session, sealed. For a machine without a screen: start "
        "Chromium with --remote-debugging-port=9222 where you sit, forward that port, and give its address."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workspace", help="the workspace's short name, as in its addresses")
        parser.add_argument("--account", default="", help="handle of a connected account that logs in again")
        parser.add_argument("--browser", default="", help="address of a browser that runs, as http://127.0.0.1:9222")
        parser.add_argument("--minutes", type=float, default=10, help="how long to wait for the login")
        parser.add_argument("--accept", action="store_true", help="the risk is known: automation is against the terms")

    def handle(self, *, workspace: str, account: str, accept: bool, **options: Any) -> None:
        home = Workspace.objects.filter(slug=workspace).first()
        if home is None:
            raise CommandError(f"There is no workspace “{workspace}”.")
        with scope(workspace=home):
            known = Account.objects.filter(platform="tiktok", handle=account.lstrip("@")).first() if account else None
            if account and known is None:
                raise CommandError(f"No TikTok account “{account}” is connected in this workspace.")
            if known is None and not accept:
                raise CommandError(f"{adapter('tiktok').notice}\nSay --accept to go on.")
            try:
                done = self._log_in(home, known, **options)
            except DomainError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(
            f"@{done.handle} is logged in{f' until {done.expires_at:%Y-%m-%d}' if done.expires_at else ''}."
        )

    def _log_in(self, home: Workspace, known: Account | None, *, browser: str, minutes: float, **_: Any) -> Account:
        credentials = adapter("tiktok").log_in(
            account=known.handle if known else "",
            browser=browser,
            seconds=minutes * 60,
            on_waiting=lambda: self.stdout.write("Log in to TikTok in the browser's new tab."),
        )
        if known is None:
            return connect_account(
                workspace=home, actor=SYSTEM, platform="tiktok", credentials=credentials, accepted=True
            )
        return replace_credentials(account=known, actor=SYSTEM, credentials=credentials)
