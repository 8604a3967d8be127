from __future__ import annotations

from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.common.errors import DomainError
from apps.workspaces.services import create_owner


class Command(BaseCommand):
    help = "Create the first person, who owns a new workspace and runs the installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("workspace", nargs="?", default="Newsroom", help="name of the workspace")
        parser.add_argument("--ask-password", action="store_true", help="type a password instead of getting one")

    def handle(self, *, email: str, workspace: str, ask_password: bool, **options: Any) -> None:
        try:
            password = self._ask() if ask_password else ""
            _user, made, once = create_owner(email=email, workspace=workspace, password=password)
        except (DomainError, ValidationError) as error:
            raise CommandError("\n".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"{email} owns the workspace “{made.name}” (/w/{made.slug}/).")
        if once:
            self.stdout.write(f"One-time password: {once}")
            self.stdout.write("It works once; the site then asks for one of your own.")

    def _ask(self) -> str:
        password = getpass("Password: ")
        validate_password(password)
        return password
