"""The life of an item, from draft to analyzed."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from apps.lifecycle.machines import Machine, State, Transition, register

ITEM_MACHINE = register(
    "content.Item",
    Machine(
        name="item",
        states=(
            State("draft", _("Draft")),
            State("in_review", _("In review"), tone="waiting"),
            State("changes_requested", _("Changes requested"), tone="waiting"),
            State("rejected", _("Rejected"), tone="bad"),
            State("approved", _("Approved"), True, timedelta(hours=24), "fail", tone="good"),
            State("rendering", _("In production"), True, timedelta(hours=24), "fail", tone="busy"),
            State("failed", _("Production failed"), tone="bad"),
            State("ready", _("Ready"), tone="good"),
            State("scheduled", _("Scheduled"), tone="waiting"),
            State("published", _("Published"), tone="good"),
            State("analyzed", _("Analyzed"), tone="good"),
        ),
        transitions=(
            Transition(
                "submit", ("draft", "changes_requested"), "in_review", _("Submit for review"), "write_content", True
            ),
            Transition("approve", ("in_review",), "approved", _("Approve"), "approve_content", True, tone="good"),
            Transition("request_changes", ("in_review",), "changes_requested", _("Request changes"), "approve_content"),
            Transition("reject", ("in_review",), "rejected", _("Reject"), "approve_content", tone="bad"),
            Transition("restore", ("rejected",), "in_review", _("Restore"), "approve_content"),
            Transition("produce", ("approved",), "rendering", _("Start production"), automatic=True),
            Transition("complete", ("approved", "rendering"), "ready", _("Finish production"), automatic=True),
            Transition("review_result", ("rendering",), "in_review", _("Review the result"), automatic=True),
            Transition("fail", ("approved", "rendering"), "failed", _("Production fails"), automatic=True),
            Transition("retry", ("failed",), "approved", _("Try again"), "write_content", True),
            Transition("schedule", ("ready",), "scheduled", _("Schedule"), "publish_content", True),
            Transition("unschedule", ("scheduled",), "ready", _("Take off the schedule"), "publish_content", True),
            Transition("publish", ("scheduled",), "published", _("Publish"), automatic=True),
            Transition("analyze", ("published",), "analyzed", _("Analyze"), automatic=True),
            # An edit takes the approval back: what goes out is what was approved.
            Transition(
                "reopen",
                ("approved", "rendering", "failed", "ready", "scheduled"),
                "in_review",
                _("Edit and review again"),
                "write_content",
            ),
        ),
    ),
)

# The five steps that people know, as a view of the item's state.
PIPELINE = (
    ("upload", _("Upload"), ("draft", "in_review", "changes_requested", "rejected")),
    ("caption", _("Caption"), ("approved", "rendering", "failed")),
    ("schedule", _("Schedule"), ("ready",)),
    ("post", _("Post"), ("scheduled",)),
    ("analyze", _("Analyze"), ("published", "analyzed")),
)
