"""The first person, from the command line."""

from __future__ import annotations

import io
import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.workspaces.management.commands import create_owner
from apps.workspaces.models import User


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_owner", *arguments, stdout=out)
    return out.getvalue()


def test_password_is_printed_once_and_opens_the_door(db):
    out = run("boss@example.org", "Night desk")
    assert out.startswith("boss@example.org owns the workspace “Night desk” (/w/night-desk/).\n")
    once = re.search(r"One-time password: (\S+)", out)[1]
    user = User.objects.get()
    assert (user.check_password(once), user.must_change_password, user.is_superuser) == (True, True, True)


def test_typed_password_is_kept_and_not_printed(db, monkeypatch):
    monkeypatch.setattr(create_owner, "getpass", lambda _prompt: "correct-horse-battery")
    assert "password" not in run("boss@example.org", "--ask-password").lower()
    user = User.objects.get()
    assert (user.check_password("correct-horse-battery"), user.must_change_password) == (True, False)


def test_weak_password_and_known_email_are_refused(db, monkeypatch):
    monkeypatch.setattr(create_owner, "getpass", lambda _prompt: "short")
    with pytest.raises(CommandError, match="too short"):
        run("boss@example.org", "--ask-password")
    run("boss@example.org")
    with pytest.raises(CommandError, match="already"):
        run("Boss@example.org")
    assert User.objects.count() == 1
