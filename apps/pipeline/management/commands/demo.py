from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django_scopes import scope
from websockets.sync.client import connect

from apps.approvals.models import Decision
from apps.approvals.services import decide
from apps.common.errors import DomainError
from apps.common.processes.child import ProcessError
from apps.content.models import Asset, Item
from apps.lifecycle import tickets
from apps.pipeline.bars import Bars
from apps.pipeline.demo import STORY, Demo, prepare_demo, shortlist_text
from apps.pipeline.site import set_up, supervisor
from apps.schedules.models import Post
from apps.stories.models import Story
from apps.workspaces.audit import describe

PATIENCE = 900  # seconds without any event before the demo gives up


class Command(BaseCommand):
    help = "Takes a story all the way to a published, captioned video, showing every step, and ends."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--story", type=Path, default=STORY, help="a text file; its first line is the title")

    def handle(self, *args: Any, story: Path, **options: Any) -> None:
        started = time.monotonic()
        try:
            text = story.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"Cannot read the story {story}: {error}") from error
        logging.getLogger("django_structlog").setLevel(logging.WARNING)  # its lines would tear the bars
        site = supervisor(stream=None)
        set_up()
        self.stdout.write("Starting web, dispatcher, workers and broker …")
        try:
            with site:
                demo = prepare_demo()
                item = Tour(demo, Bars(self.stdout._out)).take(text)
        except (ProcessError, DomainError) as error:
            raise CommandError(str(error)) from error
        self._tell(demo, item, time.monotonic() - started)

    def _tell(self, demo: Demo, item: Item, seconds: float) -> None:
        self.stdout.write(f"\n“{item.title}” is published, {seconds:.0f} seconds after the start.")
        with scope(workspace=demo.workspace):
            for asset in Asset.objects.filter(revision=item.approved_revision, kind=Asset.Kind.VIDEO):
                self.stdout.write(f"  video  {asset.file.path}  ({asset.seconds:.0f} s)")
            for post in Post.objects.filter(item=item):
                self.stdout.write(f"  page   {post.url}")
        self.stdout.write(f"  all    {settings.SITE_URL}/feeds/{demo.account.handle}/")
        self.stdout.write("The processes have ended; `make run` starts them again, and the pages are there.")


class Tour:
    """Walks one story through every state, as the owner would, watching the same events that a browser sees."""

    def __init__(self, demo: Demo, bars: Bars) -> None:
        self.demo = demo
        self.bars = bars

    def take(self, text: str) -> Item:
        key, _ticket = tickets.issue(workspace=self.demo.workspace, actor=self.demo.actor)
        protocols = [tickets.PROTOCOL, f"{tickets.PREFIX}{key}"]
        address = f"ws://127.0.0.1:{settings.PORT}/ws/w/{self.demo.workspace.slug}/"
        origin = f"http://127.0.0.1:{settings.PORT}"
        with connect(address, subprotocols=protocols, origin=origin) as socket:
            hello = json.loads(socket.recv(timeout=30))
            events = self._events(socket, after=hello["head"])
            story = shortlist_text(self.demo, text)
            self.bars.say(f"Story: “{story.title}”, {story.words} words")
            return self._follow(story, events)

    def _follow(self, story: Story, events: Iterator[dict[str, Any]]) -> Item:
        item: Item | None = None
        for event in events:
            kind, data = event["type"], event["data"]
            if kind == "run.progress":
                self.bars.show(event)
            elif kind == "run.state" and data.get("to") == "failed":
                raise DomainError(data["error"]["message"], hint=data["error"]["hint"])
            elif kind == "review.opened" and item is None:
                item = self._approve(story)
            elif kind in {"item.state", "post.state"} and data.get("to"):
                self.bars.say(f"{kind.partition('.')[0].title()} is now {data['to'].replace('_', ' ')}")
            if item and event["subject"] == describe(item) and data.get("to") == "published":
                return self._load(item.pk)
        raise CommandError("The live events ended before the item was published.")

    def _approve(self, story: Story) -> Item:
        """The owner's decision on the exact revision that waits."""
        with scope(workspace=self.demo.workspace):
            found = Item.objects.get(story=story)
            number = found.current_revision.number
            decide(item=found, revision=number, verdict=Decision.Verdict.APPROVE, actor=self.demo.actor)
        self.bars.say(f"Approved by {self.demo.owner}: version {number}, {len(found.current_revision.parts)} parts")
        return found

    def _events(self, socket: Any, *, after: int) -> Iterator[dict[str, Any]]:
        while True:
            try:
                event = json.loads(socket.recv(timeout=PATIENCE))
            except TimeoutError as error:
                raise CommandError(_("Nothing has happened for a long time; see the logs.")) from error
            if event.get("seq", 0) > after:
                yield event

    def _load(self, pk: int) -> Item:
        with scope(workspace=self.demo.workspace):
            return Item.objects.select_related("approved_revision").get(pk=pk)
