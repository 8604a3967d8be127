"""One hub per process and workspace: reads each new event once and hands it to everybody who watches.

A watcher's place in the log is a number. The hub offers what it has read; whoever cannot keep up, or has just come with
an old number, reads the rest from the database by itself, so that one slow watcher costs the others nothing. Messages
of the channel layer only say that there is something to read: when one is lost, the poll finds it a second later.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from channels.db import DatabaseSyncToAsync
from channels.layers import get_channel_layer

from apps.lifecycle import queries
from apps.lifecycle.events import group_name
from apps.lifecycle.queries import Head, Viewer
from apps.workspaces.models import Workspace

log = structlog.get_logger(__name__)

BATCH = 500
QUEUE = 1000
POLL_SECONDS = 1.0
RECHECK_SECONDS = 10.0
# After a read that found something, wait this long for more: many commits, one query.
GATHER_SECONDS = 0.01
SUBSCRIBE_SECONDS = 3.0

FORBIDDEN = 4403
RESTARTED = 4410

# Threads of their own: a hub must not wait for a page, nor a page for a hub.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hub")
_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, Hub]] = WeakKeyDictionary()


class Closed(Exception):
    """The watcher has to go; code and reason are those of the WebSocket's close frame."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@asynccontextmanager
async def watch(workspace: Workspace, viewer: Viewer, last: int | None) -> AsyncIterator[Watcher]:
    """A place at the workspace's hub, behind event number `last`; None: from now on."""
    hubs = _hubs.setdefault(asyncio.get_running_loop(), {})
    hub = hubs.get(workspace.pk) or hubs.setdefault(workspace.pk, Hub(workspace))
    watcher = await hub.join(viewer, last)
    try:
        yield watcher
    finally:
        hub.leave(watcher)
        if not hub.is_used and hubs.get(workspace.pk) is hub:
            del hubs[workspace.pk]


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run a query in the hub's threads."""
    return await DatabaseSyncToAsync(function, thread_sensitive=False, executor=_threads)(*args)


class Watcher:
    """One place in the log. `position` is the number of the last event handed out."""

    def __init__(self, hub: Hub, viewer: Viewer) -> None:
        self.viewer = viewer
        self.position = 0
        self.head: Head | None = None
        self._hub = hub
        self._queue: deque[tuple[int, str]] = deque()
        self._ready = asyncio.Event()
        self._closed: Closed | None = None

    async def next(self) -> list[str]:
        """The next events as JSON texts, in order and without a gap; waits for them. Raises Closed."""
        while True:
            if self._closed:
                raise self._closed
            while self._queue and self._queue[0][0] <= self.position:
                self._queue.popleft()
            if self._queue and self._queue[0][0] == self.position + 1:
                batch = list(self._queue)
                self._queue.clear()
                return self._take(batch)
            if self.position < self._hub.position:
                batch = await in_thread(queries.frames_after, self._hub.workspace, self.position, BATCH)
                if not batch or batch[0][0] != self.position + 1:
                    raise Closed(RESTARTED, "history was pruned")
                return self._take(batch)
            self._ready.clear()
            await self._ready.wait()

    def offer(self, batch: list[tuple[int, str]]) -> None:
        if len(self._queue) + len(batch) > QUEUE:
            self._queue.clear()  # too slow: it reads the rest from the database when it comes back
        else:
            self._queue.extend(batch)
        self._ready.set()

    def close(self, code: int, reason: str) -> None:
        self._closed = Closed(code, reason)
        self._ready.set()

    def _take(self, batch: list[tuple[int, str]]) -> list[str]:
        self.position = batch[-1][0]
        return [text for _seq, text in batch]


class Hub:
    """`position` is the number of the last event that was read and offered to all watchers."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.position = 0
        self._epoch = ""
        self._watchers: set[Watcher] = set()
        self._tasks: list[asyncio.Task] = []
        self._wake = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._started: asyncio.Task | None = None
        self._checked = time.monotonic()

    @property
    def is_used(self) -> bool:
        return bool(self._watchers)

    async def join(self, viewer: Viewer, last: int | None) -> Watcher:
        watcher = Watcher(self, viewer)
        self._watchers.add(watcher)
        try:
            if self._started is None:
                self._started = asyncio.create_task(self._start())
            await asyncio.shield(self._started)
            watcher.head = await in_thread(queries.head_of, self.workspace)
        except BaseException:
            self.leave(watcher)
            raise
        # A number from before the kept history, or from another log, cannot be continued; hello says so.
        first, newest = watcher.head.oldest - 1, watcher.head.seq
        watcher.position = newest if last is None else min(max(last, first), newest)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)
        if not self._watchers:
            for task in self._tasks:
                task.cancel()

    async def _start(self) -> None:
        """Subscribe first, then read where the log ends: nothing can fall in between."""
        self._tasks = [asyncio.create_task(self._listen())]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._subscribed.wait(), SUBSCRIBE_SECONDS)
        head = await in_thread(queries.head_of, self.workspace)
        self.position, self._epoch = head.seq, head.epoch
        if self._watchers:
            self._tasks.append(asyncio.create_task(self._follow()))

    async def _listen(self) -> None:
        """Turn the group's messages into wake-ups; without a channel layer the poll has to do."""
        layer, group = get_channel_layer(), group_name(self.workspace.pk)
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(group, channel)
                self._subscribed.set()
                self._wake.set()
                try:
                    while True:
                        await layer.receive(channel)
                        self._wake.set()
                finally:
                    await layer.group_discard(group, channel)
            except Exception as error:
                log.warning("hub_not_woken", workspace=self.workspace.slug, reason=str(error))
                self._subscribed.set()
                await asyncio.sleep(POLL_SECONDS)

    async def _follow(self) -> None:
        while True:
            try:
                woken = await self._sleep()
                found = await self._read()
                if not woken or time.monotonic() - self._checked >= RECHECK_SECONDS:
                    await self._check_log()
                if time.monotonic() - self._checked >= RECHECK_SECONDS:
                    await self._check_viewers()
                if found:
                    await asyncio.sleep(GATHER_SECONDS)
            except Exception:
                log.exception("hub_read_failed", workspace=self.workspace.slug)
                await asyncio.sleep(POLL_SECONDS)

    async def _sleep(self) -> bool:
        """Whether somebody woke us, as opposed to the poll."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        woken = self._wake.is_set()
        self._wake.clear()
        return woken

    async def _read(self) -> bool:
        """Offer everything that is new; whether there was anything."""
        found = False
        while batch := await in_thread(queries.frames_after, self.workspace, self.position, BATCH):
            found, self.position = True, batch[-1][0]
            for watcher in self._watchers:
                watcher.offer(batch)
            if len(batch) < BATCH:
                break
        return found

    async def _check_log(self) -> None:
        """A log that was begun anew, or is shorter than what was read, makes every number void."""
        head = await in_thread(queries.head_of, self.workspace)
        if head.epoch == self._epoch and head.seq >= self.position:
            return
        self.position, self._epoch = head.seq, head.epoch
        for watcher in self._watchers:
            watcher.close(RESTARTED, "the log was restored")

    async def _check_viewers(self) -> None:
        self._checked = time.monotonic()
        viewers = {watcher.viewer for watcher in self._watchers}
        allowed = await in_thread(queries.still_allowed, self.workspace, viewers)
        for watcher in self._watchers:
            if watcher.viewer not in allowed and watcher.viewer in viewers:
                watcher.close(FORBIDDEN, "no longer a member")
