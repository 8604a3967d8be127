"""Who may do what, and how that changes."""

from __future__ import annotations

import pytest
from django_scopes import ScopeError, scope, scopes_disabled

from apps.common.errors import Conflict, NotAllowed, NotFound
from apps.workspaces import services
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.models import AuditEntry, Membership, User, Workspace, WorkspaceUserObjectPermission
from apps.workspaces.queries import workspaces_of
from apps.workspaces.roles import PERMISSIONS, ROLES, Role
from tests.factories.workspaces import UserFactory, WorkspaceFactory, add_person


def held(user: User, workspace: Workspace) -> set[str]:
    fresh = User.objects.get(pk=user.pk)
    return {each for each in PERMISSIONS if Actor.of(fresh).may(each, workspace)}


@pytest.mark.parametrize("role", Role.values)
def test_member_may_do_what_the_role_table_says_and_nothing_else(workspace, member, role):
    assert held(member(role), workspace) == set(ROLES[role])


def test_new_role_counts_at_once_for_the_same_person(workspace, member):
    user = member("editor")
    before = Actor.of(user).may("approve_content", workspace)
    services.set_role(workspace=workspace, user=user, role="approver", actor=SYSTEM)
    assert (before, Actor.of(user).may("approve_content", workspace)) == (False, True)
    assert held(user, workspace) == set(ROLES["approver"])


def test_removed_member_can_do_nothing_and_sees_nothing(workspace, member):
    user = member("admin")
    services.remove_member(workspace=workspace, user=user, actor=SYSTEM)
    assert held(user, workspace) == set()
    assert list(workspaces_of(user)) == []
    with scope(workspace=workspace):
        assert list(Membership.objects.visible_to(user)) == []


def test_last_owner_can_neither_be_demoted_nor_removed_nor_leave(workspace):
    with scope(workspace=workspace):
        owner = Membership.objects.get(role="owner").user
    for change in (
        lambda: services.set_role(workspace=workspace, user=owner, role="admin", actor=Actor.of(owner)),
        lambda: services.remove_member(workspace=workspace, user=owner, actor=Actor.of(owner)),
        lambda: services.remove_member(workspace=workspace, user=owner, actor=SYSTEM),
    ):
        with pytest.raises(Conflict, match="needs an owner"):
            change()
    assert held(owner, workspace) == set(PERMISSIONS)


def test_owner_who_is_locked_out_does_not_count_as_an_owner(workspace, member):
    member("owner", is_active=False)
    with scope(workspace=workspace):
        owner = Membership.objects.get(role="owner", user__is_active=True).user
    with pytest.raises(Conflict):
        services.set_role(workspace=workspace, user=owner, role="viewer", actor=SYSTEM)


def test_admin_can_neither_make_nor_unmake_owners(workspace, member, actor):
    admin, owner, viewer = actor("admin"), member("owner"), member("viewer")
    for change in (
        lambda: services.set_role(workspace=workspace, user=viewer, role="owner", actor=admin),
        lambda: services.set_role(workspace=workspace, user=owner, role="viewer", actor=admin),
        lambda: services.remove_member(workspace=workspace, user=owner, actor=admin),
        lambda: services.add_member(workspace=workspace, user=UserFactory(), role="owner", actor=admin),
    ):
        with pytest.raises(NotAllowed, match="Only an owner"):
            change()


@pytest.mark.parametrize("role", ["editor", "approver", "analyst", "viewer"])
def test_member_without_the_right_cannot_change_roles(workspace, member, actor, role):
    with pytest.raises(NotAllowed):
        services.set_role(workspace=workspace, user=member("viewer"), role="editor", actor=actor(role))


def test_everybody_may_leave(workspace, member):
    viewer = member("viewer")
    services.remove_member(workspace=workspace, user=viewer, actor=Actor.of(viewer))
    assert not workspaces_of(viewer).exists()


def test_person_of_another_workspace_is_not_found_here(workspace):
    stranger = UserFactory()
    with pytest.raises(NotFound):
        services.set_role(workspace=workspace, user=stranger, role="viewer", actor=SYSTEM)


def test_superuser_gets_no_content_of_a_workspace_they_are_not_in(workspace):
    root = UserFactory(is_superuser=True, is_staff=True)
    assert held(root, workspace) == set()
    assert list(workspaces_of(root)) == []


def test_role_changes_are_in_the_audit_trail_with_who_did_them(workspace, member):
    with scope(workspace=workspace):
        owner = Membership.objects.get(role="owner").user
    user = member("viewer")
    services.set_role(workspace=workspace, user=user, role="editor", actor=Actor.of(owner))
    services.remove_member(workspace=workspace, user=user, actor=Actor.of(owner))
    with scope(workspace=workspace):
        rows = AuditEntry.objects.order_by("seq").values_list("actor", "action", "target", "data")
        assert list(rows)[2:] == [
            ("Rundown", "member.add", f"workspaces.user:{user.pk}", {"person": user.email, "role": "viewer"}),
            (
                str(owner),
                "member.role",
                f"workspaces.user:{user.pk}",
                {"person": user.email, "from": "viewer", "to": "editor"},
            ),
            (str(owner), "member.remove", f"workspaces.user:{user.pk}", {"person": user.email, "role": "editor"}),
        ]


def test_changed_role_table_reaches_existing_members_with_the_next_migration(workspace, member):
    user = member("editor")
    rows = WorkspaceUserObjectPermission.objects.filter(user=user)
    rows.filter(permission__codename="write_content").delete()
    extra = rows.first().permission.content_type.permission_set.get(codename="manage_members")
    WorkspaceUserObjectPermission.objects.create(user=user, permission=extra, content_object=workspace)
    services.sync_permissions()
    assert held(user, workspace) == set(ROLES["editor"])


def test_permissions_go_with_their_workspace(workspace, member):
    member("editor")
    pk = workspace.pk
    with scopes_disabled():
        services.delete_workspace(workspace=workspace, actor=SYSTEM)
    assert not WorkspaceUserObjectPermission.objects.filter(content_object_id=pk).exists()
    assert not Workspace.objects.filter(pk=pk).exists()


def test_rows_cannot_be_read_without_saying_whose(workspace):
    with pytest.raises(ScopeError):
        Membership.objects.count()


def test_rows_of_another_workspace_are_not_there(workspace):
    other = WorkspaceFactory()
    add_person(other, "viewer")
    with scope(workspace=workspace):
        assert {row.workspace_id for row in Membership.objects.all()} == {workspace.pk}


def test_two_workspaces_of_one_name_get_addresses_of_their_own(db):
    slugs = [WorkspaceFactory(name=name).slug for name in ("Night Desk", "Night desk", "രാത്രി", "രാത്രി")]
    assert slugs == ["night-desk", "night-desk-2", "workspace", "workspace-2"]


def test_first_owner_gets_a_password_that_must_be_changed(db):
    user, workspace, once = services.create_owner(email="Boss@Example.org", workspace="Night desk")
    assert (user.email, user.check_password(once), user.must_change_password) == ("boss@example.org", True, True)
    assert held(user, workspace) == set(PERMISSIONS)
    with pytest.raises(Conflict, match="already"):
        services.create_owner(email="boss@example.org", workspace="Again")
