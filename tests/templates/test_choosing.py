"""Staging, sharing, approval, test cases as a gate, rollback, and going back to the built-in."""

from __future__ import annotations

import threading
from collections import Counter
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection
from django_scopes import scope

from apps.common.errors import Conflict, Invalid, NotAllowed, NotFound
from apps.templates import activation, cases, services, spending
from apps.templates.generation import generate
from apps.templates.models import Activation, Budget, CaseResult, Generation
from apps.templates.queries import active_version, template_of
from apps.templates.splits import share_of
from apps.workspaces.actors import SYSTEM
from apps.workspaces.models import AuditEntry
from tests.factories.templates import make_case, make_generation, make_version
from tests.factories.workspaces import WorkspaceFactory

VALUES = {"title": "Boats", "story": "They sail by night.", "language": "en", "parts": 1}


def test_a_version_on_trial_is_used_by_no_work(in_workspace, actor):
    version = make_version(in_workspace, active=False)
    person = actor("admin")
    services.stage_version(workspace=in_workspace, kind="script", version=version, actor=person)
    template = template_of(in_workspace, "script")
    assert (template.staging, template.active.template.is_built_in) == (version, True)
    activation.activate_version(workspace=in_workspace, version=version, actor=person)
    template = template_of(in_workspace, "script")
    assert (template.staging, template.active) == (None, version)


def test_rollback_goes_back_step_by_step(in_workspace, actor):
    person, built_in = actor("admin"), active_version("script", in_workspace)
    first, second = make_version(in_workspace), make_version(in_workspace)
    seen = []
    for _ in range(2):
        activation.roll_back(workspace=in_workspace, kind="script", actor=person)
        seen.append(active_version("script", in_workspace))
    assert seen == [first, built_in]
    with pytest.raises(Conflict, match="nothing to go back to"):
        activation.roll_back(workspace=in_workspace, kind="script", actor=person)
    states = Activation.objects.order_by("pk").values_list("version", "state")
    assert list(states) == [(first.pk, "undone"), (second.pk, "undone")]
    assert AuditEntry.objects.filter(action="template.roll_back").count() == 2


def test_the_work_is_shared_by_weight_and_a_subject_stays_with_its_version(in_workspace, actor):
    first, second = make_version(in_workspace), make_version(in_workspace)
    shares = {first: 80, second: 20}
    services.split_work(workspace=in_workspace, kind="script", shares=shares, actor=actor("admin"))
    template = template_of(in_workspace, "script")
    met = [share_of(template, f"story:{number}") for number in range(2000)]
    assert met == [share_of(template, f"story:{number}") for number in range(2000)]
    assert 0.77 < Counter(met)[first.pk] / 2000 < 0.83
    rows = [
        generate(workspace=in_workspace, kind="script", variables=VALUES, actor=SYSTEM, subject=f"story:{number}")
        for number in (1, 1, 2, 3)
    ]
    assert [row.generation.version_id for row in rows] == [met[1], met[1], met[2], met[3]]


def test_a_share_needs_two_versions_of_the_same_kind(in_workspace, actor):
    person, version = actor("admin"), make_version(in_workspace)
    for shares in ({version: 50}, {version: 50, active_version("script", in_workspace): -1}):
        with pytest.raises(Invalid):
            services.split_work(workspace=in_workspace, kind="script", shares=shares, actor=person)
    other = {version: 50, active_version("hook", in_workspace): 50}
    with pytest.raises(NotFound):
        services.split_work(workspace=in_workspace, kind="script", shares=other, actor=person)


def test_where_versions_need_a_second_person_nobody_agrees_with_themselves(in_workspace, actor):
    asks, agrees = actor("admin"), actor("owner")
    version, built_in = make_version(in_workspace, active=False), active_version("script", in_workspace)
    services.set_rules(workspace=in_workspace, kind="script", actor=agrees, needs_approval=True)
    activation.activate_version(workspace=in_workspace, version=version, actor=asks)
    assert active_version("script", in_workspace) == built_in
    with pytest.raises(Conflict, match="has not been in use yet"):
        services.split_work(workspace=in_workspace, kind="script", shares={version: 1, built_in: 1}, actor=asks)
    row = Activation.objects.get()
    with pytest.raises(NotAllowed, match="asks for a second person"):
        activation.approve_activation(activation=row, actor=asks)
    activation.approve_activation(activation=row, actor=agrees)
    assert active_version("script", in_workspace) == version
    with pytest.raises(Conflict, match="decided already"):
        activation.decline_activation(activation=row, actor=agrees)


def test_those_who_may_agree_are_told_that_a_version_waits(
    in_workspace, actor, member, django_capture_on_commit_callbacks
):
    asks, agrees = actor("admin"), member("owner")
    member("editor")
    version = make_version(in_workspace, active=False, note="Calmer")
    services.set_rules(workspace=in_workspace, kind="script", actor=actor("owner"), needs_approval=True)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            activation.activate_version(workspace=in_workspace, version=version, actor=asks)
    told = [address for each in mail.outbox for address in each.to]
    assert agrees.email in told
    assert asks.user.email not in told
    assert len(told) == len(set(told))
    assert "asks to use version 1" in mail.outbox[0].body
    assert f"/w/{in_workspace.slug}/ai/templates/script/" in mail.outbox[0].body
    assert Activation.objects.get().state == "waiting"


