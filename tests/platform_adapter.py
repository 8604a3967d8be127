"""Adapters for tests/servers/platform_server.py, one of each capability class, over real HTTP."""

from __future__ import annotations

from datetime import date

import httpx

from apps.common.errors import AdapterError
from apps.platforms import http
from apps.platforms.base import (
    Capability,
    Found,
    Limits,
    NotFound,
    Outcome,
    OutcomeUnknown,
    Platform,
    PublishRequest,
    PublishResult,
    Report,
    StillUnknown,
)


class _Loopback(Platform):
    """The account's settings name the server. Times are short, so that tests need not wait."""

    limits = Limits(as_of=date(2026, 11, 1), title=80, text=500, hashtags=5, source="tests/servers/platform_server.py")
    timeout = 1.0
    margin = 0.5
    first_retry = 0.05
    lookups = 2
    lookup_seconds = 0.1

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        return self._post(request, "/posts")

    def _post(self, request: PublishRequest, path: str, **headers: str) -> PublishResult:
        with http.client(timeout=request.timeout, headers=headers) as client:
            return self._send(client, request, path)

    def _send(self, client: httpx.Client, request: PublishRequest, path: str) -> PublishResult:
        body = {"account": request.account, "title": request.draft.title}
        answer = http.send(client, "POST", request.settings["url"] + path, json=body).json()
        return PublishResult(external_id=answer["id"], url=answer["url"])

    def _get(self, request: PublishRequest, path: str, **query: str) -> dict:
        with http.client(timeout=request.timeout) as client:
            url = request.settings["url"] + path
            return http.send(client, "GET", url, changes=False, params=query).json()


class KeyPlatform(_Loopback):
    slug, label, capability = "fake_key", "Loopback with keys", Capability.KEY

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        return self._post(request, "/posts", **{"Idempotency-Key": str(request.post_key)})


class HandlePlatform(_Loopback):
    slug, label, capability = "fake_handle", "Loopback with handles", Capability.HANDLE

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        body = {"account": request.account, "title": request.draft.title}
        with http.client(timeout=request.timeout) as client:
            url = request.settings["url"] + "/containers"
            handle = http.send(client, "POST", url, changes=False, json=body).json()["handle"]
            report.handle(handle)
            return self._send(client, request, f"/containers/{handle}/publish")

    def reconcile(self, request: PublishRequest, handle: str) -> Outcome:
        try:
            number = self._get(request, f"/containers/{handle}")["id"]
        except OutcomeUnknown as error:
            return StillUnknown(error.message)
        return Found(PublishResult(external_id=number)) if number else NotFound()


class LookupPlatform(_Loopback):
    slug, label, capability = "fake_lookup", "Loopback with search", Capability.LOOKUP

    def reconcile(self, request: PublishRequest, handle: str) -> Outcome:
        try:
            found = self._get(request, "/posts", account=request.account, title=request.draft.title)["posts"]
        except AdapterError as error:
            return StillUnknown(error.message)
        return Found(PublishResult(external_id=found[0]["id"])) if found else NotFound()


class MutePlatform(_Loopback):
    slug, label, capability = "fake_none", "Loopback without answers", Capability.NONE


class PatientPlatform(KeyPlatform):
    """Long leases, for workers that a test lets stand still on purpose."""

    slug, label = "fake_patient", "Loopback with keys and patience"
    timeout = 60.0
    margin = 60.0
