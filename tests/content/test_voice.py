"""The brand voice: who writes it, that models hear it, and that code finds what it bans."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.common.errors import Invalid, NotAllowed
from apps.content.findings import findings_of
from apps.content.models import BrandVoice
from apps.content.variants import NewVariant
from apps.content.voice import change_brand_voice, drop_brand_voice, reach_of, style_for, voice_for
from apps.content.wording import places_of, reading_of
from apps.lifecycle.models import Event
from apps.templates.generation import generate
from apps.templates.models import PromptVersion
from apps.templates.rendering import render
from apps.workspaces.models import AuditEntry
from tests.factories.content import make_item, make_text


@pytest.fixture
def voice(in_workspace, actor):
    return change_brand_voice(
        workspace=in_workspace,
        actor=actor("editor"),
        summary="Warm and plain.",
        banned=["game changer", "amaz*"],
        words=["harbour"],
        examples=["The lamp went out at nine."],
        reading_level="easy",
        creativity=20,
    )


def test_what_a_model_is_told_has_everything_that_was_written(in_workspace, voice):
    assert voice_for(in_workspace) == (
        "Warm and plain.\n"
        "Write so that everybody understands it at the first reading: short sentences, everyday words.\n"
        "Words we use: harbour\n"
        "Never write: game changer; amaz*\n"
        "This is how it sounds when it is right. Take the manner, not the content:\n"
        "---\nThe lamp went out at nine.\n---"
    )
    assert style_for(in_workspace).temperature == 0.2
    assert AuditEntry.objects.filter(action="voice.change").count() == 1
    assert Event.objects.filter(type="voice.changed").count() == 1


def test_language_with_a_voice_of_its_own_goes_with_it_and_back(in_workspace, actor, voice):
    change_brand_voice(workspace=in_workspace, actor=actor("owner"), language="ml", summary="ലളിതം.")
    assert (voice_for(in_workspace, language="ml"), voice_for(in_workspace, language="ml-IN")) == ("ലളിതം.", "ലളിതം.")
    assert voice_for(in_workspace, language="en").startswith("Warm and plain.")
    drop_brand_voice(workspace=in_workspace, actor=actor("owner"), language="ml")
    assert voice_for(in_workspace, language="ml").startswith("Warm and plain.")


@pytest.mark.parametrize("role", ["approver", "analyst", "viewer"])
def test_only_those_who_manage_the_brand_change_its_voice(in_workspace, actor, role):
    with pytest.raises(NotAllowed):
        change_brand_voice(workspace=in_workspace, actor=actor(role), summary="Loud.")
    assert BrandVoice.objects.count() == 0


def test_voice_that_cannot_be_used_is_refused_with_its_field(in_workspace, actor):
    with pytest.raises(Invalid) as refusal:
        change_brand_voice(workspace=in_workspace, actor=actor("editor"), banned=["*"], creativity=33)
    assert sorted(refusal.value.details) == ["banned", "creativity"]


def test_every_template_that_drafts_has_a_place_for_the_voice(in_workspace):
    assert {each.kind: each.told for each in reach_of(in_workspace)} == {
        "script": True,
        "metadata": True,
        "blog_draft": True,
        "seo_rewrite": True,
        "variant": True,
        "hook": True,
        "caption": True,
    }


def test_voice_and_creativity_reach_the_call_and_a_new_voice_asks_anew(in_workspace, actor, voice):
    def ask():
        variables = {"title": "Light", "story": "The lamp went out. It came back.", "language": "en", "parts": 1}
        style = style_for(in_workspace, "en")
        made = generate(workspace=in_workspace, kind="script", variables=variables, actor=actor("editor"), style=style)
        return made.generation, style, variables

    first, style, variables = ask()
    version = PromptVersion._base_manager.get(pk=first.version_id)
    prompt = render(version.instructions, version.text, version.variables, {**variables, "voice": style.text})
    assert first.prompt_hash == prompt.hash
    assert style.text in prompt.text
    change_brand_voice(workspace=in_workspace, actor=actor("editor"), creativity=80)
    second, _style, _variables = ask()
    assert (second.reused_id, second.question == first.question) == (None, False)
    assert ask()[0].reused_id == second.pk


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("It is a Game-Changer, truly.", "game changer", ["Game-Changer"]),
        ("A **game**  changer and a game\nchanger.", "game changer", ["game**  changer", "game\nchanger"]),
        ("Endgame changers all.", "game changer", []),
        ("Amazing, amazed, unamazed.", "amaz*", ["Amazing", "amazed"]),
        ("In today’s world", "in today's world", ["In today’s world"]),
        ("Cafe\u0301 au lait", "café", ["Cafe\u0301"]),
        ("അവന്‍ വന്നു", "അവൻ", ["അവന്‍"]),
        ("അത്ഭുതകരമായ", "അത്ഭുത", []),
        ("അത്ഭുതകരമായ", "അത്ഭുത*", ["അത്ഭുതകരമായ"]),
        ("これは最高の商品です", "最高", ["最高"]),
        ("soft\u00adly spoken", "softly", ["soft\u00adly"]),
        ("100% free!", "100% free", ["100% free"]),
    ],
)
def test_banned_phrases_are_found_however_they_are_written(text, phrase, found):
    assert [text[place.start : place.end] for place in places_of(text, [phrase])] == found


def test_reading_level_is_measured_where_it_can_be_and_said_where_not():
    easy = "The cat sat on the mat. It was a red cat. We like the cat a lot. " * 6
    hard = (
        "Notwithstanding considerable atmospheric disturbances characterising surrounding territorial waters, "
        "experienced navigational personnel consistently demonstrate extraordinary professional competence. "
    ) * 6
    malayalam = "വിളക്കുമാടം മുപ്പതു വർഷം എന്റെ മുത്തച്ഛൻ നോക്കി. അവസാന ശൈത്യത്തിൽ വൈദ്യുതി പോയി. " * 10
    assert (reading_of(easy).level, reading_of(hard).level) == ("easy", "expert")
    assert (reading_of(malayalam, language="ml").level, reading_of(malayalam, language="ml").why) == ("", "script")
    assert reading_of("Too short.").why == "short"


def test_banned_phrases_are_findings_wherever_they_stand(in_workspace, voice):
    item = make_item(in_workspace, text=make_text(description="An amazing game changer."))
    own = [NewVariant("feed", "A game changer.")]
    banned = findings_of(item, own=own).all[0]
    assert (banned.code, banned.tone) == ("banned", "bad")
    assert banned.details == ("“amaz*” · Description", "“game changer” · Description, Feed")


def test_reviewer_sees_the_place_of_a_banned_phrase(client, in_workspace, member, voice):
    item = make_item(in_workspace, state="in_review", text=make_text(description="Such a <b>game-changer</b>."))
    client.force_login(member("approver"))
    page = client.get(reverse("desk:item", args=[in_workspace.slug, item.pk])).content.decode()
    assert '<mark class="banned" title="A banned phrase: game changer">game-changer</mark>&lt;/b&gt;.' in page
    assert "A banned phrase is used" in page


def test_voice_page_keeps_what_cannot_be_saved(client, in_workspace, member):
    client.force_login(member("editor"))
    address = reverse("desk:voice", args=[in_workspace.slug])
    saved = {
        "summary": "Plain.",
        "banned": "game changer\namaz*",
        "examples": "One.\n\n---\n\nTwo.",
        "creativity": "50",
    }
    assert client.post(address, saved).status_code == 302
    voice = BrandVoice.objects.get()
    assert (voice.banned, voice.examples, voice.creativity) == (["game changer", "amaz*"], ["One.", "Two."], 50)
    refused = client.post(address, {"summary": "Kept words", "banned": "**"})
    assert (refused.status_code, "Kept words" in refused.content.decode()) == (422, True)
    assert client.get(address).content.decode().count("Never write: game changer; amaz*") == 1


def test_trying_a_voice_says_that_no_model_wrote(client, in_workspace, member):
    client.force_login(member("editor"))
    address = reverse("desk:voice-try", args=[in_workspace.slug])
    page = client.post(address, {"sample": "The lamp went out. An amazing night.", "banned": "amaz*"}).content.decode()
    assert "No model is connected" in page
    assert BrandVoice.objects.count() == 0


def test_voice_over_the_api(call):
    wanted = {"summary": "Plain.", "banned": ["game changer"], "reading_level": "plain", "creativity": 80}
    written = call("editor")("put", "/brand-voices/", wanted)
    assert (written.status_code, written.json()["banned"], written.json()["creativity"]) == (200, ["game changer"], 80)
    assert written.json()["told"].endswith("Never write: game changer")
    assert call("viewer")("put", "/brand-voices/", wanted).status_code == 403
    assert [each["language"] for each in call("viewer")("get", "/brand-voices/").json()] == [""]
