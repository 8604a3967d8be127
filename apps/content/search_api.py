"""Finding stories, plans and items over the API."""

# No postponed annotations here: ninja would look for their names in its own module.

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from apps.common.text.searching import LONGEST_QUERY, Piece
from apps.content.search import Group, Hit, search

router = Router(tags=["search"])

Kind = Literal["story", "plan", "item"]


class SearchFilter(Schema):
    q: str = Field("", max_length=LONGEST_QUERY, description="Words, or their beginnings; all must be there.")
    kind: Kind | None = Field(None, description="Only this kind of thing.")
    limit: int = Field(8, ge=1, le=50, description="Most hits of each kind.")


class PieceOut(Schema):
    text: str = Field(examples=["The harbour "])
    found: bool = Field(description="Whether this is what was looked for.")


class HitOut(Schema):
    id: int = Field(examples=[12])
    title: str = Field(examples=["The harbour light"])
    state: str = Field(examples=["in_review"])
    address: str = Field(description="Its page.", examples=["/w/demo/items/12/"])
    title_pieces: list[PieceOut]
    excerpt: list[PieceOut] = Field(description="The text around the first place that was found.")

    @staticmethod
    def resolve_id(hit: Hit) -> int:
        return hit.object.pk

    @staticmethod
    def resolve_state(hit: Hit) -> str:
        return hit.object.state

    @staticmethod
    def resolve_title(hit: Hit) -> str:
        return "".join(piece.text for piece in hit.title)

    @staticmethod
    def resolve_title_pieces(hit: Hit) -> list[Piece]:
        return hit.title


class GroupOut(Schema):
    kind: Kind
    total: int = Field(examples=[3])
    hits: list[HitOut] = Field(description="Titles first, then the newest.")


class FoundOut(Schema):
    groups: list[GroupOut] = Field(description="One for each kind of which something was found.")


@router.get("/search", response=FoundOut, summary="Search stories, plans and items")
def search_content(request: HttpRequest, filters: Query[SearchFilter]) -> dict[str, Any]:
    """By the words of titles, texts and hashtags, in every script. Spellings, accents and endings are forgiven."""
    request.actor.require("view_content", request.workspace)
    kinds = [filters.kind] if filters.kind else []
    groups: list[Group] = search(filters.q, workspace=request.workspace, kinds=kinds, most=filters.limit)
    return {"groups": groups}
