"""The brand voice: how the workspace sounds, and what a model makes of it."""

from __future__ import annotations

from typing import Any

import regex
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.common.errors import DomainError, Invalid
from apps.common.languages import language_code
from apps.common.text.words import fit
from apps.content import voice as voices
from apps.content.models import BrandVoice
from apps.content.wording import reading_of
from apps.templates.generation import Style, generate

_LONGEST_TRIAL, _TRIAL_LENGTH = 4_000, 600


@require_http_methods(["GET", "POST"])
def voice(request: HttpRequest, slug: str) -> HttpResponse:
    """One voice for all languages, and one for each language that needs its own."""
    language = language_code(request.POST.get("language", request.GET.get("language", "")))
    if request.method == "GET":
        request.actor.require("view_content", request.workspace)
        return _page(request, voices.exact_voice(request.workspace, language))
    try:
        fields = _fields(request)
        voices.change_brand_voice(workspace=request.workspace, actor=request.actor, language=language, **fields)
    except Invalid as problem:
        return _page(request, _typed(request, language), problem=problem)
    messages.success(request, _("Saved. It holds for everything that is written from now on."))
    return _back(slug, language)


@require_http_methods(["GET", "POST"])
def drop_voice(request: HttpRequest, slug: str) -> HttpResponse:
    if request.method == "GET":
        return _back(slug, "")
    language = request.POST.get("language", "")
    voices.drop_brand_voice(workspace=request.workspace, actor=request.actor, language=language)
    messages.success(request, _("Texts in this language go with the voice for all languages again."))
    return _back(slug, "")


@require_http_methods(["GET", "POST"])
def try_voice(request: HttpRequest, slug: str) -> HttpResponse:
    """Have a text written anew in the voice as it stands in the form, saved or not."""
    if request.method == "GET":
        return _back(slug, "")
    request.actor.require("manage_brand", request.workspace)
    typed = _typed(request, request.POST.get("language", ""))
    text = fit(request.POST.get("sample", "").strip(), _LONGEST_TRIAL)
    context: dict[str, Any] = {"voice": typed}
    if text:
        try:
            context |= _written(request, typed, text)
        except DomainError as problem:
            context["problem"] = problem
    return render(request, "desk/voice_trial.html", context)


def _written(request: HttpRequest, voice: BrandVoice, text: str) -> dict[str, Any]:
    language = voice.language or request.workspace.language
    made = generate(
        workspace=request.workspace,
        kind="variant",
        variables={
            "platform": "post",
            "limit": _TRIAL_LENGTH,
            "unit": "characters",
            "text": text,
            "language": language,
        },
        actor=request.actor,
        subject="trial",
        style=Style(voices.told(voice), voice.temperature),
        trial=True,
    )
    said = made.data["text"]
    return {"said": said, "generation": made.generation, "reading": reading_of(said, language=language)}


def _back(slug: str, language: str) -> HttpResponse:
    response = redirect("desk:voice", slug)
    if language:
        response["Location"] += f"?language={language}"
    return response


def _page(request: HttpRequest, voice: BrandVoice, *, problem: Invalid | None = None) -> HttpResponse:
    context = {
        "voice": voice,
        "told": voices.told(voice),
        "written": list(BrandVoice.objects.exclude(language="").values_list("language", flat=True)),
        "reach": voices.reach_of(request.workspace),
        "levels": BrandVoice.Level.choices,
        "creativities": BrandVoice.Creativity.choices,
        "may_change": request.actor.may("manage_brand", request.workspace),
        "problem": problem,
    }
    return render(request, "desk/voice.html", context, status=problem.status if problem else 200)


def _fields(request: HttpRequest) -> dict[str, Any]:
    data = request.POST
    creativity = data.get("creativity", "")
    return {
        "summary": data.get("summary", "").replace("\r\n", "\n"),
        "examples": regex.split(r"\n\s*---+\s*\n", data.get("examples", "").replace("\r\n", "\n")),
        "words": regex.split(r"[\n;]", data.get("words", "")),
        "banned": regex.split(r"[\n;]", data.get("banned", "")),
        "reading_level": data.get("reading_level", ""),
        "creativity": int(creativity) if creativity.isascii() and creativity.isdecimal() else None,
    }


def _typed(request: HttpRequest, language: str) -> BrandVoice:
    """Unsaved, so that nothing that was typed is lost."""
    known = voices.exact_voice(request.workspace, language)
    fields = _fields(request)
    for name in ("examples", "words", "banned"):
        fields[name] = [each.strip() for each in fields[name] if each.strip()]
    for name, value in fields.items():
        setattr(known, name, value)
    return known
