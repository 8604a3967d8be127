from __future__ import annotations

import shutil
from collections import namedtuple

import pytest
from celery import current_app
from celery.contrib.testing.worker import start_worker
from django.core.cache import cache
from django.test import Client

from apps.lifecycle import health
from tests.factories.workspaces import UserFactory

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def parts(db):
    return lambda: {part.name: part for part in health.report()}


def test_health_is_bad_without_a_worker_and_says_what_to_do(db):
    for path in ("/health", "/api/v1/health"):
        answer = Client().get(path)
        body = answer.json()
        assert (answer.status_code, body["status"]) == (503, "unhealthy")
        assert body["parts"]["database"] == {"ok": True, "detail": "The database answers."}
        assert body["parts"]["broker"] == {"ok": True, "detail": "The message broker answers."}
        assert body["parts"]["channel layer"] == {"ok": True, "detail": "Live updates can be sent."}
        assert body["parts"]["disk"]["ok"] is True
        assert body["parts"]["workers"] == {
            "ok": False,
            "detail": "No worker answers: nothing is written, rendered or published. Start one.",
        }


def test_the_dispatcher_is_missed_until_it_shows_itself(parts):
    from apps.schedules.dispatcher import HEARTBEAT

    Client().get("/health")
    assert parts()["dispatcher"].ok is False
    cache.set(HEARTBEAT, "now", 15)
    assert parts()["dispatcher"] == health.Part("dispatcher", True, "The dispatcher is running.")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_answers_is_counted_and_asked_again_only_later(parts):
    with start_worker(current_app, perform_ping_check=False, pool="solo", loglevel="ERROR"):
        assert parts()["workers"] == health.Part("workers", True, "Workers that answer: 1.")
    assert parts()["workers"].ok is True
    cache.clear()
    assert parts()["workers"].ok is False


def test_a_full_disk_is_bad_health(parts, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10, 9, 100 * 1024 * 1024))
    assert parts()["disk"] == health.Part("disk", False, "Only 0.1 GB are left for media. Delete files or add space.")


def test_a_broker_that_is_away_is_named_without_its_address(parts, settings, monkeypatch):
    monkeypatch.setattr(current_app.conf, "broker_read_url", "redis+socket:///nowhere/secret.sock?virtual_host=0")
    part = parts()["broker"]
    assert part.ok is False
    assert part.detail.startswith("It does not answer (")
    assert "secret" not in part.detail


def test_metrics_are_for_this_machine_and_the_operator(db):
    here = Client().get("/metrics")
    assert (here.status_code, b"django_http_requests" in here.content) == (200, True)
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404
    assert Client(headers={"X-Forwarded-For": "203.0.113.9"}).get("/metrics").status_code == 404
    operator = Client(REMOTE_ADDR="203.0.113.9")
    operator.force_login(UserFactory(is_superuser=True), "django.contrib.auth.backends.ModelBackend")
    assert operator.get("/metrics").status_code == 200
