"""The life of a clip: from a file somewhere to an item, or to the pile of the refused."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from apps.lifecycle.machines import Machine, State, Transition, register

LONGEST = timedelta(hours=12)

CLIP_MACHINE = register(
    "clips.Clip",
    Machine(
        name="clip",
        states=(
            State("waiting", _("Waiting"), True, LONGEST, "fail", tone="waiting"),
            State("probing", _("Being checked"), True, LONGEST, "fail", tone="busy"),
            State("transcribing", _("Being listened to"), True, LONGEST, "fail", tone="busy"),
            State("describing", _("Being described"), True, LONGEST, "fail", tone="busy"),
            State("used", _("Used"), tone="good"),
            State("refused", _("Refused"), tone="bad"),
            State("failed", _("Failed"), tone="bad"),
        ),
        transitions=(
            Transition("probe", ("waiting",), "probing", _("Check the file"), automatic=True),
            Transition("transcribe", ("probing",), "transcribing", _("Transcribe"), automatic=True),
            Transition("describe", ("transcribing",), "describing", _("Describe"), automatic=True),
            Transition("use", ("describing",), "used", _("Make the item"), automatic=True),
            Transition("refuse", ("waiting", "probing"), "refused", _("Refuse"), automatic=True),
            Transition(
                "fail", ("waiting", "probing", "transcribing", "describing"), "failed", _("Fail"), automatic=True
            ),
            Transition("retry", ("failed", "refused"), "waiting", _("Try again"), "write_content"),
        ),
    ),
)
