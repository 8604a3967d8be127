"""What watchers see, over a real server, a real Valkey and real sockets."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time

import pytest
from channels.layers import get_channel_layer
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.common.transactions import unit_of_work
from apps.lifecycle import retention, tickets
from apps.lifecycle.events import emit, group_name, wake_watchers
from apps.lifecycle.models import Event
from apps.workspaces.actors import SYSTEM, Actor
from apps.workspaces.services import remove_member
from tests.factories.workspaces import WorkspaceFactory, add_person
from tests.servers.site import ROOT, environment

pytestmark = pytest.mark.django_db(transaction=True)


def write(workspace, count: int, start: int = 1) -> None:
    with unit_of_work():
        for number in range(start, start + count):
            emit(workspace=workspace, type="test.written", subject="test:1", data={"number": number})


def write_and_fail(workspace) -> None:
    with unit_of_work():
        emit(workspace=workspace, type="test.undone", subject="test:1", data={})
        raise ZeroDivisionError


def refusal(socket) -> int:
    """The code with which the server closes the socket."""
    try:
        while True:
            socket.receive(timeout=20)
    except ConnectionClosed as closed:
        return closed.rcvd.code


def test_a_watcher_who_drops_and_resumes_sees_every_event_of_eight_writers_once_and_in_order(
    workspace, member, open_socket
):
    user, each = member("viewer"), 40
    writers = [
        # Two processes of four threads each.
        subprocess.Popen(
            [sys.executable, "-m", "tests.lifecycle.writer", str(workspace.pk), name, str(each)],
            cwd=ROOT,
            env=environment(),
        )
        for name in "ab"
    ]
    dice, seen, last = random.Random(7), [], 0
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        socket = open_socket(workspace, user, last=last)
        assert socket.receive()["type"] == "hello"
        for _event in range(dice.randint(1, 60)):
            try:
                event = socket.receive(timeout=2)
            except TimeoutError:
                break
            seen.append(event)
            last = event["seq"]
        socket.connection.close()
        done = all(writer.poll() is not None for writer in writers)
        if done and last == Event._base_manager.filter(workspace=workspace).count():
            break
    assert [writer.wait(10) for writer in writers] == [0, 0]
    assert [event["seq"] for event in seen] == list(range(1, len(seen) + 1))
    for name in (f"{letter}{index}" for letter in "ab" for index in range(4)):
        numbers = [event["data"]["number"] for event in seen if event["subject"] == name]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) in {each, each + 1}


def test_a_new_watcher_sees_only_what_happens_from_now_on(workspace, member, open_socket):
    write(workspace, 3)
    socket = open_socket(workspace, member("viewer"))
    hello = socket.receive()
    assert {key: hello[key] for key in ("type", "head", "oldest")} == {"type": "hello", "head": 3, "oldest": 1}
    write(workspace, 1, start=4)
    event = socket.receive()
    assert (event["seq"], event["type"], event["subject"], event["data"]) == (
        4,
        "test.written",
        "test:1",
        {"number": 4},
    )


def test_a_commit_wakes_the_hubs_through_the_channel_layer(workspace):
    async def wake() -> dict:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(group_name(workspace.pk), channel)
        await asyncio.to_thread(wake_watchers, workspace.pk, 7)
        return await asyncio.wait_for(layer.receive(channel), 10)

    assert asyncio.run(wake()) == {"type": "events.appended", "seq": 7}


def test_an_event_of_a_transaction_that_fails_is_never_seen_and_leaves_no_gap(workspace, member, open_socket):
    socket = open_socket(workspace, member("viewer"), last=0)
    socket.receive()
    write(workspace, 1)
    with pytest.raises(ZeroDivisionError):
        write_and_fail(workspace)
    write(workspace, 1, start=2)
    assert [(event["seq"], event["data"]["number"]) for event in socket.events(2)] == [(1, 1), (2, 2)]


def test_after_pruning_a_watcher_with_an_old_number_is_told_and_goes_on_at_the_oldest(workspace, member, open_socket):
    user = member("viewer")
    write(workspace, 10)
    assert retention.prune_events(workspace, keep_after=timezone.now(), keep_at_least=4) == 6
    socket = open_socket(workspace, user, last=2)
    hello = socket.receive()
    assert (hello["head"], hello["oldest"]) == (10, 7)
    assert [event["seq"] for event in socket.events(4)] == [7, 8, 9, 10]


def test_after_a_restore_watchers_are_sent_away_and_find_another_epoch(workspace, member, open_socket):
    user = member("viewer")
    write(workspace, 5)
    socket = open_socket(workspace, user, last=5)
    before = socket.receive()["epoch"]
    retention.begin_anew(workspace)
    assert refusal(socket) == 4410
    hello = open_socket(workspace, user, last=5).receive()
    assert hello["epoch"] != before
    assert hello["head"] == 5


def test_a_number_from_the_future_starts_at_the_newest_event(workspace, member, open_socket):
    write(workspace, 2)
    socket = open_socket(workspace, member("viewer"), last=900)
    assert socket.receive()["head"] == 2
    write(workspace, 1, start=3)
    assert socket.receive()["seq"] == 3


def test_a_slow_watcher_is_paced_and_still_sees_everything_while_others_are_served(workspace, member, open_socket):
    user = member("viewer")
    slow, fast = open_socket(workspace, user, last=0), open_socket(workspace, user, last=0)
    slow.receive(), fast.receive()
    slow.send(type="seen", seq=0)
    slow.send(type="ping")
    assert slow.receive() == {"type": "pong"}
    for start in range(1, 2001, 400):
        write(workspace, 400, start=start)
    assert [event["seq"] for event in fast.events(2000)] == list(range(1, 2001))
    first = slow.events(500)
    with pytest.raises(TimeoutError):
        slow.receive(timeout=0.5)
    rest = []
    while len(rest) < 1500:
        slow.send(type="seen", seq=500 + len(rest))
        rest += slow.events(min(500, 1500 - len(rest)))
    assert [event["seq"] for event in [*first, *rest]] == list(range(1, 2001))


def test_a_socket_of_another_tenant_is_not_found_as_if_it_were_not_there(workspace, open_socket):
    stranger = add_person(WorkspaceFactory())
    assert refusal(open_socket(workspace, stranger)) == 4404
    assert refusal(open_socket("no-such-workspace", stranger)) == 4404


def test_a_superuser_who_is_no_member_does_not_see_a_tenant(workspace, open_socket):
    operator = add_person(WorkspaceFactory(), is_superuser=True, is_staff=True)
    assert refusal(open_socket(workspace, operator)) == 4404


def test_nobody_watches_without_signing_in(workspace, open_socket):
    assert refusal(open_socket(workspace)) == 4401


def test_a_page_of_another_site_cannot_use_the_visitors_session(workspace, member, open_socket, live_site):
    user = member("viewer")
    with pytest.raises(InvalidStatus) as refused:
        open_socket(workspace, user, origin="http://evil.example")
    assert refused.value.response.status_code == 403
    assert open_socket(workspace, user, origin=f"http://{live_site}").receive()["type"] == "hello"


def test_a_ticket_opens_one_socket_and_is_refused_the_second_time(workspace, actor, open_socket):
    key, _ticket = tickets.issue(workspace=workspace, actor=actor("viewer"))
    socket = open_socket(workspace, ticket=key)
    assert socket.connection.subprotocol == "rundown.v1"
    assert socket.receive()["type"] == "hello"
    assert refusal(open_socket(workspace, ticket=key)) == 4401


def test_a_ticket_opens_no_socket_of_another_workspace(workspace, actor, open_socket):
    other = WorkspaceFactory()
    key, _ticket = tickets.issue(workspace=workspace, actor=actor("viewer"))
    assert refusal(open_socket(other, ticket=key)) == 4401


def test_a_ticket_older_than_a_minute_is_refused(workspace, actor, open_socket):
    key, ticket = tickets.issue(workspace=workspace, actor=actor("viewer"))
    ticket.expires_at -= tickets.LIFETIME
    ticket.__class__._base_manager.filter(pk=ticket.pk).update(expires_at=ticket.expires_at)
    assert refusal(open_socket(workspace, ticket=key)) == 4401


def test_a_member_who_is_removed_is_sent_away(workspace, member, open_socket):
    user = member("viewer")
    socket = open_socket(workspace, user)
    socket.receive()
    remove_member(workspace=workspace, user=user, actor=SYSTEM)
    assert refusal(socket) == 4403


def test_signing_out_ends_the_socket_of_that_session(workspace, member, open_socket):
    from django.contrib.sessions.models import Session

    user = member("viewer")
    socket = open_socket(workspace, user)
    socket.receive()
    Session.objects.all().delete()
    assert refusal(socket) == 4403


@pytest.mark.parametrize("said", ["no json", "[]", '"text"', '{"seq":1}'])
def test_what_a_client_says_without_sense_ends_its_socket(workspace, member, open_socket, said):
    socket = open_socket(workspace, member("viewer"))
    socket.receive()
    socket.connection.send(said)
    assert refusal(socket) == 4400


def test_a_watcher_of_one_workspace_sees_nothing_of_another(workspace, actor, member, open_socket):
    other = WorkspaceFactory()
    socket = open_socket(workspace, member("viewer"))
    socket.receive()
    write(other, 3)
    write(workspace, 1, start=77)
    assert socket.receive()["data"] == {"number": 77}
    assert isinstance(actor("viewer"), Actor)
