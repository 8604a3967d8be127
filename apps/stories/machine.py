"""The life of a story: from the queue to a script, or to the pile of the rejected."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.lifecycle.machines import Machine, State, Transition, register

STORY_MACHINE = register(
    "stories.Story",
    Machine(
        name="story",
        states=(
            State("new", _("New")),
            State("shortlisted", _("Shortlisted"), tone="waiting"),
            State("used", _("Used"), tone="good"),
            State("rejected", _("Rejected"), tone="bad"),
        ),
        transitions=(
            Transition("shortlist", ("new",), "shortlisted", _("Shortlist"), "write_content", True, tone="good"),
            Transition("reject", ("new", "shortlisted"), "rejected", _("Reject"), "write_content", tone="bad"),
            Transition("restore", ("rejected",), "new", _("Restore"), "write_content"),
            Transition("use", ("new", "shortlisted"), "used", _("Write the script"), "write_content", True),
        ),
    ),
)
