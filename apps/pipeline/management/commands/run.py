from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.common.processes.child import ProcessError
from apps.pipeline.demo import OWNER_EMAIL, add_waiting_story, prepare_demo, sign_in_password
from apps.pipeline.site import set_up, supervisor


class Command(BaseCommand):
    help = "Runs the whole site on this machine until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        site = supervisor()
        set_up()
        try:
            site.run(on_ready=self._welcome)
        except ProcessError as error:
            raise CommandError(str(error)) from error

    def _welcome(self) -> None:
        demo = prepare_demo()
        add_waiting_story(demo)
        self.stdout.write(f"\nRundown is at {settings.SITE_URL}/")
        self.stdout.write(f"  admin   {settings.SITE_URL}/admin/")
        self.stdout.write(f"  feed    {settings.SITE_URL}/feeds/{demo.account.handle}/")
        if password := sign_in_password(demo):
            self.stdout.write(f"  sign in {OWNER_EMAIL} with the one-time password {password}")
        self.stdout.write("Ctrl-C ends it.\n\n")
        self.stdout.flush()
