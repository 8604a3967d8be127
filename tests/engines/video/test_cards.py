"""Cards and thumbnails: text whole, shaped, inside what the platforms leave free."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from apps.engines.video.cards import (
    CARD_WIDTH,
    INK,
    PAPER,
    SAFE_BOTTOM,
    SAFE_RIGHT,
    SAFE_TOP,
    SHADOW,
    CardStyle,
    closing_card,
    colour,
    luminance,
    opening_card,
    readable_on,
)
from apps.engines.video.lettering import Typeface, draw_text
from apps.engines.video.thumbnail import ThumbnailRequest, poster, thumbnail, thumbnail_key

MALAYALAM = "എന്റെ അയൽക്കാരൻ ഒരു ചെടിക്ക് വെള്ളമൊഴിക്കാൻ ആവശ്യപ്പെട്ടു"
LONG = "I told everyone what the caterer had done with the cake and nobody believed me until the video came out " * 4
STYLE = CardStyle(typeface=Typeface("Noto Sans"))


@pytest.fixture
def draw(ffmpeg):
    def draw(text, sizes=(60,), width=700, height=500):
        return draw_text(text, ffmpeg=ffmpeg, typeface=STYLE.typeface, sizes=sizes, width=width, height=height)

    return draw


@pytest.mark.parametrize("hook", ["Short", "It was not a plant.", MALAYALAM, LONG, "Pneumono" * 9])
def test_a_card_stays_in_the_safe_area(hook, ffmpeg, tmp_path):
    card = opening_card(hook, label="Part 2 of 3", style=STYLE, cache_dir=tmp_path, ffmpeg=ffmpeg)
    with Image.open(card.path) as image:
        left, right = card.x + SHADOW, card.x + image.width - SHADOW
        top, bottom = card.y + SHADOW, card.y + image.height - SHADOW
    assert left >= 1080 * SAFE_RIGHT - 1
    assert right <= 1080 * (1 - SAFE_RIGHT) + 1
    assert top >= 1920 * SAFE_TOP
    assert bottom <= 1920 * 0.45, "the captions stand below"


def test_text_is_never_clipped(draw):
    """What does not fit at any size loses words and says so; the ink stays within its place."""
    lettering = draw(LONG, sizes=(60, 50), width=600, height=300)
    assert lettering.width <= 600
    assert lettering.height <= 300
    whole = draw("One line", width=600)
    assert whole.ink.max() == 255


def test_the_largest_size_that_fits_is_taken(draw):
    assert draw("Plant", sizes=(120, 60)).size == 120
    assert draw("Plant " * 12, sizes=(120, 60), height=260).size == 60


def test_complex_script_is_shaped(draw):
    """A conjunct is one glyph, narrower than its letters side by side (kept apart by a zero-width non-joiner)."""
    assert draw("ക്ക", sizes=(120,)).width < 0.8 * draw("ക്\u200cക", sizes=(120,)).width


def test_markup_in_a_hook_is_shown_not_obeyed(draw):
    plain = draw("a b", sizes=(60,), width=900)
    marked = draw(r"a {\fs200}b", sizes=(60,), width=900)
    assert marked.width > plain.width * 2
    assert marked.height < 100


def test_cards_are_drawn_once(ffmpeg, tmp_path):
    first = opening_card("Hook", label="", style=STYLE, cache_dir=tmp_path, ffmpeg=ffmpeg)
    before = first.path.stat().st_mtime_ns
    assert opening_card("Hook", label="", style=STYLE, cache_dir=tmp_path, ffmpeg=ffmpeg) == first
    assert first.path.stat().st_mtime_ns == before
    assert opening_card("Hook!", label="", style=STYLE, cache_dir=tmp_path, ffmpeg=ffmpeg).key != first.key


def test_nothing_to_say_is_no_card(ffmpeg, tmp_path):
    assert opening_card(" ", label="", style=STYLE, cache_dir=tmp_path, ffmpeg=ffmpeg) is None
    assert closing_card("", style=STYLE, cache_dir=tmp_path, ffmpeg=ffmpeg) is None
    assert opening_card("", label="Part 2", style=STYLE, cache_dir=tmp_path, ffmpeg=ffmpeg) is not None


@pytest.mark.parametrize("accent", ["#6d3bf5", "#ffc83d", "#ffffff", "#000000", "#00d0ff", "#ff5a5f"])
def test_text_reads_on_any_brand_colour(accent):
    fill = luminance(colour(accent))
    text = luminance(readable_on(colour(accent)))
    assert readable_on(colour(accent)) in {INK, PAPER}
    assert (max(fill, text) + 0.05) / (min(fill, text) + 0.05) >= 4.5


def test_a_thumbnail_carries_its_title(moving, ffmpeg, tmp_path):
    request = ThumbnailRequest(moving.path, moving.key, 1.0, "The plant", label="Part 2 of 3", style=STYLE)
    out = thumbnail(request, out=tmp_path / "thumbnail.jpg", ffmpeg=ffmpeg)
    with Image.open(out) as image:
        assert (image.format, image.size) == ("JPEG", (1080, 1920))
        white = np.asarray(image).min(axis=2) > 230
    rows, columns = np.flatnonzero(white.any(axis=1)), np.flatnonzero(white.any(axis=0))
    assert 1920 * SAFE_TOP < rows[0] < rows[-1] < 1920 * (1 - SAFE_BOTTOM)
    assert columns[-1] - columns[0] > CARD_WIDTH * 0.6
    assert [path.name for path in tmp_path.iterdir()] == ["thumbnail.jpg"]
    assert thumbnail_key(request) != thumbnail_key(ThumbnailRequest(moving.path, moving.key, 1.0, "The planet"))


def test_a_poster_is_a_frame_of_the_video(moving, ffmpeg, tmp_path):
    out = poster(moving.path, at=0.5, out=tmp_path / "poster.jpg", ffmpeg=ffmpeg)
    with Image.open(out) as image:
        assert (image.format, image.size) == ("JPEG", (1080, 1920))
