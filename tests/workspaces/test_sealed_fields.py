"""Secrets in the database: sealed, masked, bound to their row, and given new keys."""

from __future__ import annotations

import io

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.forms import modelform_factory

from apps.common.crypto import CredentialUnreadable
from apps.platforms.models import Account
from apps.stories.models import RedditCredentials
from apps.workspaces import fields
from apps.workspaces.accounts import MfaAdapter
from apps.workspaces.fields import Sealed, SealedField
from tests.factories.workspaces import UserFactory, WorkspaceFactory

SECRET = {"client_id": "abc", "client_secret": "canary-9f2c"}


def stored(pk: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT credentials FROM platforms_account WHERE id = %s", [pk])
        return cursor.fetchone()[0]


def make(**more: object) -> Account:
    values = {"workspace": WorkspaceFactory(), "platform": "feed", "name": "x", "handle": "x", "credentials": SECRET}
    row = Account(**{**values, **more})
    row.save()
    return row


def load(pk: int) -> Account:
    return Account._base_manager.get(pk=pk)


def test_secret_is_sealed_in_the_database_and_read_back(db):
    row = make()
    assert "canary" not in stored(row.pk)
    assert stored(row.pk).startswith("gAAAA")
    assert load(row.pk).credentials == SECRET


def test_changed_secret_is_sealed_again_and_an_untouched_one_stays(db):
    pk = make().pk
    before = stored(pk)
    row = load(pk)
    row.name = "y"
    row.save()
    assert stored(pk) == before
    row.credentials = {"client_id": "new"}
    row.save(update_fields=["credentials"])
    assert load(pk).credentials == {"client_id": "new"}


def test_row_without_a_secret_reads_as_empty(db):
    row = make(credentials={})
    assert (stored(row.pk), load(row.pk).credentials) == ("", {})


def test_ciphertext_copied_to_another_row_does_not_open(db):
    one, two = make(), make()
    Account._base_manager.filter(pk=two.pk).update(credentials=Sealed(stored(one.pk)))
    with pytest.raises(CredentialUnreadable, match="belongs to another record"):
        _ = load(two.pk).credentials


def test_row_moved_to_another_workspace_does_not_open(db):
    row = make()
    Account._base_manager.filter(pk=row.pk).update(workspace=WorkspaceFactory())
    with pytest.raises(CredentialUnreadable):
        _ = load(row.pk).credentials


def test_secret_is_masked_wherever_it_is_printed(db):
    row = load(make().pk)
    assert f"{row.credentials} {row.credentials!r}" == "••• •••"
    assert row.credentials["client_secret"] == "canary-9f2c"


def test_forms_have_no_field_for_it():
    assert "credentials" not in modelform_factory(Account, fields="__all__").base_fields


def test_update_in_the_clear_is_refused(db):
    row = make()
    with pytest.raises(TypeError, match="is sealed"), transaction.atomic():
        Account._base_manager.filter(pk=row.pk).update(credentials={"client_secret": "canary"})
    assert load(row.pk).credentials == SECRET


def test_rotation_gives_every_secret_the_new_key(db, settings):
    row, user = make(), UserFactory()
    empty = make(credentials={})
    TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    keys = RedditCredentials._base_manager.create(
        workspace=WorkspaceFactory(), client_id="id", user_agent="agent", credentials={"secret": "of Reddit"}
    )
    old, new = settings.CREDENTIAL_KEYS, Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [new, *old]
    out = io.StringIO()
    call_command("rotate_credentials", stdout=out)
    assert out.getvalue().splitlines() == [
        "mfa.Authenticator.data: 1",
        "platforms.Account.credentials: 1",
        "platforms.PendingLogin.kept: 0",
        "prompt_templates.TextProvider.credentials: 0",
        "stories.RedditCredentials.credentials: 1",
    ]
    settings.CREDENTIAL_KEYS = [new]
    assert load(row.pk).credentials == SECRET
    assert MfaAdapter().decrypt(Authenticator.objects.get().data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert load(empty.pk).credentials == {}
    assert RedditCredentials._base_manager.get(pk=keys.pk).keys().client_secret == "of Reddit"


def test_rotation_without_the_old_key_says_what_is_missing(db, settings):
    make()
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="Add the key it was written with to CREDENTIAL_KEYS"):
        call_command("rotate_credentials")


def test_rotation_finds_every_sealed_field_by_itself():
    declared = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField)
    }
    assert {(model, field.name) for model, field in fields.sealed_fields()} == declared
