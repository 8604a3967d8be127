"""An adapter that does what its account's settings say, for what a platform's server cannot do: ask for a person."""

from __future__ import annotations

from datetime import date

from apps.common.errors import AdapterError
from apps.platforms.base import (
    Capability,
    Connection,
    Identity,
    Limits,
    NeedsLogin,
    NeedsPerson,
    OutcomeUnknown,
    Platform,
    PublishRequest,
    PublishResult,
    Report,
)

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\x01" * 64
EXTRA = {"studio": f"{__name__}.StudioPlatform", "metered": f"{__name__}.MeteredPlatform"}


class StudioPlatform(Platform):
    """settings: does (a reason of NeedsPerson, "refuse", "pass", "lose" or nothing), login ("gone")."""

    slug, label, capability = "studio", "Studio", Capability.NONE
    limits = Limits(as_of=date(2026, 11, 1), title=80, text=500)
    checks_before_publishing = True
    upload_page = "https://studio.example/upload"
    link_hosts = ("studio.example",)
    timeout, margin, first_retry = 2.0, 1.0, 0.01
    calls: list[str] = []

    def check(self, connection: Connection) -> Identity:
        self.calls.append("check")
        if connection.settings.get("login") == "gone":
            raise NeedsLogin("The session has ended.")
        return Identity(connection.account)

    def publish(self, request: PublishRequest, report: Report) -> PublishResult:
        self.calls.append(request.draft.title)
        does = request.settings.get("does", "")
        for done in range(0, 101, 2):
            report.progress(done, 100)
        if does == "refuse":
            raise AdapterError("The sound is not allowed here.", permanent=True)
        if does == "pass":
            raise AdapterError("Busy.")
        if does == "lose":
            raise OutcomeUnknown("No answer.")
        if does:
            report.evidence("The page as it was", PICTURE, "image/png")
            report.evidence("Its text", b"Bearer abcdefghijkl and more", "text/plain")
            raise NeedsPerson("The platform shows a puzzle.", reason=does)
        return PublishResult("7", "https://studio.example/v/7")


class MeteredPlatform(StudioPlatform):
    """Four calls in ten minutes, of which one may come at once."""

    slug, label = "metered", "Metered"
    limits = Limits(as_of=date(2026, 11, 1), calls=4, per_seconds=600)
    checks_before_publishing = False