def test_a_version_that_nobody_let_into_use_writes_no_work_by_being_named(in_workspace, actor):
    version = make_version(in_workspace, active=False)
    about = {"workspace": in_workspace, "kind": "script", "variables": VALUES, "actor": SYSTEM, "version": version}
    assert generate(**about).generation.version == version
    services.set_rules(workspace=in_workspace, kind="script", actor=actor("owner"), needs_approval=True)
    with pytest.raises(Conflict, match="has not been in use yet"):
        generate(**about)
    assert generate(**about, trial=True).generation.trial


def test_a_chosen_version_does_all_of_the_work(in_workspace, actor):
    first, second = make_version(in_workspace), make_version(in_workspace)
    services.split_work(workspace=in_workspace, kind="script", shares={first: 1, second: 1}, actor=actor("admin"))
    third = make_version(in_workspace)
    assert template_of(in_workspace, "script").split == []
    written = generate(workspace=in_workspace, kind="script", variables=VALUES, actor=SYSTEM, subject="story:1")
    assert written.generation.version == third


@pytest.mark.django_db(transaction=True)
def test_of_two_versions_chosen_at_once_one_is_used_and_the_history_is_one_chain():
    workspace = WorkspaceFactory()
    with scope(workspace=workspace):
        versions = [make_version(workspace, active=False) for _ in range(6)]
    gate, failed = threading.Barrier(6), []

    def choose(version) -> None:
        try:
            gate.wait(30)
            activation.activate_version(workspace=workspace, version=version, actor=SYSTEM)
        except Exception as error:
            failed.append(error)
        connection.close()

    threads = [threading.Thread(target=choose, args=[version]) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    rows = list(Activation._base_manager.filter(workspace=workspace).order_by("pk"))
    assert (failed, len(rows), {row.state for row in rows}) == ([], 6, {"done"})
    assert [row.before_id for row in rows[1:]] == [row.version_id for row in rows[:-1]]
    assert active_version("script", workspace) == rows[-1].version


def test_a_version_that_fails_its_cases_is_not_used(in_workspace, actor):
    person = actor("owner")
    version = make_version(in_workspace, active=False)
    make_case(in_workspace, name="Good")
    bad = make_case(in_workspace, name="Bad", checks=[{"check": "contains", "field": "title", "value": "zeppelin"}])
    services.set_rules(workspace=in_workspace, kind="script", actor=person, needs_cases=True)
    with pytest.raises(Conflict, match="“Bad”, “Good”"):
        activation.activate_version(workspace=in_workspace, version=version, actor=person)
    found = cases.run_cases(workspace=in_workspace, version=version, actor=person)
    assert [(each.case.name, each.passed) for each in found] == [("Bad", False), ("Good", True)]
    with pytest.raises(Conflict, match="“Bad”"):
        activation.activate_version(workspace=in_workspace, version=version, actor=person)
    cases.remove_case(case=bad, actor=person)
    activation.activate_version(workspace=in_workspace, version=version, actor=person)
    assert active_version("script", in_workspace) == version
    assert CaseResult.objects.get().failures == []


def test_a_case_must_be_checkable(in_workspace, actor):
    person = actor("admin")
    for wrong in ({"check": "sings"}, {"check": "max_length", "value": "long"}, {"check": "contains", "value": " "}):
        with pytest.raises(Invalid):
            cases.add_case(
                workspace=in_workspace, kind="script", name="Odd", variables=VALUES, checks=[wrong], actor=person
            )


def test_going_back_to_the_built_in_keeps_versions_and_counts_on(in_workspace, actor):
    person = actor("admin")
    version = make_version(in_workspace)
    make_generation(in_workspace, version=version)
    services.remove_template(workspace=in_workspace, kind="script", actor=person)
    assert active_version("script", in_workspace).template.is_built_in
    assert template_of(in_workspace, "script").is_built_in
    assert Generation.objects.get().version == version
    assert make_version(in_workspace).number == 2
    with pytest.raises(NotFound):
        services.remove_template(workspace=WorkspaceFactory(), kind="script", actor=SYSTEM)


def test_owners_and_admins_are_told_of_a_limit_once_a_month(in_workspace, member, django_capture_on_commit_callbacks):
    reached = {member("admin").email, member("owner").email}
    member("editor")
    Budget._base_manager.create(workspace=in_workspace, soft_limit=Decimal(1), hard_limit=Decimal(20))
    make_generation(in_workspace, engine="openai", cost=Decimal("1.25"))
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            spending.give_notice(workspace=in_workspace)
    told = [address for each in mail.outbox for address in each.to]
    assert reached <= set(told)
    assert len(told) == len(set(told))
    assert "1.25 USD" in mail.outbox[0].body
    assert f"/w/{in_workspace.slug}/ai/spending/" in mail.outbox[0].body
