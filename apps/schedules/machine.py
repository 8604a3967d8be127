"""The life of a post.

`submitting` is written before the call to the platform. What is lost after that is `unknown`, and only the platform's
word, or a person's, takes it out of there.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from apps.lifecycle.machines import Machine, State, Transition, register

POST_MACHINE = register(
    "schedules.Post",
    Machine(
        name="post",
        states=(
            State("scheduled", _("Scheduled"), tone="waiting"),
            # Leases end long before these timeouts, and uploads.sweep() goes by leases; this is the second net.
            State("claimed", _("Starting"), True, timedelta(hours=6), "release", tone="busy"),
            State("submitting", _("Publishing"), True, timedelta(hours=6), "lose_track", tone="busy"),
            State("unknown", _("Checking what happened"), True, timedelta(days=3), "ask", tone="busy"),
            State("published", _("Published"), tone="good"),
            State("rejected", _("Refused"), tone="bad"),
            State("needs_human", _("Needs a decision"), tone="bad"),
            State("missed", _("Missed"), tone="bad"),
            State("cancelled", _("Cancelled")),
        ),
        transitions=(
            Transition("claim", ("scheduled",), "claimed", _("Take up"), automatic=True),
            Transition("submit", ("claimed",), "submitting", _("Begin the call"), automatic=True),
            Transition("publish", ("submitting", "unknown"), "published", _("Publish"), automatic=True),
            Transition("release", ("claimed", "submitting", "unknown"), "scheduled", _("Try later"), automatic=True),
            Transition("lose_track", ("submitting",), "unknown", _("Lose the answer"), automatic=True),
            Transition("refuse", ("claimed", "submitting", "unknown"), "rejected", _("Refuse"), automatic=True),
            # By a worker that lost its lease, and has seen what the others look for.
            Transition(
                "learn",
                ("scheduled", "claimed", "unknown", "rejected", "needs_human", "missed"),
                "published",
                _("Learn that it is online"),
                automatic=True,
            ),
            Transition(
                "ask",
                ("scheduled", "claimed", "submitting", "unknown"),
                "needs_human",
                _("Ask a person"),
                automatic=True,
            ),
            Transition("miss", ("scheduled",), "missed", _("Miss"), automatic=True),
            Transition(
                "retry",
                ("missed", "rejected", "needs_human"),
                "scheduled",
                _("Send again"),
                "publish_content",
            ),
            Transition(
                "report_published",
                ("needs_human", "rejected", "missed"),
                "published",
                _("It is online"),
                "publish_content",
                tone="good",
            ),
            Transition(
                "cancel",
                ("scheduled", "claimed", "rejected", "needs_human", "missed"),
                "cancelled",
                _("Cancel"),
                "publish_content",
                automatic=True,
                tone="bad",
            ),
            Transition("restore", ("cancelled",), "scheduled", _("Undo"), "publish_content"),
        ),
    ),
)

# What still may become public, and so keeps its place; what is over; what waits for a person.
OPEN = ("scheduled", "claimed", "submitting", "unknown", "rejected", "needs_human", "missed")
UNDER_WAY = ("submitting", "unknown")
FOR_PEOPLE = ("rejected", "needs_human", "missed")
# The states of an item from which it may go out, and go out again.
SCHEDULABLE = ("ready", "scheduled", "published", "analyzed")
