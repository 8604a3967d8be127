"""The life of a content plan: from a brief to a text that people review.

A plan that may not spend more money stays in the state it is in, with the reason on it, and goes on when it may.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from apps.lifecycle.machines import Machine, State, Transition, register

# A used-up budget is renewed with the month, so a plan may wait longer than one.
LONGEST = timedelta(days=45)
UNDER_WAY = ("queued", "researching", "generating", "refining")

PLAN_MACHINE = register(
    "content_plans.ContentPlan",
    Machine(
        name="plan",
        states=(
            State("draft", _("Draft")),
            State("queued", _("Queued"), True, LONGEST, "fail", tone="waiting"),
            State("researching", _("Researching"), True, LONGEST, "fail", tone="busy"),
            State("generating", _("Generating"), True, LONGEST, "fail", tone="busy"),
            State("refining", _("Refining"), True, LONGEST, "fail", tone="busy"),
            State("ready", _("Ready"), tone="good"),
            State("failed", _("Failed"), tone="bad"),
        ),
        transitions=(
            Transition("process", ("draft",), "queued", _("Process"), "write_content", automatic=True),
            Transition("process", ("ready",), "queued", _("Process again"), "write_content", automatic=True),
            Transition("research", ("queued",), "researching", _("Research"), automatic=True),
            Transition("generate", ("researching",), "generating", _("Generate"), automatic=True),
            Transition("refine", ("generating",), "refining", _("Refine"), automatic=True),
            Transition("finish", ("refining",), "ready", _("Finish"), automatic=True),
            Transition("fail", UNDER_WAY, "failed", _("Fail"), automatic=True),
            Transition("retry", ("failed",), "queued", _("Try again"), "write_content", automatic=True),
        ),
    ),
)
