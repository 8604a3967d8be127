"""Pages to read on a loopback server, and a model that answers every kind of question."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from apps.content_plans.models import ContentPlan
from apps.lifecycle.models import Run
from apps.lifecycle.runs import execute_run, start_run
from apps.pipeline.work import carry_out
from apps.workspaces.actors import SYSTEM
from tests.factories.templates import make_provider
from tests.servers import openai_server
from tests.servers.openai_server import OpenAIServer, answers

PARAGRAPH = (
    "A rain barrel collects the water of a roof. The rain barrel stands below the downpipe, on a firm stand. "
    "A lid keeps leaves and insects out of the rain barrel. Does a rain barrel freeze in winter? "
    "Empty the rain barrel before the first frost, because ice breaks the wood. "
)


def article(name: str) -> str:
    body = f"<h2>Why a lid matters</h2><p>{PARAGRAPH * 3}</p><h2>Downpipes</h2><p>{PARAGRAPH * 3}</p>"
    head = f"<html lang='en'><head><title>{name}</title></head>"
    return f"{head}<body><article><h1>{name}</h1>{body}</article></body></html>"


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        pages = {"/one": article("Barrels compared"), "/two": article("The barrel book"), "/empty": "<html></html>"}
        found = pages.get(self.path)
        self.send_response(200 if found is not None else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((found or "").encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def site(settings) -> Iterator[Callable[[str], str]]:
    """site("/one") is the address of a page; site.seen has the paths that were asked for."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as http:
        http.seen = []
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})

        def address(path: str) -> str:
            return f"http://127.0.0.1:{http.server_port}{path}"

        address.seen = http.seen
        try:
            yield address
        finally:
            http.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def carry(in_workspace) -> Callable[..., Run]:
    """carry("plan", plan) queues that work and carries it out here; returns the run as it ended."""

    def make(kind: str, subject: object, **args: Any) -> Run:
        run = start_run(
            workspace=in_workspace, kind=kind, subject=subject, actor=SYSTEM, max_attempts=1, args=args or None
        )
        with execute_run(run.pk) as work:
            if work is not None:
                carry_out(work)
        run.refresh_from_db()
        return run

    return make


def fresh(plan: ContentPlan) -> ContentPlan:
    return ContentPlan._base_manager.select_related("workspace", "item__current_revision", "round").get(pk=plan.pk)


def section(text: str, source: int | None = 1) -> dict[str, Any]:
    return {"markdown": text, "claims": [{"text": "A lid keeps leaves out.", "source": source}]}


METADATA = {
    "title": "Rain barrels for a small garden",
    "description": "How a rain barrel saves water.",
    "seo_title": "Rain barrel: buy the right one",
    "seo_description": "A rain barrel saves water in a small garden. Here is how to choose one, where it stands, and "
    "how it gets through the winter unharmed.",
    "excerpt": "How a rain barrel saves water.",
    "hashtags": ["garden", "water"],
}


def says(request_body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """What a well-behaved model answers, by the fields of the answer that is asked for."""
    wanted = set(request_body["response_format"]["json_schema"]["schema"]["properties"])
    kinds = {
        "research_summary": {"summary": "Barrels.", "points": [{"text": "A lid helps.", "source": 1}], "angles": []},
        "outline": {
            "title": "Rain barrels for a small garden",
            "sections": [
                {"heading": "Choose a rain barrel", "points": ["Size"]},
                {"heading": "Through the winter", "points": ["Frost"]},
            ],
        },
        "blog_draft": section("A rain barrel saves water [1]. However, it needs a lid."),
        "metadata": METADATA,
        "seo_rewrite": {"markdown": "## Choose a rain barrel\n\nA rain barrel saves water, and it needs a lid."},
        "variant": {"title": "Rain barrels", "text": "Save water.", "hashtags": ["garden"], "alt_text": ""},
        **changes,
    }
    return next(answer for answer in kinds.values() if set(answer) == wanted)


class Model:
    """A loopback model for a workspace. asked: the questions that reached it."""

    def __init__(self, server: OpenAIServer) -> None:
        self.server, self.changes = server, {}

    @property
    def asked(self) -> int:
        return len(self.server.requests)

    def will(self, **changes: Any) -> None:
        """Answer these kinds otherwise."""
        self.changes.update(changes)


@pytest.fixture
def model(in_workspace, settings) -> Iterator[Model]:
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with openai_server.serve() as server:
        made = Model(server)

        class Acts:
            """One answer for each question, made when it comes."""

            def __bool__(self) -> bool:
                return True

            def popleft(self):
                return answers(json.dumps(says(server.requests[-1].body, **made.changes)))

        server.acts = Acts()
        make_provider(in_workspace, base_url=server.url, model=openai_server.MODEL, input_price=1, output_price=2)
        yield made
