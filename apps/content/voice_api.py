"""The brand voice over the API."""

# No postponed annotations here: ninja would look for their names in its own module.

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from apps.common.schemas import Body
from apps.content import voice as voices
from apps.content.models import BrandVoice

router = Router(tags=["brand voice"])

Level = Literal["", "easy", "plain", "expert"]
Creativity = Literal[20, 50, 80, 100]
_LANGUAGE = {"max_length": 8, "pattern": r"^([a-z]{2,3}(-[A-Za-z0-9]{2,4})?)?$"}


class VoiceOut(Schema):
    language: str = Field(description="Empty: for all languages that have none of their own.", examples=[""])
    summary: str = Field(examples=["Warm and plain. We speak as “we”, to one reader."])
    examples: list[str] = Field(description="Texts that sound right.")
    words: list[str] = Field(description="Words we use.", examples=[["harbour", "keeper"]])
    banned: list[str] = Field(
        description="Phrases that no text may have; “amaz*” is every word that begins so.", examples=[["game changer"]]
    )
    reading_level: Level = Field(examples=["easy"])
    creativity: Creativity | None = Field(description="Hundredths of the temperature.", examples=[50])
    told: str = Field(description="What a model is told.")
    changed_by: str = Field(examples=["Asha"])
    changed_at: datetime

    @staticmethod
    def resolve_told(voice: BrandVoice) -> str:
        return voices.told(voice)


class VoiceIn(Body):
    language: str = Field("", description="Empty: for all languages.", examples=[""], **_LANGUAGE)
    summary: str = Field("", max_length=voices.LONGEST_SUMMARY, examples=["Warm and plain."])
    examples: list[str] = Field([], max_length=voices.MOST_EXAMPLES, examples=[["The lamp went out at nine."]])
    words: list[str] = Field([], max_length=voices.MOST_PHRASES, examples=[["harbour"]])
    banned: list[str] = Field([], max_length=voices.MOST_PHRASES, examples=[["game changer", "amaz*"]])
    reading_level: Level = Field("", examples=["easy"])
    creativity: Creativity | None = Field(None, examples=[50])


@router.get("/brand-voices/", response=list[VoiceOut], summary="The brand voice, in every language that has one")
def list_brand_voices(request: HttpRequest) -> list[BrandVoice]:
    request.actor.require("view_content", request.workspace)
    return list(BrandVoice.objects.visible_to(request.actor.user))


@router.put("/brand-voices/", response=VoiceOut, summary="Write the brand voice")
def change_brand_voice(request: HttpRequest, data: VoiceIn) -> BrandVoice:
    """It holds for everything that is written from now on; what is there already is checked against it when shown."""
    fields: dict[str, Any] = data.dict()
    return voices.change_brand_voice(workspace=request.workspace, actor=request.actor, **fields)


@router.delete("/brand-voices/{str:language}", response={204: None}, summary="Drop the voice of one language")
def drop_brand_voice(request: HttpRequest, language: str) -> Status:
    """Its texts go with the voice for all languages again."""
    voices.drop_brand_voice(workspace=request.workspace, actor=request.actor, language=language[:8])
    return Status(204, None)
