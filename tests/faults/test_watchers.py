"""11. Two hundred watchers whose connections break at random, and a server that is killed: one gapless sequence."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.test import Client
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from apps.lifecycle.models import Event
from tests.factories.workspaces import WorkspaceFactory, add_person
from tests.faults.judge import POSTS, SEEDS, Row, note
from tests.servers.site import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.faults]

WATCHERS = 200
NAIVE_WATCHERS = 10
WRITERS = 2
EVENTS = 2000 if POSTS else 240
PAUSE = 0.04
# Of a connection's end, at each event: about one for each watcher in the short form.
DROP = 0.004
CONNECTING = 40
PATIENCE = 180.0


@dataclass
class Watcher:
    """resumes: whether it says, on coming back, what it saw last; a naive one takes what comes from then on."""

    dice: random.Random
    resumes: bool
    last: int
    seen: list[int] = field(default_factory=list)
    drops: int = 0

    async def follow(self, address: str, cookie: str, goal: int, room: asyncio.Semaphore) -> None:
        while self.last < goal:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                await self._connection(address, cookie, goal, room)

    async def _connection(self, address: str, cookie: str, goal: int, room: asyncio.Semaphore) -> None:
        query = f"?last={self.last}" if self.resumes or not self.seen else ""
        options = {"additional_headers": {"Cookie": cookie}, "proxy": None, "open_timeout": 60, "compression": None}
        async with room:
            socket = await connect(f"{address}{query}", **options)
        try:
            await socket.recv()
            while self.last < goal:
                self.last = json.loads(await socket.recv())["seq"]
                self.seen.append(self.last)
                if self.dice.random() < DROP:
                    self.drops += 1
                    return
        finally:
            socket.transport.abort()


async def watch(site: Site, path: str, cookie: str, watchers: list[Watcher], goal: int) -> None:
    """Until every watcher that resumes has seen the last event. The server is killed when a third has been seen."""
    address, room = f"ws://{site.address}{path}", asyncio.Semaphore(CONNECTING)
    tasks = {asyncio.create_task(each.follow(address, cookie, goal, room)): each for each in watchers}
    deadline, killed = time.monotonic() + PATIENCE, False
    start = watchers[0].last
    while any(each.resumes and not task.done() for task, each in tasks.items()):
        assert time.monotonic() < deadline, sorted({each.last for each in watchers})
        await asyncio.sleep(0.05)
        if not killed and watchers[0].last > start + (goal - start) // 3:
            site.kill()
            site.start()
            killed = True
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def cookie_of(user: object) -> str:
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@pytest.mark.parametrize("seed", range(SEEDS))
def test_watchers_see_every_event_once_and_in_order_whatever_breaks(pool, seed):
    began, workspace = time.monotonic(), WorkspaceFactory()
    cookie = cookie_of(add_person(workspace))
    start = Event._base_manager.filter(workspace=workspace).order_by("-seq").values_list("seq", flat=True).first() or 0
    watchers = [
        Watcher(random.Random(seed * 1000 + n), resumes=n < WATCHERS, last=start)
        for n in range(WATCHERS + NAIVE_WATCHERS)
    ]
    with Site() as site:
        for _writer in range(WRITERS):
            pool.start(emit={"workspace": workspace.pk, "count": EVENTS // WRITERS, "pause": PAUSE})
        asyncio.run(watch(site, f"/ws/w/{workspace.slug}/", cookie, watchers, start + EVENTS))
    wanted = list(range(start + 1, start + EVENTS + 1))
    resumed, naive = watchers[:WATCHERS], watchers[WATCHERS:]
    doubled = sum(len(each.seen) - len(set(each.seen)) for each in resumed)
    missed = sum(len(set(wanted) - set(each.seen)) for each in resumed)
    lacking = sum(each.seen != wanted for each in naive)
    said = f"{lacking} of {NAIVE_WATCHERS} watchers missed events"
    faults = sum(each.drops for each in resumed) + 1
    row = Row(f"11 {WATCHERS} watchers", EVENTS, faults, doubled=doubled, lost=missed, stuck=0, naive=said, seed=seed)
    note(row, began)
    log = Event._base_manager.filter(workspace=workspace, seq__gt=start).order_by("seq")
    assert list(log.values_list("seq", flat=True)) == wanted
    assert all(each.seen == wanted for each in resumed)
    assert faults > WATCHERS // 4, "hardly anything broke"
    assert lacking
