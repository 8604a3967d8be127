"""The audit trail notices whatever is done to it."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection, transaction
from django_scopes import scope, scopes_disabled

from apps.common.transactions import unit_of_work
from apps.workspaces import audit, services
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.audit import Broken
from apps.workspaces.models import AuditEntry, AuditHead
from apps.workspaces.models.audit import AppendOnly
from tests.factories.workspaces import UserFactory, WorkspaceFactory


@pytest.fixture
def trail(workspace):
    """Seven rows: two of the workspace's creation, five more."""
    with unit_of_work():
        for number in range(5):
            audit.record(workspace=workspace, actor=SYSTEM, action="test.note", target="test:1", data={"n": number})
    return workspace


@pytest.fixture
def tampering(trail):
    """Somebody with the database in their hands: no trigger in the way."""
    with connection.cursor() as cursor:
        on = " ON workspaces_auditentry" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER workspaces_audit_append_only{on}")

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    return run


def broken(workspace) -> list[Broken]:
    return list(audit.verify(workspace))


def test_untouched_trail_verifies(trail):
    assert broken(trail) == []
    with scope(workspace=trail):
        assert list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "change", ["data = '{\"n\": 99}'", "actor = 'somebody else'", "action = 'test.other'", "target = 'test:2'"]
)
def test_changed_row_is_noticed(trail, tampering, change):
    tampering(f"UPDATE workspaces_auditentry SET {change} WHERE seq = 5")  # noqa: S608
    assert broken(trail) == [Broken(trail.slug, 5, "changed")]


def test_removed_row_is_noticed(trail, tampering):
    tampering("DELETE FROM workspaces_auditentry WHERE seq = 4")
    assert broken(trail) == [Broken(trail.slug, 4, "missing")]


def test_cut_end_is_noticed(trail, tampering):
    tampering("DELETE FROM workspaces_auditentry WHERE seq > 5")
    assert broken(trail) == [Broken(trail.slug, 6, "rows missing at the end")]


def test_removed_head_is_noticed(trail, tampering):
    tampering("DELETE FROM workspaces_audithead")
    assert broken(trail) == [Broken(trail.slug, 8, "the head is missing")]


def test_inserted_row_is_noticed_even_with_a_right_hash_of_its_own(trail, tampering):
    with scope(workspace=trail):
        tampering("UPDATE workspaces_auditentry SET seq = seq + 100 WHERE seq > 4")
        before = AuditEntry.objects.get(seq=4)
        fake = AuditEntry(workspace=trail, seq=5, at=before.at, actor="x", action="x", target="x", data={})
        fake.previous_hash = before.hash
        fake.hash = audit.digest(fake)
        fake.save()
        tampering("UPDATE workspaces_auditentry SET seq = seq - 99 WHERE seq > 100")
        tampering("UPDATE workspaces_audithead SET seq = 8")
    assert [each.seq for each in broken(trail)] == [6, 6, 7, 8]


def test_trail_written_anew_is_noticed_against_an_exported_head(trail, tampering, tmp_path, capsys):
    call_command("verify_audit", "--export")
    kept = tmp_path / "heads.json"
    kept.write_text(capsys.readouterr().out)
    assert json.loads(kept.read_text())[trail.slug]["seq"] == 7
    with unit_of_work():
        audit.record(workspace=trail, actor=SYSTEM, action="test.later", target="test:1")
    call_command("verify_audit", "--compare", str(kept))

    with scope(workspace=trail):
        previous = "0" * 64
        for row in AuditEntry.objects.order_by("seq"):
            row.actor, row.previous_hash = "nobody", previous
            previous = audit.digest(row)
            changes = f"actor = 'nobody', previous_hash = '{row.previous_hash}', hash = '{previous}'"
            tampering(f"UPDATE workspaces_auditentry SET {changes} WHERE id = {row.pk}")  # noqa: S608
        AuditHead.objects.update(hash=previous)
    assert broken(trail) == []
    with pytest.raises(CommandError, match="broken in 1 place"):
        call_command("verify_audit", "--compare", str(kept))


def test_command_fails_and_names_the_place(trail, tampering, capsys):
    tampering("UPDATE workspaces_auditentry SET actor = 'x' WHERE seq = 3")
    with pytest.raises(CommandError, match="broken in 1 place"):
        call_command("verify_audit")
    assert f"{trail.slug}: row 3: changed" in capsys.readouterr().err


def test_command_is_content_with_every_workspace_as_it_was_written(trail, capsys):
    WorkspaceFactory()
    call_command("verify_audit")
    assert capsys.readouterr().out == "2 audit trail(s) are as they were written.\n"


def test_code_can_neither_change_nor_remove_rows(trail):
    with scope(workspace=trail):
        row = AuditEntry.objects.first()
        for attempt in (
            row.save,
            row.delete,
            AuditEntry.objects.all().delete,
            lambda: AuditEntry.objects.update(actor="x"),
        ):
            with pytest.raises(AppendOnly):
                attempt()
    assert broken(trail) == []


def test_database_itself_refuses_to_change_a_row(trail):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE workspaces_auditentry SET actor = 'x' WHERE seq = 3")
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM workspaces_auditentry WHERE seq = 3")
    assert broken(trail) == []


def test_deleted_person_stays_in_the_trail_by_name(trail):
    person = UserFactory(name="Gone Soon")
    with unit_of_work():
        audit.record(workspace=trail, actor=Actor.of(person), action="test.note", target="test:1")
    person.delete()
    with scope(workspace=trail):
        row = AuditEntry.objects.get(seq=8)
        assert (row.actor, row.user_id) == ("Gone Soon", None)
    assert broken(trail) == []


def test_secrets_do_not_reach_the_trail(trail):
    with unit_of_work():
        audit.record(
            workspace=trail,
            actor=SYSTEM,
            action="t",
            target="t",
            data={"password": "hunter2", "note": "sk-abcdefghijk"},
        )
    with scope(workspace=trail):
        assert AuditEntry.objects.get(seq=8).data == {"password": "•••", "note": "•••"}


def test_failed_action_leaves_no_row(trail):
    def fail() -> None:
        with unit_of_work():
            audit.record(workspace=trail, actor=SYSTEM, action="test.note", target="test:1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with scope(workspace=trail):
        assert AuditEntry.objects.count() == 7


def test_trail_goes_with_its_workspace_and_leaves_the_others(trail):
    other = WorkspaceFactory()
    services.delete_workspace(workspace=trail, actor=SYSTEM)
    with scopes_disabled():
        assert set(AuditEntry.objects.values_list("workspace_id", flat=True)) == {other.pk}
    assert broken(other) == []
