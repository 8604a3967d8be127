from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_scopes import scope

from apps.platforms.services import pause_account, resume_account
from apps.schedules import dispatcher
from apps.schedules.dispatcher import Dispatcher
from apps.schedules.models import Post
from apps.schedules.services import post_now
from apps.workspaces.actors import SYSTEM
from tests.factories.platforms import AccountFactory
from tests.factories.schedules import posts_for

pytestmark = pytest.mark.django_db(transaction=True)


class Running:
    """A dispatcher in a thread; `sent` is what it sent, with the time."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, tuple[int, int]]] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            Dispatcher(lambda batch: self.sent.extend((time.time(), each) for each in batch)).run(self.stop)
        finally:
            connection.close()

    def __enter__(self) -> Running:
        self.thread.start()
        deadline = time.monotonic() + 5
        while not dispatcher.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(5)
        assert not self.thread.is_alive()

    def wait(self, count: int, seconds: float = 5) -> None:
        deadline = time.monotonic() + seconds
        while len(self.sent) < count and time.monotonic() < deadline:
            time.sleep(0.005)


@pytest.fixture
def account():
    account = AccountFactory()
    with scope(workspace=account.workspace):
        yield account


def test_a_post_is_sent_when_it_is_due_and_only_once(account):
    due = timezone.now() + timedelta(seconds=1.5)
    [post] = posts_for(account, at=due)
    with Running() as running:
        running.wait(1)
        time.sleep(1.2)
    assert [sent for _at, sent in running.sent] == [(post.workspace_id, post.pk)]
    assert 0 <= running.sent[0][0] - due.timestamp() < 0.5


def test_a_post_sent_now_wakes_the_dispatcher(account):
    [post] = posts_for(account, at=timezone.now() + timedelta(hours=5))
    with Running() as running:
        post_now(post=post, actor=SYSTEM)
        began = time.time()
        running.wait(1)
    assert running.sent[0][0] - began < 0.6


def test_two_dispatchers_send_every_post_and_hardly_any_twice(account):
    posts = [posts_for(account, title=f"Post {n}")[0] for n in range(20)]
    with Running() as one, Running() as two:
        one.wait(20, 2)
    sent = [pk for _at, (_workspace, pk) in one.sent + two.sent]
    assert sorted(sent) == [post.pk for post in posts]


def test_a_lost_message_is_sent_again_and_a_paused_account_is_left_alone(account):
    [post] = posts_for(account)
    sent: list[tuple[int, int]] = []
    each = Dispatcher(sent.extend)
    each.turn()
    each.turn()
    assert len(sent) == 1
    Post._base_manager.update(sent_at=timezone.now() - timedelta(seconds=31))
    each.turn()
    assert sent == [(post.workspace_id, post.pk)] * 2
    Post._base_manager.update(sent_at=None)
    pause_account(account=account, actor=SYSTEM)
    each.turn()
    assert len(sent) == 2
    resume_account(account=account, actor=SYSTEM)
    each.turn()
    assert len(sent) == 3


def test_it_sleeps_until_the_next_post_and_at_most_a_second(account):
    each = Dispatcher(lambda batch: None)
    assert each.turn() == 1.0
    posts_for(account, at=timezone.now() + timedelta(seconds=5))
    # Scheduling takes its time on a busy machine; the half second counts from here.
    Post._base_manager.update(wake_at=timezone.now() + timedelta(seconds=0.5))
    assert 0.2 < each.turn() <= 0.5
