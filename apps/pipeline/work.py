"""The kinds of runs, and the function that carries each out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _

from apps.clips.services import prepare_clip, rewrite_metadata, take_file
from apps.common.errors import NotFound
from apps.content_plans.services import carry_out_reading, carry_out_take, process_plan
from apps.lifecycle.runs import Work
from apps.renders.services import normalise_footage, render_item, render_preview
from apps.stories.services import fetch_source, write_script

# kind: function(subject, work). The subject is the row that the run is about.
WORK: dict[str, Callable[[Any, Work], Any]] = {
    "fetch": lambda source, work: fetch_source(source=source, work=work),
    "script": lambda story, work: write_script(story=story, work=work),
    "clip_take": lambda file, work: take_file(row=file, work=work),
    "clip": lambda clip, work: prepare_clip(clip=clip, work=work),
    "clip_metadata": lambda clip, work: rewrite_metadata(clip=clip, work=work),
    "plan": lambda plan, work: process_plan(plan=plan, work=work),
    "plan_read": lambda plan, work: carry_out_reading(plan=plan, work=work),
    "plan_take": lambda plan, work: carry_out_take(plan=plan, work=work),
    "preview": lambda item, work: render_preview(item=item, work=work),
    "footage": lambda footage, work: normalise_footage(footage=footage, work=work),
    "render": lambda item, work: render_item(item=item, work=work),
}


def carry_out(work: Work) -> None:
    label, _colon, pk = work.run.subject.partition(":")
    row = apps.get_model(label)._base_manager.select_related("workspace").filter(pk=pk).first()
    if row is None:
        raise NotFound(_("What this work was about is gone."), hint=_("Nothing is left to do."))
    WORK[work.run.kind](row, work)
